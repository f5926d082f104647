/** Windows of the calendar, in zones whose clocks are changed at any hour, by half an hour, at midnight or over a whole day. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { tumble } from '../../operators/tumble.ts'
import { type CalendarOptions, type Alignment, calendarOf } from '../../operators/windows/window-calendar.ts'
import { TimeZone } from '../../operators/windows/window-zone.ts'
import { runOperator } from '../contract/operator-run.ts'

const hourMs = 3_600_000
const at = (text: string): number => Date.parse(text)
const text = (time: number): string => new Date(time).toISOString().replace(':00.000Z', 'Z')
/** Tables of zones take a while to make. */
const known = new Map<string, unknown>()
function once<Made>(name: string, make: () => Made): Made {
  if (!known.has(name)) known.set(name, make())
  return known.get(name) as Made
}
const alignmentOf = (options: CalendarOptions): Alignment => once(JSON.stringify(options), () => calendarOf(options) as Alignment)
const zoneOf = (name: string): TimeZone => once(name, () => new TimeZone(name))

function windowAt(options: CalendarOptions, time: string): readonly string[] {
  const alignment = alignmentOf(options)
  const start = alignment.startOf(at(time))
  return [text(start), text(alignment.endOf(start))]
}

const cases: readonly (readonly [what: string, options: CalendarOptions, time: string, start: string, end: string])[] = [
  ['a day of 23 hours', { size: '1 day', timeZone: 'Europe/Berlin' }, '2024-03-31T12:00Z', '2024-03-30T23:00Z', '2024-03-31T22:00Z'],
  ['a day of 25 hours', { size: '1d', timeZone: 'Europe/Berlin' }, '2024-10-27T12:00Z', '2024-10-26T22:00Z', '2024-10-27T23:00Z'],
  [
    'a midnight that is skipped',
    { size: '1 day', timeZone: 'America/Sao_Paulo' },
    '2018-11-04T12:00Z',
    '2018-11-04T03:00Z',
    '2018-11-05T02:00Z',
  ],
  [
    'a midnight that comes twice',
    { size: '1 day', timeZone: 'America/Havana' },
    '2023-11-05T05:30Z',
    '2023-11-05T04:00Z',
    '2023-11-06T05:00Z',
  ],
  [
    'clocks set back to the day before',
    { size: '1 day', timeZone: 'America/St_Johns' },
    '2010-11-07T02:45Z',
    '2010-11-07T02:30Z',
    '2010-11-08T03:30Z',
  ],
  ['a day that never was', { size: '1 day', timeZone: 'Pacific/Apia' }, '2011-12-30T10:00Z', '2011-12-30T10:00Z', '2011-12-31T10:00Z'],
  ['the day before it', { size: '1 day', timeZone: 'Pacific/Apia' }, '2011-12-30T09:59Z', '2011-12-29T10:00Z', '2011-12-30T10:00Z'],
  [
    'a week from Monday to Monday',
    { size: '1 week', timeZone: 'Europe/Berlin' },
    '2024-03-31T21:59Z',
    '2024-03-24T23:00Z',
    '2024-03-31T22:00Z',
  ],
  ['a week from Sunday', { size: '1 week', offset: '6d' }, '2024-03-31T00:00Z', '2024-03-31T00:00Z', '2024-04-07T00:00Z'],
  ['a leap month', { size: '1 month' }, '2024-02-29T23:59Z', '2024-02-01T00:00Z', '2024-03-01T00:00Z'],
  ['no leap month', { size: '1 month' }, '2100-02-28T23:59Z', '2100-02-01T00:00Z', '2100-03-01T00:00Z'],
  [
    'a month on the clocks',
    { size: '1 month', timeZone: 'America/New_York' },
    '2024-04-01T03:59Z',
    '2024-03-01T05:00Z',
    '2024-04-01T04:00Z',
  ],
  ['a month from the fifteenth', { size: '1 month', offset: '14d' }, '2024-03-14T23:59Z', '2024-02-15T00:00Z', '2024-03-15T00:00Z'],
  ['a quarter', { size: '1 quarter' }, '2024-06-30T23:59Z', '2024-04-01T00:00Z', '2024-07-01T00:00Z'],
  ['a year', { size: '1 year', timeZone: 'Asia/Kolkata' }, '2023-12-31T18:30Z', '2023-12-31T18:30Z', '2024-12-31T18:30Z'],
  ['a decade', { size: '10 years' }, '1969-12-31T23:59Z', '1960-01-01T00:00Z', '1970-01-01T00:00Z'],
  ['before the epoch', { size: '1 quarter' }, '1969-11-11T11:11Z', '1969-10-01T00:00Z', '1970-01-01T00:00Z'],
  [
    'a day from six in the morning',
    { size: '1 day', timeZone: 'Europe/Berlin', offset: '6h' },
    '2024-03-31T03:59Z',
    '2024-03-30T05:00Z',
    '2024-03-31T04:00Z',
  ],
  [
    'hours of a zone that is half an hour off',
    { size: '1h', timeZone: 'Asia/Kolkata' },
    '2024-05-05T10:15Z',
    '2024-05-05T09:30Z',
    '2024-05-05T10:30Z',
  ],
  [
    'six hours from midnight, where clocks were set on',
    { size: '6h', timeZone: 'Europe/Berlin' },
    '2024-03-31T20:00Z',
    '2024-03-31T17:00Z',
    '2024-03-31T22:00Z',
  ],
  ['the hour that is too much', { size: '6h', timeZone: 'Europe/Berlin' }, '2024-10-27T22:30Z', '2024-10-27T22:00Z', '2024-10-27T23:00Z'],
  [
    'half an hour that is too much',
    { size: '1h', timeZone: 'Australia/Lord_Howe' },
    '2024-04-06T23:10Z',
    '2024-04-06T23:00Z',
    '2024-04-07T00:00Z',
  ],
]

