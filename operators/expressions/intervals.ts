/** Intervals as Postgres has them: months, days and time are counted apart, for a month has no fixed number of days. */
import { rowFault } from './fault.ts'
import { roundEven, shown, trimSpace } from './numbers.ts'

export interface Interval {
  readonly months: number
  readonly days: number
  /** Microseconds, whole. */
  readonly micros: number
}

export const dayMicros = 86_400_000_000
const hourMicros = 3_600_000_000
const minuteMicros = 60_000_000
const secondMicros = 1_000_000
const countMax = 2 ** 31

export function intervalOf(months: number, days: number, micros: number): Interval {
  if (Math.abs(months) >= countMax || Math.abs(days) >= countMax || !(Math.abs(micros) <= Number.MAX_SAFE_INTEGER))
    throw rowFault('interval out of range')
  return { months: months + 0, days: days + 0, micros: micros + 0 }
}

export function addIntervals(a: Interval, b: Interval): Interval {
  return intervalOf(a.months + b.months, a.days + b.days, a.micros + b.micros)
}

export function subtractIntervals(a: Interval, b: Interval): Interval {
  return intervalOf(a.months - b.months, a.days - b.days, a.micros - b.micros)
}

export function negateInterval(a: Interval): Interval {
  return intervalOf(-a.months, -a.days, -a.micros)
}

/** A month counts 30 days, a day 24 hours, as Postgres compares. */
export function compareIntervals(a: Interval, b: Interval): number {
  const days = (a.months - b.months) * 30 + (a.days - b.days)
  const micros = a.micros - b.micros
  // Exact as long as it matters: whole days of the time are taken apart first.
  const whole = Math.trunc(micros / dayMicros)
  return days + whole || micros - whole * dayMicros
}

/** Parts of months go into days, and parts of days into time. */
export function multiplyInterval(a: Interval, factor: number): Interval {
  return scaled(a, one => one * factor)
}

export function divideInterval(a: Interval, divisor: number): Interval {
  if (divisor === 0) throw rowFault('division by zero')
  return scaled(a, one => one / divisor)
}

const toMicros = (seconds: number): number => roundEven(seconds * 1e6) / 1e6

function scaled({ months, days, micros }: Interval, scale: (one: number) => number): Interval {
  const wholeMonths = Math.trunc(scale(months))
  const wholeDays = Math.trunc(scale(days))
  const restDays = toMicros((scale(months) - wholeMonths) * 30)
  let restSeconds = toMicros((scale(days) - wholeDays + restDays - Math.trunc(restDays)) * 86_400)
  let moreDays = Math.trunc(restDays)
  if (Math.abs(restSeconds) >= 86_400) {
    const carried = Math.trunc(restSeconds / 86_400)
    moreDays += carried
    restSeconds -= carried * 86_400
  }
  return intervalOf(wholeMonths, wholeDays + moreDays, roundEven(scale(micros) + restSeconds * secondMicros))
}

/** What an interval is in seconds: a year counts 365.25 days and a month 30. */
export function intervalSeconds({ months, days, micros }: Interval): number {
  const years = Math.trunc(months / 12)
  const seconds = years * 365.25 * 86_400 + (months % 12) * 30 * 86_400 + days * 86_400
  const all = seconds * secondMicros + micros
  return Number.isSafeInteger(all) ? all / secondMicros + 0 : seconds + micros / secondMicros
}

/** The time of an interval by its parts, each with the sign of the whole. */
export function timeParts(micros: number): { hours: number; minutes: number; seconds: number } {
  const hours = Math.trunc(micros / hourMicros)
  const minutes = Math.trunc((micros % hourMicros) / minuteMicros)
  return { hours: hours + 0, minutes: minutes + 0, seconds: (micros % minuteMicros) / secondMicros + 0 }
}

/** As Postgres writes it: `1 year 2 mons 3 days 04:05:06.789`. */
export function intervalText({ months, days, micros }: Interval): string {
  const parts: string[] = []
  // A part behind a negative one says its plus, or it would be read as negative too.
  let isBehindMinus = false
  const add = (count: number, unit: string): void => {
    if (count === 0) return
    parts.push(`${isBehindMinus && count > 0 ? '+' : ''}${count} ${unit}${count === 1 ? '' : 's'}`)
    isBehindMinus = count < 0
  }
  add(Math.trunc(months / 12), 'year')
  add(months % 12, 'mon')
  add(days, 'day')
  if (micros !== 0 || parts.length === 0) {
    const sign = micros < 0 ? '-' : isBehindMinus ? '+' : ''
    parts.push(`${sign}${clockText(Math.abs(micros))}`)
  }
  return parts.join(' ')
}

