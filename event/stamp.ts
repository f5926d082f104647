/** Hybrid logical time: one rising number per event, (ms since 2020-01-01) × 4096 + counter. Kulkarni et al., "Logical Physical Clocks" (2014). */
import { type Clock, systemClock } from './clock.ts'
import type { Stamp } from './event.ts'

export const STAMP_EPOCH_MS = Date.UTC(2020, 0, 1)
export const STAMPS_PER_MS = 4096

/** Milliseconds since the epoch of a stamp. */
export function recordedOf(stamp: Stamp): number {
  return Math.floor(stamp / STAMPS_PER_MS) + STAMP_EPOCH_MS
}

/** The lowest stamp of a millisecond. */
export function stampOf(ms: number): Stamp {
  return (ms - STAMP_EPOCH_MS) * STAMPS_PER_MS
}

/** Gives stamps in call order; never one that is not above the last it gave or saw. */
export class StampClock {
  /** The highest stamp given or seen. */
  last: Stamp
  readonly #clock: Clock

  constructor(seen: Stamp = 0, clock: Clock = systemClock) {
    this.last = seen
    this.#clock = clock
  }

  /** The first of `count` consecutive stamps. */
  take(count: number): Stamp {
    const wall = stampOf(this.#clock.now())
    const first = wall > this.last ? wall : this.last + 1
    this.last = first + count - 1
    return first
  }

  /** Moves above a stamp seen elsewhere. */
  see(stamp: Stamp): void {
    if (stamp > this.last) this.last = stamp
  }
}
