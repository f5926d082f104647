/** The only door to time and chance, so that a simulator can own both. */
import { randomBytes } from 'node:crypto'

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Milliseconds that only go forward, for durations. */
  monotonic(): number
  /** `count` bytes of chance. */
  random(count: number): Uint8Array
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random: count => randomBytes(count),
}
