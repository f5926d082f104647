/** Functions of timestamps and intervals. All in UTC. */
import { rowFault } from '../fault.ts'
import { hint } from '../hint.ts'
import { addIntervals, dayMicros, type Interval, intervalOf, multiplyInterval } from '../intervals.ts'
import { dayMs, dateMs, timestampOf } from '../timestamps.ts'
import { roundEven } from '../numbers.ts'
import { formOf } from './time-text.ts'
import { intervalFields, intervalUnits, timestampFields, timestampUnits } from './time-fields.ts'
import type { Bind, FunctionSpec, Run } from './spec.ts'

/** `hours` is `hour`; some have short names too. */
const aliases: Readonly<Record<string, string>> = {
  centuries: 'century',
  millennia: 'millennium',
  millenniums: 'millennium',
  us: 'microseconds',
  ms: 'milliseconds',
  microsecond: 'microseconds',
  millisecond: 'milliseconds',
  usec: 'microseconds',
  msec: 'milliseconds',
  y: 'year',
  mon: 'month',
  mons: 'month',
  d: 'day',
  h: 'hour',
  hr: 'hour',
  min: 'minute',
  s: 'second',
  sec: 'second',
  w: 'week',
  m: 'minute',
}

function unitOf(name: string, table: Readonly<Record<string, unknown>>): string | undefined {
  const lower = name.toLowerCase()
  const candidates = [lower, Object.hasOwn(aliases, lower) ? (aliases[lower] as string) : lower, lower.replace(/s$/, '')]
  return candidates.find(each => Object.hasOwn(table, each))
}

/** A function whose first argument is the name of a unit: looked up once when it is a constant. */
function byUnit<Value>(table: Readonly<Record<string, (value: Value) => unknown>>, what: string): { bind: Bind } {
  const find = (name: string): ((value: Value) => unknown) | undefined => {
    const unit = unitOf(name, table)
    return unit === undefined ? undefined : table[unit]
  }
  return {
    bind([name], fail) {
      const refusal = (given: string): string => `there is no unit ${given} of ${what}${hint(given, Object.keys(table))}`
      const run: Run = (given: string, value: Value) => {
        const found = find(given)
        if (found === undefined) throw rowFault(refusal(given))
        return found(value)
      }
      if (typeof name !== 'string') return run
      const known = find(name) ?? fail(0, refusal(name))
      return (_: string, value: Value) => known(value)
    },
  }
}

/** The start of the stretch a time lies in; stretches follow each other from `origin`. */
function dateBin({ months, days, micros }: Interval, ms: number, origin: number): number {
  if (months !== 0) throw rowFault('months have no fixed length; take days, hours or less')
  const size = (days * dayMicros + micros) / 1000
  if (size <= 0) throw rowFault('the stretch must be longer than nothing')
  return timestampOf(origin + Math.floor((ms - origin) / size) * size)
}

function makeTimestamp(year: number, month: number, day: number, ...[hour, minute, second]: readonly [number, number, number]): number {
  const date = dateMs(year, month, day)
  const fits =
    hour >= 0 && minute >= 0 && minute < 60 && second >= 0 && second < 60 && (hour < 24 || (hour === 24 && minute === 0 && second === 0))
  if (Number.isNaN(date) || year > 9999 || !fits) throw rowFault('there is no such time')
  return timestampOf(date + (hour * 60 + minute) * 60_000 + Math.floor(second * 1000 + 1e-6))
}

function makeInterval(...[years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0]: readonly number[]): Interval {
  return intervalOf(years * 12 + months, weeks * 7 + days, (hours * 60 + minutes) * 60_000_000 + roundEven(seconds * 1e6))
}

/** Time of more than a day becomes days, days of more than thirty months; with one sign for all. */
function justifyInterval({ months, days, micros }: Interval): Interval {
  const total = { months, days: days + Math.trunc(micros / dayMicros), micros: micros % dayMicros }
  total.months += Math.trunc(total.days / 30)
  total.days %= 30
  const sign = Math.sign(total.months || total.days || total.micros)
  if (total.months * sign > 0 && (total.days * sign < 0 || (total.days === 0 && total.micros * sign < 0))) {
    total.days += 30 * sign
    total.months -= sign
  }
  if (total.days * sign > 0 && total.micros * sign < 0) {
    total.micros += dayMicros * sign
    total.days -= sign
  }
  return intervalOf(total.months, total.days, total.micros)
}

