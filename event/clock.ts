/** The only door to time and chance, so that a simulator can own both. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Milliseconds that only go forward, for durations. */
  monotonic(): number
  /** `count` bytes of chance, at most 65,536. */
  random(count: number): Uint8Array
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  // The web's own, so that a client in a browser has the same clock.
  random: count => crypto.getRandomValues(new Uint8Array(count)),
}