for (const [what, options, time, start, end] of cases)
  test(`${what}: ${options.size} of ${options.timeZone ?? 'UTC'}`, () => assert.equal(windowAt(options, time), [start, end]))

const zones = fc.constantFrom(
  ...['UTC', 'Europe/Berlin', 'America/New_York', 'America/Sao_Paulo', 'America/Havana', 'America/St_Johns', 'Australia/Lord_Howe'],
  ...['Pacific/Apia', 'Africa/Casablanca', 'Asia/Kathmandu', 'Asia/Tehran', 'Africa/Monrovia', 'America/Juneau', '+05:45'],
)
const times = fc.oneof(
  fc.integer({ min: at('1850-01-01'), max: at('2060-01-01') }),
  fc.integer({ min: 40 * 365 * 24, max: 55 * 365 * 24 }).map(hours => hours * hourMs),
)

test('windows tile the time, and each begins when the clocks first show its begin', () => {
  const sizes = fc.constantFrom('1 day', '3 days', '1 week', '1 month', '5 months', '1 year', '1h', '15m', '8h')
  const property = fc.property(zones, sizes, times, (timeZone, size, time) => {
    const alignment = alignmentOf({ size, timeZone })
    const start = alignment.startOf(time)
    const end = alignment.endOf(start)
    assert.ok(start <= time && time < end, `${text(start)} ≤ ${text(time)} < ${text(end)}`)
    assert.is(alignment.startOf(end), end)
    assert.is(alignment.startOf(end - 1), start)
    assert.is(alignment.endOf(alignment.startOf(start - 1)), start)
    if (!size.includes(' ')) return
    const zone = zoneOf(timeZone)
    const begin = Math.floor(zone.localOf(end) / (24 * hourMs)) * 24 * hourMs
    // What the clocks skip begins with the change.
    const [before, now] = [zone.localOf(end - 1), zone.localOf(end)]
    assert.ok(before < begin && begin <= now, `${text(before)} < ${text(begin)} ≤ ${text(now)}`)
  })
  fc.assert(property, { seed: 4, numRuns: 600 })
})

