/**
 * While a simulation runs, the platform has no time of its own: its timers, and its waits on shared memory, become those of the process whose event
 * happens, and whoever looks at a real clock or draws real chance fails, because a seed could not be replayed.
 */
import type { Timers } from '../../event/timers.ts'
import type { VirtualTime } from './virtual-time.ts'

type Call = (...values: unknown[]) => void

class OwnTimer {
  stop: () => void = () => undefined

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  hasRef(): boolean {
    return false
  }
}

/** Waits on shared memory, given up by the time of the process that waits, and woken in it. */
class OwnWaits {
  readonly #timers: () => Timers
  /** By memory and word. */
  readonly #waiting = new Map<ArrayBufferLike, Map<number, Set<() => void>>>()

  constructor(timers: () => Timers) {
    this.#timers = timers
  }

  readonly waitAsync = (words: Int32Array, index: number, expected: number, ms: number): { async: boolean; value: unknown } => {
    if (Atomics.load(words, index) !== expected) return { async: false, value: 'not-equal' }
    const timers = this.#timers()
    const waiting = this.#at(words, index)
    const value = new Promise<string>(resolve => {
      const stop = timers.after(ms, () => {
        waiting.delete(woken)
        resolve('timed-out')
      })
      const woken = (): void => {
        waiting.delete(woken)
        stop()
        timers.after(0, () => resolve('ok'))
      }
      waiting.add(woken)
    })
    return { async: true, value }
  }

  readonly notify = (words: Int32Array, index: number): number => {
    const waiting = this.#at(words, index)
    const { size } = waiting
    for (const woken of [...waiting]) woken()
    return size
  }

  #at({ buffer, byteOffset }: Int32Array, index: number): Set<() => void> {
    const words = this.#waiting.get(buffer) ?? new Map<number, Set<() => void>>()
    this.#waiting.set(buffer, words)
    const word = byteOffset / 4 + index
    const waiting = words.get(word) ?? new Set()
    words.set(word, waiting)
    return waiting
  }
}

/** Takes over; the answer gives everything back. */
export function ownTime(time: VirtualTime): () => void {
  const timers = (): Timers => time.current ?? time
  const once = (call: Call, ms: number, values: readonly unknown[]): OwnTimer => {
    const timer = new OwnTimer()
    timer.stop = timers().after(ms, () => call(...values))
    return timer
  }
  const every = (call: Call, ms: number, values: readonly unknown[]): OwnTimer => {
    const timer = new OwnTimer()
    const own = timers()
    const again = (): void => {
      timer.stop = own.after(ms, () => {
        again()
        call(...values)
      })
    }
    again()
    return timer
  }
  const clear = (timer: unknown): void => (timer instanceof OwnTimer ? timer.stop() : undefined)
  const waits = new OwnWaits(timers)
  const real = (what: string) => (): never => {
    throw new Error(`a simulation can not use ${what}: its seed could not be replayed`)
  }
  const restore = [
    replaced(globalThis, 'setImmediate', (call: Call, ...values: unknown[]) => once(call, 0, values)),
    replaced(globalThis, 'setTimeout', (call: Call, ms = 0, ...values: unknown[]) => once(call, ms as number, values)),
    replaced(globalThis, 'setInterval', (call: Call, ms = 0, ...values: unknown[]) => every(call, ms as number, values)),
    ...(['clearImmediate', 'clearTimeout', 'clearInterval'] as const).map(name => replaced(globalThis, name, clear)),
    replaced(Date, 'now', real('Date.now')),
    replaced(performance, 'now', real('performance.now')),
    replaced(Math, 'random', real('Math.random')),
    replaced(crypto, 'getRandomValues', real('crypto.getRandomValues')),
    replaced(Atomics, 'waitAsync', waits.waitAsync),
    replaced(Atomics, 'notify', waits.notify),
  ]
  return () => {
    for (const one of restore) one()
  }
}

function replaced(owner: object, name: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, name)
  Object.defineProperty(owner, name, { value, configurable: true, writable: true })
  return () => {
    if (before) Object.defineProperty(owner, name, before)
    else Reflect.deleteProperty(owner, name)
  }
}
