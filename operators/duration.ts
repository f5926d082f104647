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

/** Whole days, weeks, months … of the calendar. */
export interface Period {
  readonly unit: 'day' | 'week' | 'month' | 'quarter' | 'year'
  readonly count: number
}

const periodCountMax = 10_000

/** `1 day`, `2 weeks`, `1 month`, `1 quarter`, `1 year`; undefined for anything else. */
export function periodOf(text: unknown): Period | undefined {
  const match = typeof text === 'string' ? /^([1-9]\d{0,4}) (day|week|month|quarter|year)s?$/.exec(text) : null
  const count = Number(match?.[1])
  return match === null || count > periodCountMax ? undefined : { unit: match[2] as Period['unit'], count }
}

/** Units of the calendar, or else a duration; INVALID for anything else. */
export function checkLength(length: unknown, name: string): void {
  if (periodOf(length) !== undefined) return
  try {
    durationMs(length, name)
  } catch {
    const kinds = 'a duration such as 10s, 60m or 1h, nor units of the calendar such as 1 day, 2 weeks, 1 month, 1 quarter or 1 year'
    throw new EventStoreError('INVALID', `${name} is not ${kinds}: ${JSON.stringify(length)}`, { option: name })
  }
}

function parsed(text: string): number {
  const match = /^(\d+)(ms|s|m|h|d)$/.exec(text)
  return match === null ? NaN : Number(match[1]) * (unitMs[match[2] as string] as number)
}
