/** Timestamps: milliseconds since 1970 in UTC, whole, of the years 1 to 9999; from text and as text. */
import { rowFault } from './fault.ts'
import { dayMicros, type Interval, intervalOf } from './intervals.ts'
import { shown, trimSpace } from './numbers.ts'

export const dayMs = 86_400_000
const firstMs = -62_135_596_800_000
const lastMs = 253_402_300_799_999

/** What is finer than a millisecond is cut off. */
export function timestampOf(ms: number): number {
  const whole = Math.floor(ms)
  if (whole >= firstMs && whole <= lastMs) return whole + 0
  throw rowFault(`timestamp out of range: ${shown(ms)} ms is not in the years 1 to 9999`)
}

const pattern =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:(?:[tT]|\s+)(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d*))?)?\s*(?:([zZ]|utc|UTC)|([-+])(\d\d?)(?::?(\d\d))?)?)?$/

/** ISO 8601, with a blank for the T if wanted; UTC when no zone is named. */
export function parseTimestamp(given: string): number {
  const match = pattern.exec(trimSpace(given))
  if (match === null) throw rowFault(`${shown(given)} is no timestamp; write it like 2026-01-31 13:45:00`)
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', , sign, zoneHours = '0', zoneMinutes = '0'] = match
  const date = dateMs(Number(year), Number(month), Number(day))
  const time = (Number(hour) * 60 + Number(minute)) * 60_000 + Number(second) * 1000 + Number(fraction.slice(0, 3).padEnd(3, '0'))
  const fits = Number(minute) < 60 && Number(second) < 60 && time <= dayMs && Number(zoneHours) < 16 && Number(zoneMinutes) < 60
  if (Number.isNaN(date) || !fits) throw rowFault(`${shown(given)} is no time that there is`)
  const zone = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000
  return timestampOf(date + time - (sign === '-' ? -zone : zone))
}

/** Midnight of a day; NaN when there is no such day. */
export function dateMs(year: number, month: number, day: number): number {
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return NaN
  return daysBefore(year, month) * dayMs + (day - 1) * dayMs
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Days from 1970 to the first of a month. */
function daysBefore(year: number, month: number): number {
  return Date.UTC(2000 + (((year % 400) + 400) % 400), month - 1, 1) / dayMs + (Math.floor(year / 400) - 5) * 146_097
}

/** Years to milliseconds of a timestamp. */
export interface Calendar {
  readonly year: number
  readonly month: number
  readonly day: number
  /** Milliseconds since midnight. */
  readonly time: number
}

export function calendarOf(ms: number): Calendar {
  const date = new Date(ms)
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate(), time: ms - Math.floor(ms / dayMs) * dayMs }
}

/** As Postgres writes it: `2026-01-31 13:45:00.5`. */
export function timestampText(ms: number): string {
  const [date = '', time = ''] = new Date(ms).toISOString().slice(0, 23).split('T')
  return `${date} ${time.replace(/\.?0+$/, '')}`
}

/** Months first, then days, then time; a day that a month has not becomes its last. */
export function addInterval(ms: number, { months, days, micros }: Interval): number {
  const moved = months === 0 ? ms : addMonths(ms, months)
  return timestampOf(moved + days * dayMs + Math.floor(micros / 1000))
}

export function subtractInterval(ms: number, { months, days, micros }: Interval): number {
  return addInterval(ms, { months: -months, days: -days, micros: -micros })
}

function addMonths(ms: number, months: number): number {
  const { year, month, day, time } = calendarOf(ms)
  const count = year * 12 + month - 1 + months
  const [toYear, toMonth] = [Math.floor(count / 12), (((count % 12) + 12) % 12) + 1]
  if (toYear < 1 || toYear > 9999) throw rowFault('timestamp out of range: it is not in the years 1 to 9999')
  return dateMs(toYear, toMonth, Math.min(day, daysInMonth(toYear, toMonth))) + time
}

/** Days and what is left of one. */
export function subtractTimestamps(a: number, b: number): Interval {
  const ms = a - b
  const days = Math.trunc(ms / dayMs)
  return intervalOf(0, days, (ms - days * dayMs) * (dayMicros / dayMs))
}
