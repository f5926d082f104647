/** Lengths of time as people write them: `250ms`, `10s`, `60m`, `1h`, `1d`. */
import { EventStoreError } from '../event/error.ts'

/** `250ms`, `10s`, `60m`, `1h`, `1d`, or a number of milliseconds. */
export type Duration = number | string

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Whole milliseconds; INVALID for anything else. */
export function durationMs(duration: unknown, name: string): number {
  const ms = typeof duration === 'string' ? parsed(duration) : typeof duration === 'number' ? duration : NaN
  if (Number.isSafeInteger(ms) && ms >= 0) return ms
  throw new EventStoreError('INVALID', `${name} is not a duration such as 250ms, 10s, 60m, 1h or 1d: ${JSON.stringify(duration)}`, {
    option: name,
  })
}

function parsed(text: string): number {
  const match = /^(\d+)(ms|s|m|h|d)$/.exec(text)
  return match === null ? NaN : Number(match[1]) * (unitMs[match[2] as string] as number)
}
