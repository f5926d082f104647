/** Time that moves only when everything that could happen has happened: events in order, microtasks run dry between them, nothing real. */
import { setImmediate } from 'node:timers'
import type { Timers } from '../../event/timers.ts'

interface Planned {
  readonly atMs: number
  /** Events of one moment happen in the order they were planned. */
  readonly order: number
  /** Null when it was stopped. */
  call: (() => void) | null
}

export class VirtualTime implements Timers {
  /** Milliseconds since the beginning. */
  nowMs = 0
  /** Events that happened. */
  steps = 0
  /** Whose event happens now: what asks the platform for a timer meanwhile gets one of theirs. Null: nobody's. */
  current: Timers | null = null
  #order = 0
  /** A binary heap, the next event first. */
  readonly #heap: Planned[] = []

  after(ms: number, call: () => void): () => void {
    const planned: Planned = { atMs: this.nowMs + Math.max(0, ms), order: this.#order++, call }
    this.#push(planned)
    return () => {
      planned.call = null
    }
  }

  /** Lets the next event happen and everything that follows from it at once; false when none is planned. */
  async step(): Promise<boolean> {
    for (;;) {
      const next = this.#pop()
      if (next === undefined) return false
      if (next.call === null) continue
      this.nowMs = Math.max(this.nowMs, next.atMs)
      this.steps++
      this.current = null
      next.call()
      await quiet()
      this.current = null
      return true
    }
  }

  /** Goes on until it holds, asked after each event, or until the time is over; answers whether it holds. */
  async until(holds: () => boolean, limitMs: number): Promise<boolean> {
    const end = this.nowMs + limitMs
    await quiet()
    while (!holds()) {
      const next = this.#heap[0]
      if (next === undefined || next.atMs > end) {
        this.nowMs = end
        return holds()
      }
      await this.step()
    }
    return true
  }

  #before(a: Planned, b: Planned): boolean {
    return a.atMs === b.atMs ? a.order < b.order : a.atMs < b.atMs
  }

  #push(planned: Planned): void {
    const heap = this.#heap
    let at = heap.push(planned) - 1
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (!this.#before(planned, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = planned
  }

  #pop(): Planned | undefined {
    const heap = this.#heap
    const top = heap[0]
    const last = heap.pop()
    if (top === undefined || last === undefined || heap.length === 0) return top
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && this.#before(heap[child + 1]!, heap[child]!)) child++
      if (!this.#before(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
    return top
  }
}

/** Resolves when no microtask is left: the event loop turns only then. */
function quiet(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
