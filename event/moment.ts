/** Moments as users give them: ms since the epoch, a `Date`, or ISO 8601. */
import { EventStoreError } from './error.ts'

/** At least a whole date, so that a number in quotes is not taken for a year. */
const ISO_DATE = /^[+-]?\d{4,6}-\d\d-\d\d/

/** Milliseconds since the epoch of a time as users give it; NaN when it is none. */
export function timeOf(time: number | Date | string): number {
  if (typeof time === 'number') return time
  return typeof time !== 'string' || ISO_DATE.test(time) ? new Date(time).getTime() : Number.NaN
}

/** Milliseconds since the epoch, whole ones: what is recorded at them or later is recorded at the moment or later. INVALID names the field. */
export function momentMs(moment: unknown, field: string): number | undefined {
  if (moment === undefined) return undefined
  const isMoment = typeof moment === 'number' || typeof moment === 'string' || moment instanceof Date
  const ms = isMoment ? timeOf(moment) : Number.NaN
  if (Number.isFinite(ms)) return Math.ceil(ms)
  throw new EventStoreError('INVALID', `${field} must be milliseconds since the epoch, a Date or ISO 8601, got ${String(moment)}`, {
    field,
  })
}
