/** `to_char`: a time written after a form such as `YYYY-MM-DD`. */
import { rowFault } from '../fault.ts'
import { calendarOf } from '../timestamps.ts'
import { timestampFields } from './time-fields.ts'

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

type Write = (ms: number) => string

const field = (name: string): ((ms: number) => number) => timestampFields[name] as (ms: number) => number
const digits =
  (name: string, count: number): Write =>
  ms =>
    String(Math.floor(field(name)(ms))).padStart(count, '0')
const half = (ms: number): number => field('hour')(ms) % 12 || 12
const month = (ms: number): string => months[calendarOf(ms).month - 1] as string
const weekday = (ms: number): string => weekdays[field('dow')(ms)] as string
const isMorning = (ms: number): boolean => field('hour')(ms) < 12
const milliseconds = (ms: number): string => String(field('milliseconds')(ms) % 1000).padStart(3, '0')

const parts: Readonly<Record<string, Write>> = {
  YYYY: digits('year', 4),
  YY: ms => digits('year', 4)(ms).slice(2),
  IYYY: digits('isoyear', 4),
  Q: digits('quarter', 1),
  MM: digits('month', 2),
  MON: ms => month(ms).toUpperCase(),
  Mon: month,
  mon: ms => month(ms).toLowerCase(),
  IW: digits('week', 2),
  DDD: digits('doy', 3),
  DD: digits('day', 2),
  DY: ms => weekday(ms).toUpperCase(),
  Dy: weekday,
  dy: ms => weekday(ms).toLowerCase(),
  ID: digits('isodow', 1),
  HH24: digits('hour', 2),
  HH12: ms => String(half(ms)).padStart(2, '0'),
  HH: ms => String(half(ms)).padStart(2, '0'),
  MI: digits('minute', 2),
  SS: digits('second', 2),
  MS: milliseconds,
  US: ms => `${milliseconds(ms)}000`,
  AM: ms => (isMorning(ms) ? 'AM' : 'PM'),
  PM: ms => (isMorning(ms) ? 'AM' : 'PM'),
  am: ms => (isMorning(ms) ? 'am' : 'pm'),
  pm: ms => (isMorning(ms) ? 'am' : 'pm'),
}

const piece = new RegExp(
  `"([^"]*)"|(${Object.keys(parts)
    .toSorted((a, b) => b.length - a.length)
    .join('|')})|([A-Za-z]+)|[^"A-Za-z]+|"`,
  'g',
)

/** INVALID when the form has letters that mean nothing here. */
export function formOf(form: string): Write {
  const writes = Array.from(form.matchAll(piece), ([whole, quoted, part, letters]): Write => {
    if (letters !== undefined) throw rowFault(`${letters} means nothing in the form of a time; put it in "…" to have it as it is`)
    if (whole === '"') throw rowFault('a " in the form of a time is not closed')
    if (part !== undefined) return parts[part] as Write
    return () => quoted ?? whole
  })
  return ms => writes.map(write => write(ms)).join('')
}
