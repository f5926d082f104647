/** What a pipeline worker asks of main, to append its outbox or who writes a projection for instance, and what it tells main. */
import { bytesForThread, decodeRequest, type OutboxRequest } from '../../actors/outbox.ts'
import type { LookedUp } from '../../actors/lookups.ts'
import type { AppendOutbox, OutboxAnswer } from '../../actors/outbox-sender.ts'
import type { PipelineOutcome } from '../../actors/pipeline-options.ts'
import { assert } from '../../event/assert.ts'
import { type ErrorCode, type ErrorDetails, fromPlainError } from '../../event/error.ts'
import type { BytesPort } from './bytes-port.ts'

type PlainOutcome =
  | { readonly status: 'ended' | 'stopped' }
  | { readonly status: 'failed'; readonly error: { code: ErrorCode; message: string; details: ErrorDetails } }

export type PipelineQuestion =
  | { readonly kind: 'append' }
  | { readonly kind: 'sync' }
  | { readonly kind: 'lookedUp'; readonly projection: string }
  | { readonly kind: 'changed'; readonly topology: string; readonly projection: string; readonly keys: readonly string[] }
  | { readonly kind: 'rested'; readonly topology: string; readonly incarnation: number; readonly outcome: PlainOutcome }

/** What main does when it is asked. */
export interface MainSide {
  appendOutbox(request: OutboxRequest): Promise<OutboxAnswer>
  syncShards(): Promise<void>
  lookedUp(projection: string): LookedUp | null
  changed(topology: string, projection: string, keys: readonly string[]): void
  rested(topology: string, incarnation: number, outcome: PipelineOutcome): void
}

/** Main, as a worker sees it. */
export function remoteSide(port: BytesPort<PipelineQuestion>): {
  appendOutbox: AppendOutbox
  syncShards(): Promise<void>
  lookedUp(projection: string): Promise<LookedUp | null>
  changed: MainSide['changed']
  rested: MainSide['rested']
} {
  return {
    appendOutbox: async request => (await port.ask({ kind: 'append' }, bytesForThread(request))) as OutboxAnswer,
    async syncShards() {
      await port.ask({ kind: 'sync' })
    },
    lookedUp: async projection => (await port.ask({ kind: 'lookedUp', projection })) as LookedUp | null,
    changed(topology, projection, keys) {
      port.ask({ kind: 'changed', topology, projection, keys }).catch(() => undefined)
    },
    rested(topology, incarnation, outcome) {
      const plain: PlainOutcome = outcome.status === 'failed' ? { status: 'failed', error: outcome.error.toJSON() } : outcome
      // Main may be gone already: then nobody needs to know.
      port.ask({ kind: 'rested', topology, incarnation, outcome: plain }).catch(() => undefined)
    },
  }
}

/** Main's answers to a worker. */
export function answerPipeline(main: MainSide): (question: PipelineQuestion, bytes: Uint8Array<ArrayBuffer> | null) => unknown {
  return (question, bytes) => {
    if (question.kind === 'sync') return main.syncShards()
    if (question.kind === 'lookedUp') return main.lookedUp(question.projection)
    if (question.kind === 'changed') return main.changed(question.topology, question.projection, question.keys)
    if (question.kind === 'append') {
      assert(bytes !== null, 'a request comes as bytes')
      return main.appendOutbox(decodeRequest(bytes))
    }
    const { topology, incarnation, outcome } = question
    return main.rested(
      topology,
      incarnation,
      outcome.status === 'failed' ? { status: 'failed', error: fromPlainError(outcome.error) } : outcome,
    )
  }
}
