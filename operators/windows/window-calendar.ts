/** Windows of the calendar: days, weeks and months as the clocks of a zone show them, and equal parts of such days. */
import { EventStoreError } from '../../event/error.ts'
import { type Duration, durationMs, type Period, periodOf } from '../duration.ts'
import { TimeZone } from './window-zone.ts'

/** Windows one behind another. */
export interface Alignment {
  /** Start of the window that holds a time. */
  startOf(time: number): number
  /** End of the window that starts then. */
  endOf(start: number): number
}

export interface CalendarOptions {
  readonly size: Duration
  readonly timeZone?: string | undefined
  readonly offset?: Duration
}

const dayMs = 86_400_000
/** Weeks begin with a Monday: that of the week of 1 January 1970, as a day since then. */
const firstMonday = -3

/** Undefined when the windows have equal lengths and know no zone. INVALID when the lengths do not fit a calendar, or there is no such zone. */
export function calendarOf({ size, timeZone, offset = 0 }: CalendarOptions): Alignment | undefined {
  const period = periodOf(size) ?? (timeZone !== undefined && durationMs(size, 'size') === dayMs ? { unit: 'day', count: 1 } : undefined)
  if (period === undefined && timeZone === undefined) return undefined
  const zone = new TimeZone(timeZone ?? 'UTC')
  const offsetMs = durationMs(offset, 'offset')
  if (offsetMs >= shortestMs(period ?? { unit: 'day', count: 1 }))
    throw new EventStoreError('INVALID', 'offset must be less than the shortest window', { option: 'offset' })
  if (period !== undefined) return new CalendarWindows(zone, period, offsetMs)
  const sizeMs = durationMs(size, 'size')
  if (sizeMs > 0 && dayMs % sizeMs === 0) return new DayParts(new CalendarWindows(zone, { unit: 'day', count: 1 }, offsetMs), sizeMs)
  const why =
    'with a timeZone size is a part of a day of which 24h hold a whole number (15m, 1h, 6h), or calendar units: 1 day, 2 weeks, 1 month'
  throw new EventStoreError('INVALID', why, { option: 'size' })
}

const daysLeast: Readonly<Record<Period['unit'], number>> = { day: 1, week: 7, month: 28, quarter: 90, year: 365 }

function shortestMs({ unit, count }: Period): number {
  return daysLeast[unit] * count * dayMs
}

/** Numbers for periods, and when each begins on the clocks. */
interface Calendar {
  numberOf(local: number): number
  beginOf(number: number): number
}

function calendarIn({ unit, count }: Period): Calendar {
  if (unit === 'day' || unit === 'week') {
    const [days, first] = unit === 'day' ? [count, 0] : [7 * count, firstMonday]
    return {
      numberOf: local => Math.floor((Math.floor(local / dayMs) - first) / days),
      beginOf: number => (number * days + first) * dayMs,
    }
  }
  const months = count * { month: 1, quarter: 3, year: 12 }[unit]
  return {
    numberOf: local => Math.floor(monthOf(Math.floor(local / dayMs)) / months),
    beginOf: number => dayOfMonth(number * months) * dayMs,
  }
}

/** Days in 400 years, and those from 1 March 0000 to 1970. */
const eraDays = 146_097
const epochDays = 719_468

/** The month that a day lies in, both counted from the first of 1970. After Howard Hinnant, "chrono-compatible low-level date algorithms". */
function monthOf(day: number): number {
  const shifted = day + epochDays
  const era = Math.floor(shifted / eraDays)
  const dayOfEra = shifted - era * eraDays
  const year = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365)
  const dayOfYear = dayOfEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100))
  // Years begin with March there, so that the leap day is their last.
  return (year + 400 * era) * 12 + Math.floor((5 * dayOfYear + 2) / 153) + 2 - 1970 * 12
}

/** The first day of a month, both counted from the first of 1970. */
function dayOfMonth(month: number): number {
  const fromMarch = month - 2 + 1970 * 12
  const year = Math.floor(fromMarch / 12)
  const era = Math.floor(year / 400)
  const yearOfEra = year - 400 * era
  const dayOfYear = Math.floor((153 * (fromMarch - 12 * year) + 2) / 5)
  return era * eraDays + 365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - epochDays
}

/** A window begins when the clocks first show its begin; where they skip a whole day, its window is empty. */
class CalendarWindows implements Alignment {
  readonly #zone: TimeZone
  readonly #calendar: Calendar
  readonly #offsetMs: number
  #start = NaN
  #end = NaN

  constructor(zone: TimeZone, period: Period, offsetMs: number) {
    this.#zone = zone
    this.#calendar = calendarIn(period)
    this.#offsetMs = offsetMs
  }

  startOf(time: number): number {
    if (!(time >= this.#start && time < this.#end)) this.#find(time)
    return this.#start
  }

  endOf(start: number): number {
    if (start !== this.#start) this.#find(start)
    return this.#end
  }

  #find(time: number): void {
    let number = this.#calendar.numberOf(this.#zone.localOf(time) - this.#offsetMs)
    // Clocks that were set back show a time again that belongs to the window before, and the other way round.
    while (this.#beginOf(number) > time) number--
    while (this.#beginOf(number + 1) <= time) number++
    this.#start = this.#beginOf(number)
    this.#end = this.#beginOf(number + 1)
  }

  #beginOf(number: number): number {
    return this.#zone.firstShown(this.#calendar.beginOf(number) + this.#offsetMs)
  }
}

/** Equal parts of a day, laid end to end from its begin; the last of them ends with the day, which may have 23 or 25 hours. */
class DayParts implements Alignment {
  readonly #days: Alignment
  readonly #sizeMs: number

  constructor(days: Alignment, sizeMs: number) {
    this.#days = days
    this.#sizeMs = sizeMs
  }

  startOf(time: number): number {
    const day = this.#days.startOf(time)
    return day + Math.floor((time - day) / this.#sizeMs) * this.#sizeMs
  }

  endOf(start: number): number {
    return Math.min(start + this.#sizeMs, this.#days.endOf(this.#days.startOf(start)))
  }
}
