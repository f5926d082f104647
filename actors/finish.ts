/** Sends what an ended topology still had to send when the process died; needs neither its module nor a fragment. */
import type { Clock } from '../event/clock.ts'
import type { Limits } from '../event/limits.ts'
import { DEFAULT_SCOPE, type Scope } from '../event/scope.ts'
import { slotScope } from '../store/slot.ts'
import { readTopologyRow, type StateStore } from '../store/state.ts'
import { EpochGatherer } from './epoch.ts'
import type { AppendOutbox } from './outbox-sender.ts'
import { Settling } from './settling.ts'
import type { EpochWriter } from './state-writer.ts'

export interface FinishOptions {
  /** Whose topology it is; the default tenant's when left out. */
  readonly scope?: Scope
  /** Where its rows lie; the first slot when left out. */
  readonly slot?: number
  readonly topology: string
  readonly incarnation: number
  readonly store: StateStore
  readonly writer: EpochWriter
  readonly appendOutbox: AppendOutbox
  readonly partitions: number
  readonly limits: Limits
  readonly clock: Clock
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly deliveryPauseMs?: number
  /** Stops it: what is left is sent the next time. */
  readonly signal?: AbortSignal
}

/** What was delivered is noted this often while other deliveries wait. */
const noteMs = 200

/** True when nothing waits any more. */
export async function finishOutbox(options: FinishOptions): Promise<boolean> {
  const { incarnation, store, writer, signal, scope = DEFAULT_SCOPE } = options
  const topology = slotScope(scope, options.slot) + options.topology
  const row = readTopologyRow(store, topology)
  if (row?.status !== 'ended') return true
  const { place, rows, sequences, counters, deployment, isRepeating = false } = row
  const gatherer = new EpochGatherer({
    ...options,
    deployment,
    row,
    isRepeating,
    beat: () => undefined,
    originOf: () => undefined,
  })
  const pending = gatherer.pending()
  if (pending.requests.length === 0) return true
  await writer.begin(topology, incarnation)
  const settling = new Settling({
    ...options,
    gatherer,
    isRepeating,
    isStopped: () => signal?.aborted === true,
    woken: () => undefined,
    write: bytes => writer.write({ topology, incarnation, bytes }),
  })
  const stop = (): void => void settling.stopDeliveries('soon')
  signal?.addEventListener('abort', stop)
  try {
    settling.settle(pending, true)
    await settling.settled()
    while (!settling.isDelivered || gatherer.hasSent) {
      await settling.delivered(noteMs)
      if (gatherer.hasSent) settling.settle(gatherer.seal('ended', { place, rows, sequences }, counters))
      await settling.settled()
    }
  } finally {
    signal?.removeEventListener('abort', stop)
    await settling.stopDeliveries('now')
  }
  return gatherer.pending().requests.length === 0
}