test('what the clocks show is what Intl writes', () => {
  const property = fc.property(zones, times, (timeZone, time) => {
    const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' })
    const shown = new Date(zoneOf(timeZone).localOf(time)).toISOString().slice(0, 19).replace('T', ' ')
    assert.is(shown, format.format(time))
  })
  fc.assert(property, { seed: 4, numRuns: 400 })
})

test('months of all years that a date can name are those of Date', () => {
  const property = fc.property(fc.integer({ min: -8.6e15, max: 8.6e15 }), time => {
    const date = new Date(time)
    const first = new Date(0)
    first.setUTCFullYear(date.getUTCFullYear(), date.getUTCMonth(), 1)
    assert.is(alignmentOf({ size: '1 month' }).startOf(time), first.getTime())
  })
  fc.assert(property, { seed: 4, numRuns: 300 })
})

test('windows of days hold what happened on them, close in order, and go on after a restart', async () => {
  const row = (time: string, $watermark: number): { k: string; $eventTime: number; $watermark: number } => ({
    k: 'a',
    $eventTime: at(time),
    $watermark,
  })
  const input = [
    row('2024-03-30T22:59Z', -Infinity),
    row('2024-03-31T21:59Z', at('2024-03-30T22:59Z')),
    'barrier' as const,
    row('2024-03-31T22:00Z', at('2024-03-31T21:59Z')),
    row('2024-03-31T21:00Z', at('2024-03-31T22:00Z')),
    row('2024-03-30T21:00Z', at('2024-03-31T22:00Z')),
    'end' as const,
  ]
  const day = [at('2024-03-29T23:00Z'), at('2024-03-30T23:00Z'), at('2024-03-31T22:00Z'), at('2024-04-01T22:00Z')]
  for (const [more, wanted, late] of [
    [
      {},
      [
        [day[0], day[1], 1],
        [day[1], day[2], 1],
        [day[2], day[3], 1],
      ],
      2,
    ],
    [
      { allowedLateness: '2h' },
      [
        [day[0], day[1], 1],
        [day[1], day[2], 1],
        [day[1], day[2], 2],
        [day[2], day[3], 1],
      ],
      1,
    ],
  ] as const)
    for (const pageRows of [1, 4096]) {
      const options = { size: '1 day', timeZone: 'Europe/Berlin', by: ['k'], aggregate: { n: { aggregate: 'count' } }, ...more }
      const { ports } = await runOperator(tumble, { options, input, pageRows, restartAfter: [1] })
      assert.equal(
        ports['main']?.map(({ windowStart, windowEnd, n }) => [windowStart, windowEnd, n]),
        wanted,
      )
      assert.is(ports['late']?.length, late)
    }
})

test('lengths that are no part of a day, offsets that are too long and zones that are none are INVALID', () => {
  const input = { fields: {}, isOpen: true, key: [], isTimed: true }
  for (const [option, options] of [
    ['timeZone', { size: '1 day', timeZone: 'Europe/Bärlin' }],
    ['timeZone', { size: '1h', timeZone: 'CET/Berlin' }],
    ['size', { size: '7h', timeZone: 'Europe/Berlin' }],
    ['size', { size: '2d', timeZone: 'Europe/Berlin' }],
    ['size', { size: 0, timeZone: 'Europe/Berlin' }],
    ['size', { size: '1 fortnight' }],
    ['size', { size: '0 days' }],
    ['offset', { size: '1 month', offset: '28d' }],
    ['offset', { size: '6h', timeZone: 'UTC', offset: '1d' }],
  ] as const)
    assert.throws(
      () => tumble.types?.({ ...options, aggregate: { n: { aggregate: 'count' } } }, input, () => undefined),
      (error: { code?: unknown; details?: { option?: unknown } }) => error.code === 'INVALID' && error.details?.option === option,
      JSON.stringify(options),
    )
})

test.run()
