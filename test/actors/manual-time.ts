/** Clock and timers that a test moves on. */
import type { Clock } from '../../event/clock.ts'
import type { Timers } from '../../event/timers.ts'

export class ManualTime implements Clock, Timers {
  ms = 0
  #calls: { readonly atMs: number; readonly call: () => void }[] = []

  now(): number {
    return Date.UTC(2026, 0, 1) + this.ms
  }

  monotonic(): number {
    return this.ms
  }

  random(count: number): Uint8Array {
    return new Uint8Array(count)
  }

  after(ms: number, call: () => void): () => void {
    const one = { atMs: this.ms + ms, call }
    this.#calls.push(one)
    return () => void (this.#calls = this.#calls.filter(other => other !== one))
  }

  /** What is due by then is called in the order of its times. */
  move(ms: number): void {
    const until = this.ms + ms
    for (;;) {
      const [next] = this.#calls.filter(({ atMs }) => atMs <= until).sort((one, other) => one.atMs - other.atMs)
      if (!next) break
      this.#calls = this.#calls.filter(other => other !== next)
      this.ms = Math.max(this.ms, next.atMs)
      next.call()
    }
    this.ms = until
  }
}
