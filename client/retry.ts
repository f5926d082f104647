/** How often the same is asked again, and how long is waited before. */
import type { Clock } from '../event/clock.ts'
import { EventStoreError } from '../event/error.ts'

export interface Retry {
  /** How often a request is sent at most; a follow counts anew after each line it gets. Default 6; 1 never sends again. */
  readonly attempts?: number
  /** Before the second attempt; doubled before each that follows. Default 50. */
  readonly delayMs?: number
  /** Default 2,000. What a node asks for by Retry-After is waited for, up to 30,000. */
  readonly delayMostMs?: number
}

export type Retrying = Required<Retry>

const retryAfterMostMs = 30_000

export function retrying(given: Retry = {}): Retrying {
  const { attempts = 6, delayMs = 50, delayMostMs = 2_000 } = given
  for (const [name, value, least] of [
    ['attempts', attempts, 1],
    ['delayMs', delayMs, 0],
    ['delayMostMs', delayMostMs, 0],
  ] as const)
    if (!Number.isSafeInteger(value) || value < least)
      throw new EventStoreError('INVALID', `retry.${name} must be a whole number from ${least}, got ${String(value)}`, {
        field: `retry.${name}`,
      })
  return { attempts, delayMs, delayMostMs }
}

/** Before attempt `next`, counted from 2: between half of the delay and all of it, so that many clients do not come back at once. */
export function delayBefore(next: number, { delayMs, delayMostMs }: Retrying, waitMs: number, clock: Clock): number {
  const whole = Math.min(delayMostMs, delayMs * 2 ** (next - 2))
  const jittered = whole * (1 - (clock.random(1)[0] ?? 0) / 512)
  return Math.max(jittered, Math.min(waitMs, retryAfterMostMs))
}

/** Resolves after a time, or at once when a signal comes. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
}
