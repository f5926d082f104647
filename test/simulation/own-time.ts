/**
 * While a simulation runs, the platform has no time of its own: its timers become those of the process whose event happens, and whoever looks at a
 * real clock, draws real chance or waits on shared memory fails, because a seed could not be replayed.
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
    replaced(Atomics, 'waitAsync', real('Atomics.waitAsync')),
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