function clockText(micros: number): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const fraction = micros % secondMicros
  const seconds = Math.trunc((micros % minuteMicros) / secondMicros)
  const digits = fraction === 0 ? '' : `.${String(fraction).padStart(6, '0').replace(/0+$/, '')}`
  return `${two(Math.trunc(micros / hourMicros))}:${two(Math.trunc((micros % hourMicros) / minuteMicros))}:${two(seconds)}${digits}`
}

const monthsOf: Readonly<Record<string, number>> = { month: 1, quarter: 3, year: 12, decade: 120, century: 1200, millennium: 12_000 }
const daysOf: Readonly<Record<string, number>> = { day: 1, week: 7 }
const microsOf: Readonly<Record<string, number>> = {
  hour: hourMicros,
  minute: minuteMicros,
  second: secondMicros,
  millisecond: 1000,
  microsecond: 1,
}
const unitNames: Readonly<Record<string, string>> = {
  y: 'year',
  yr: 'year',
  yrs: 'year',
  mon: 'month',
  mons: 'month',
  w: 'week',
  d: 'day',
  h: 'hour',
  hr: 'hour',
  hrs: 'hour',
  m: 'minute',
  min: 'minute',
  mins: 'minute',
  s: 'second',
  sec: 'second',
  secs: 'second',
  ms: 'millisecond',
  msec: 'millisecond',
  msecs: 'millisecond',
  us: 'microsecond',
  usec: 'microsecond',
  usecs: 'microsecond',
  centuries: 'century',
  millennia: 'millennium',
}

const piece = /\s*(?:([-+]?)(\d+):(\d\d?)(?::(\d\d?(?:\.\d*)?))?|([-+]?(?:\d+(?:\.\d*)?|\.\d+))\s*([a-z]+)|(ago)\b)/y

/** `1 day 2 hours`, `1 day 02:30:00`, `-3 mons`, `1.5 hours`, `2 days ago`. */
export function parseInterval(given: string): Interval {
  const text = trimSpace(given).toLowerCase().replace(/^@\s*/, '')
  const refuse = (): never => {
    throw rowFault(`${shown(given)} is no interval; write it like 1 day 2 hours, or 1 day 02:30:00`)
  }
  if (text === '') refuse()
  let sum: Interval = { months: 0, days: 0, micros: 0 }
  const seen = new Set<string>()
  piece.lastIndex = 0
  while (piece.lastIndex < text.length) {
    const match = piece.exec(text)
    if (match === null) return refuse()
    const [, sign = '', hours, minutes, seconds, count, word = '', ago] = match
    if (ago !== undefined) return piece.lastIndex < text.length || seen.size === 0 ? refuse() : negateInterval(sum)
    const unit = unitOf(word)
    const part =
      count === undefined ? clockOf(sign, hours as string, { minutes: minutes as string, seconds }) : counted(Number(count), unit)
    const units = count === undefined ? ['hour', 'minute', 'second'] : [unit]
    if (part === undefined || units.some(each => seen.has(each))) return refuse()
    for (const each of units) seen.add(each)
    sum = addIntervals(sum, part)
  }
  return sum
}

/** The unit of a short or plural name; what is none stays as it is. */
function unitOf(word: string): string {
  return Object.hasOwn(unitNames, word) ? (unitNames[word] as string) : word.replace(/s$/, '')
}

function clockOf(
  sign: string,
  hours: string,
  { minutes, seconds = '0' }: { minutes: string; seconds: string | undefined },
): Interval | undefined {
  if (Number(minutes) > 59 || Number(seconds) >= 60) return undefined
  const micros = Number(hours) * hourMicros + Number(minutes) * minuteMicros + roundEven(Number(seconds) * secondMicros)
  return intervalOf(0, 0, sign === '-' ? -micros : micros)
}

function counted(count: number, unit: string): Interval | undefined {
  const whole = Math.trunc(count)
  const rest = count - whole
  if (Object.hasOwn(microsOf, unit)) return intervalOf(0, 0, roundEven(count * (microsOf[unit] as number)))
  if (Object.hasOwn(daysOf, unit)) {
    const days = count * (daysOf[unit] as number)
    return intervalOf(0, Math.trunc(days), roundEven((days - Math.trunc(days)) * dayMicros))
  }
  if (!Object.hasOwn(monthsOf, unit)) return undefined
  const size = monthsOf[unit] as number
  // What is left of a month goes into days, what is left of more into months, as in Postgres.
  if (size > 1) return intervalOf(whole * size + roundEven(rest * size), 0, 0)
  const days = rest * 30
  return intervalOf(whole, Math.trunc(days), roundEven((days - Math.trunc(days)) * dayMicros))
}