const toChar: Bind = ([, form], fail) => {
  if (typeof form !== 'string') return (ms: number, given: string) => formOf(given)(ms)
  try {
    const write = formOf(form)
    return (ms: number) => write(ms)
  } catch (error) {
    return fail(1, (error as Error).message)
  }
}

export const timeFunctions: readonly FunctionSpec[] = [
  {
    signature: 'date_part(text, timestamp) → number',
    about: `A part of a time, as \`extract(hour from x)\`: ${Object.keys(timestampFields).join(', ')}.`,
    ...byUnit(timestampFields, 'a timestamp'),
  },
  {
    signature: 'date_part(text, interval) → number',
    about: `A part of an interval; \`epoch\` is all of it in seconds: ${Object.keys(intervalFields).join(', ')}.`,
    ...byUnit(intervalFields, 'an interval'),
  },
  {
    signature: 'date_trunc(text, timestamp) → timestamp',
    about: `The start of the ${Object.keys(timestampUnits).join(', ')} (weeks begin on Monday).`,
    ...byUnit(timestampUnits, 'a timestamp'),
  },
  {
    signature: 'date_trunc(text, interval) → interval',
    about: 'Without what is smaller than the unit.',
    ...byUnit(intervalUnits, 'an interval'),
  },
  {
    signature: 'date_bin(interval, timestamp, timestamp) → timestamp',
    about: 'The start of the stretch of that length it lies in, counted from the third.',
    run: dateBin,
  },
  {
    signature: 'to_timestamp(number) → timestamp',
    about: 'From **seconds** since 1970, as in Postgres; milliseconds become a timestamp with `x::timestamp`.',
    run: (seconds: number) => timestampOf(roundEven(seconds * 1e6) / 1e3),
  },
  {
    signature: 'to_char(timestamp, text) → text',
    about: 'Written as the form says: `YYYY-MM-DD HH24:MI:SS.MS`, also `YY IYYY Q IW Mon Dy DDD ID HH12 AM`; what stands in `"…"` stays.',
    bind: toChar,
  },
  {
    signature: 'make_timestamp(integer, integer, integer, integer, integer, number) → timestamp',
    about: 'From year, month, day, hour, minute and second.',
    run: makeTimestamp,
  },
  {
    signature: 'make_interval([integer], [integer], [integer], [integer], [integer], [integer], [number]) → interval',
    about: 'From years, months, weeks, days, hours, minutes and seconds.',
    run: makeInterval,
  },
  { signature: 'justify_interval(interval) → interval', about: 'With 24 hours made a day and 30 days a month.', run: justifyInterval },
  { signature: 'justify_hours(interval) → interval', about: 'With 24 hours made a day.', run: (of: Interval) => justifyHours(of) },
  { signature: 'age(timestamp, timestamp) → interval', about: 'From the second to the first, in years, months, days and time.', run: age },
]

function justifyHours({ months, days, micros }: Interval): Interval {
  const carried = intervalOf(0, Math.trunc(micros / dayMicros), micros % dayMicros)
  const whole = addIntervals(intervalOf(months, days, 0), carried)
  const sign = Math.sign(whole.days)
  return sign * whole.micros < 0 ? intervalOf(whole.months, whole.days - sign, whole.micros + sign * dayMicros) : whole
}

/** Counted as people do: the months that are full, then the days that are left. */
function age(later: number, earlier: number): Interval {
  if (later < earlier) return multiplyInterval(age(earlier, later), -1)
  const [to, from] = [new Date(later), new Date(earlier)]
  let months = (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth()
  let days = to.getUTCDate() - from.getUTCDate()
  let ms = (later % dayMs) - (earlier % dayMs) + (later % dayMs < 0 ? dayMs : 0) - (earlier % dayMs < 0 ? dayMs : 0)
  if (ms < 0) {
    ms += dayMs
    days--
  }
  while (days < 0) {
    // The month of the earlier time says how many days the one that is not full has.
    days += new Date(Date.UTC(2000 + (from.getUTCFullYear() % 400), from.getUTCMonth() + 1, 0)).getUTCDate()
    months--
  }
  return intervalOf(months, days, ms * 1000)
}
