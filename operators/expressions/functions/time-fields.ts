/** Parts of timestamps and intervals, and where the units they lie in begin. */
import { type Interval, intervalOf, intervalSeconds, timeParts } from '../intervals.ts'
import { type Calendar, calendarOf, dateMs, dayMs, timestampOf } from '../timestamps.ts'

type Fields<Value> = Readonly<Record<string, (value: Value) => number>>

const onCalendar =
  (part: (calendar: Calendar) => number) =>
  (ms: number): number =>
    part(calendarOf(ms))

/** Days since 1970 of the day a time lies in. */
const dayOf = (ms: number): number => Math.floor(ms / dayMs)
/** Monday is 0. */
const weekday = (ms: number): number => (((dayOf(ms) + 3) % 7) + 7) % 7
const timeOf = (ms: number): number => ms - dayOf(ms) * dayMs

/** The Thursday of a week tells which year the week belongs to. */
function thursdayOf(ms: number): number {
  return (dayOf(ms) - weekday(ms) + 3) * dayMs
}

function weekOf(ms: number): number {
  const thursday = thursdayOf(ms)
  return Math.floor((thursday - dateMs(calendarOf(thursday).year, 1, 1)) / (7 * dayMs)) + 1
}

export const timestampFields: Fields<number> = {
  millennium: onCalendar(({ year }) => Math.ceil(year / 1000)),
  century: onCalendar(({ year }) => Math.ceil(year / 100)),
  decade: onCalendar(({ year }) => Math.floor(year / 10)),
  year: onCalendar(({ year }) => year),
  isoyear: ms => calendarOf(thursdayOf(ms)).year,
  quarter: onCalendar(({ month }) => Math.ceil(month / 3)),
  month: onCalendar(({ month }) => month),
  week: weekOf,
  day: onCalendar(({ day }) => day),
  doy: ms => dayOf(ms) - dayOf(dateMs(calendarOf(ms).year, 1, 1)) + 1,
  dow: ms => (weekday(ms) + 1) % 7,
  isodow: ms => weekday(ms) + 1,
  hour: ms => Math.floor(timeOf(ms) / 3_600_000),
  minute: ms => Math.floor(timeOf(ms) / 60_000) % 60,
  second: ms => (timeOf(ms) % 60_000) / 1000,
  milliseconds: ms => timeOf(ms) % 60_000,
  microseconds: ms => (timeOf(ms) % 60_000) * 1000,
  epoch: ms => ms / 1000,
}

export const intervalFields: Fields<Interval> = {
  millennium: ({ months }) => Math.trunc(months / 12_000) + 0,
  century: ({ months }) => Math.trunc(months / 1200) + 0,
  decade: ({ months }) => Math.trunc(months / 120) + 0,
  year: ({ months }) => Math.trunc(months / 12) + 0,
  quarter: ({ months }) => Math.trunc((months % 12) / 3) + 1,
  month: ({ months }) => (months % 12) + 0,
  day: ({ days }) => days,
  hour: ({ micros }) => timeParts(micros).hours,
  minute: ({ micros }) => timeParts(micros).minutes,
  second: ({ micros }) => timeParts(micros).seconds,
  milliseconds: ({ micros }) => (micros % 60_000_000) / 1000 + 0,
  microseconds: ({ micros }) => (micros % 60_000_000) + 0,
  epoch: intervalSeconds,
}

const yearStart = (year: number): number => timestampOf(dateMs(Math.max(year, 1), 1, 1))
const inSteps =
  (size: number) =>
  (ms: number): number =>
    Math.floor(ms / size) * size

export const timestampUnits: Fields<number> = {
  millennium: onCalendar(({ year }) => yearStart(Math.floor((year - 1) / 1000) * 1000 + 1)),
  century: onCalendar(({ year }) => yearStart(Math.floor((year - 1) / 100) * 100 + 1)),
  decade: onCalendar(({ year }) => yearStart(Math.floor(year / 10) * 10)),
  year: onCalendar(({ year }) => yearStart(year)),
  quarter: onCalendar(({ year, month }) => dateMs(year, month - ((month - 1) % 3), 1)),
  month: onCalendar(({ year, month }) => dateMs(year, month, 1)),
  week: ms => timestampOf((dayOf(ms) - weekday(ms)) * dayMs),
  day: inSteps(dayMs),
  hour: inSteps(3_600_000),
  minute: inSteps(60_000),
  second: inSteps(1000),
  milliseconds: ms => ms,
}

/** Whole units of months, the rest left out; and the same for time. */
const inMonths =
  (size: number) =>
  ({ months }: Interval): Interval =>
    intervalOf(Math.trunc(months / size) * size, 0, 0)
const inMicros =
  (size: number) =>
  ({ months, days, micros }: Interval): Interval =>
    intervalOf(months, days, Math.trunc(micros / size) * size)

export const intervalUnits: Readonly<Record<string, (value: Interval) => Interval>> = {
  millennium: inMonths(12_000),
  century: inMonths(1200),
  decade: inMonths(120),
  year: inMonths(12),
  quarter: inMonths(3),
  month: inMonths(1),
  day: ({ months, days }) => intervalOf(months, days, 0),
  hour: inMicros(3_600_000_000),
  minute: inMicros(60_000_000),
  second: inMicros(1_000_000),
  milliseconds: inMicros(1000),
  microseconds: interval => interval,
}
