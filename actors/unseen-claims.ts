/** Claims of partition keys that other nodes made, and that can not be read here yet. */
import type { Clock } from '../event/clock.ts'
import { EventStoreError } from '../event/error.ts'
import type { Limits } from '../event/limits.ts'
import { localName } from '../event/scope.ts'
import { sleep, type Timers } from '../event/timers.ts'
import type { PartitionKeys } from './partition-keys.ts'

const LOOK_MS = 5

/** Null once the key claimed for a stream (by its stored name) is known here; else why it is not: BUSY when that takes longer than an append may. */
export async function claimSeen(
  stream: string,
  keys: PartitionKeys,
  { clock, timers, limits }: { readonly clock: Clock; readonly timers: Timers; readonly limits: Limits },
): Promise<Error | null> {
  const deadlineMs = clock.monotonic() + limits.commitTimeoutMs
  for (;;) {
    try {
      keys.forget(stream)
      if (keys.keyOf(stream) !== undefined) return null
    } catch (error) {
      return error as Error
    }
    if (clock.monotonic() >= deadlineMs) return justClaimed(stream)
    await sleep(timers, LOOK_MS)
  }
}

export function justClaimed(stream: string): EventStoreError {
  const name = localName(stream)
  return new EventStoreError('BUSY', `stream "${name}" was just given a partition key; try again`, { stream: name })
}
