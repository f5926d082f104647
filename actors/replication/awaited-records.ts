/** Tells what stands at an index of a partition, as soon as it is delivered: how a writer finds out what became of a commit. */
import { pieceHead } from '../../cluster/record.ts'
import type { LogMessage } from '../../cluster/shared-log.ts'
import type { Clock } from '../../event/clock.ts'
import type { Timers } from '../../event/timers.ts'

export interface FoundRecord {
  readonly crc: number
  /** In the shared log. */
  readonly sequence: number
}

interface Awaited {
  readonly index: number
  /** Of the record that the writer has proposed. */
  readonly crc: number
  found: FoundRecord | null
  told: (() => void) | null
}

export interface AwaitedRecord {
  /** Null when it was not delivered by then. */
  within(deadlineMs: number, tools: { readonly clock: Clock; readonly timers: Timers }): Promise<FoundRecord | null>
}

export class AwaitedRecords {
  readonly #awaited = new Map<number, Awaited>()

  /** From now on; one a partition at a time. */
  await(partition: number, { index, crc }: { readonly index: number; readonly crc: number }): AwaitedRecord {
    const awaited: Awaited = { index, crc, found: null, told: null }
    this.#awaited.set(partition, awaited)
    const end = (): void => {
      if (this.#awaited.get(partition) === awaited) this.#awaited.delete(partition)
    }
    return {
      within: async (deadlineMs, { clock, timers }) => {
        if (!awaited.found) {
          await new Promise<void>(resolve => {
            const stop = timers.after(Math.max(0, deadlineMs - clock.monotonic()), resolve)
            awaited.told = () => {
              stop()
              resolve()
            }
          })
        }
        end()
        return awaited.found
      },
    }
  }

  /** True for the last message of a record that its writer has here and will take itself. Throws DAMAGED for what is no record. */
  delivered({ partition, sequence, bytes }: LogMessage): boolean {
    const awaited = this.#awaited.get(partition)
    if (!awaited) return false
    const { index, crc, piece, pieces } = pieceHead(bytes)
    if (index !== awaited.index || piece < pieces - 1) return false
    awaited.found ??= { crc, sequence }
    awaited.told?.()
    return crc === awaited.crc && awaited.found.crc === crc
  }

  /** The outcome of every commit is known, and what was committed is taken. */
  clear(): void {
    this.#awaited.clear()
  }
}
