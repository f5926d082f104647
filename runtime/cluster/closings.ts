/**
 * Closes idle partitions that this node leads, while somebody reads all of them in order and events of others wait for that: without it the order of
 * all would stand still until every partition moves.
 */
import type { Timers } from '../../event/timers.ts'
import type { Stamp } from '../../event/event.ts'

export interface ClosingsParts {
  readonly timers: Timers
  readonly partitions: number
  readonly isLed: (partition: number) => boolean
  /** Up to where a partition is closed in the log, here. */
  readonly stampOf: (partition: number) => Stamp
  /** The highest stamp in the log, here. */
  readonly highest: () => Stamp
  /** Up to where all are. */
  readonly horizon: () => Stamp
  /** Somebody reads all, on any node. */
  readonly isRead: () => boolean
  readonly confirm: (partition: number, stamp: Stamp) => Promise<unknown>
}

const LOOK_MS = 25

export class Closings {
  readonly #parts: ClosingsParts
  readonly #closing = new Set<number>()
  #stop: (() => void) | null = null

  constructor(parts: ClosingsParts) {
    this.#parts = parts
    this.#look()
  }

  #look(): void {
    this.#stop = this.#parts.timers.after(LOOK_MS, () => {
      this.#close()
      this.#look()
    })
  }

  #close(): void {
    const { partitions, isLed, stampOf, highest, horizon, isRead } = this.#parts
    if (!isRead()) return
    const stamp = highest()
    if (horizon() > stamp) return
    for (let partition = 0; partition < partitions; partition++) {
      if (this.#closing.has(partition) || !isLed(partition) || stampOf(partition) >= stamp) continue
      this.#closing.add(partition)
      void this.#closeOne(partition, stamp)
    }
  }

  async #closeOne(partition: number, stamp: Stamp): Promise<void> {
    try {
      await this.#parts.confirm(partition, stamp)
    } catch {
      // Whoever leads it now closes it.
    } finally {
      this.#closing.delete(partition)
    }
  }

  close(): void {
    this.#stop?.()
  }
}
