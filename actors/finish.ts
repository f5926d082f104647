/** Sends what an ended topology still had to send when the process died; needs neither its module nor a fragment. */
import type { Limits } from '../event/limits.ts'
import { readTopologyRow, type StateStore } from '../store/state.ts'
import { EpochGatherer } from './epoch.ts'
import { type AppendOutbox, OutboxSender } from './outbox-sender.ts'
import type { EpochWriter } from './state-writer.ts'

export interface FinishOptions {
  readonly topology: string
  readonly incarnation: number
  readonly store: StateStore
  readonly writer: EpochWriter
  readonly appendOutbox: AppendOutbox
  readonly partitions: number
  readonly limits: Limits
}

/** Does nothing when nothing waits. */
export async function finishOutbox(options: FinishOptions): Promise<void> {
  const { topology, incarnation, store, writer, appendOutbox: append } = options
  const row = readTopologyRow(store, topology)
  if (row?.status !== 'ended') return
  const isRepeating = row.isRepeating === true
  const gatherer = new EpochGatherer({
    ...options,
    deployment: row.deployment,
    row,
    isRepeating,
    beat: () => undefined,
    originOf: () => undefined,
  })
  const pending = gatherer.pending()
  if (pending.requests.length === 0) return
  await new OutboxSender({ append, isRepeating, isStopped: () => false }).send(pending.requests)
  gatherer.sent(pending)
  const { place, rows, sequences } = row
  await writer.begin(topology, incarnation)
  await writer.write({ topology, incarnation, bytes: gatherer.seal('ended', { place, rows, sequences }, row.counters).bytes })
}
