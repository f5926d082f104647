/** `tumble`: aggregates rows by key in windows of equal length that follow one another. */
import { durationMs, type Duration } from './duration.ts'
import type { Operator } from './operator.ts'
import { type AlignedOptions, AlignedWindows } from './windows/window-aligned.ts'
import { calendarOf } from './windows/window-calendar.ts'
import { RefiringWindows } from './windows/window-refiring.ts'
import {
  aggregateOption,
  byOption,
  keyedRow,
  positiveMs,
  refiringDescription,
  refiringOf,
  type RefiringOptions,
  refiringSpecs,
  windowStep,
} from './windows/window-step.ts'
import { aggregatedRow, type AggregateUses, fieldsRead, windowBounds } from './windows/window-uses.ts'

export interface TumbleOptions extends RefiringOptions {
  readonly size: Duration
  readonly timeZone?: string
  readonly offset?: Duration
  readonly by?: readonly string[]
  readonly aggregate: AggregateUses
}

function lengthsOf({
  size,
  timeZone,
  offset = 0,
}: Pick<TumbleOptions, 'size' | 'timeZone' | 'offset'>): Pick<AlignedOptions, 'sizeMs' | 'offsetMs' | 'alignment' | 'shape'> {
  const alignment = calendarOf({ size, timeZone, offset })
  const offsetMs = durationMs(offset, 'offset')
  if (alignment === undefined) return { sizeMs: positiveMs(size, 'size'), offsetMs }
  return { sizeMs: NaN, offsetMs, alignment, shape: { size, timeZone: timeZone ?? 'UTC' } }
}

export const tumble: Operator<TumbleOptions> = {
  spec: {
    name: 'tumble',
    kind: 'keyed',
    summary: 'Aggregates rows by key in windows of equal length.',
    description:
      'Windows are half-open and aligned to the epoch (UTC), moved by `offset`. With units of the calendar (`1 day`, `2 weeks`, `1 month`, ' +
      '`1 quarter`, `1 year`) or a `timeZone` they begin when the clocks of the zone first show midnight, that of a Monday for weeks and that ' +
      'of the first of a month for months, quarters and years: a day on which the clocks are changed has 23 or 25 hours. Several units ' +
      'together are counted from 1 January 1970, weeks from the Monday before it. A `size` that is part of a day, as `1h` or `15m`, is ' +
      'counted from the midnight of the zone, and the last such window of a day ends with it; `1d` is a day then. `offset` is the time of ' +
      'day, week or month on the clocks at which they begin instead. The rules of zones are those that Node knows of. A ' +
      'window closes when the watermark reaches its end, or at the end of the input; it then gives one row for each key: the key columns, ' +
      '`windowStart` and `windowEnd` in milliseconds, and the aggregates, in the order of (window end, key), texts by code point. The row ' +
      'happened at `windowEnd − 1`. A row is late, and leaves once by the port `late`, if and only if the watermark stamped beside it had ' +
      'reached the end of its window. A row with something other than a number where an aggregate needs one is a dead letter. Only keys ' +
      'that changed are written at a barrier, and a window that opened and closed between two barriers is never written. ' +
      refiringDescription,
    shorthand: 'size',
    options: {
      size: {
        type: 'duration',
        orCalendar: true,
        required: true,
        summary: 'Length of a window, or units of the calendar such as `1 month`.',
      },
      timeZone: {
        type: 'text',
        summary: 'Zone whose midnight windows are aligned to, such as `Europe/Berlin`; UTC when left out.',
        sample: 'Europe/Berlin',
      },
      offset: { type: 'duration', default: 0, summary: 'How far windows are moved from the epoch.', sample: '15m' },
      by: byOption,
      aggregate: aggregateOption,
      ...refiringSpecs,
    },
    ports: { main: 'A row for each window and key.', late: 'Rows whose window had closed.' },
    stateVersion: 1,
    keeps: 'a cell for each open window and key, until the watermark is past the window',
    needsEventTime: true,
  },
  example: {
    title: 'Delays an hour and airport',
    key: ['origin'],
    options: { size: '1h', aggregate: { flights: { aggregate: 'count' }, delay: { aggregate: 'sum', field: 'delay' } } },
    input: [
      { origin: 'JFK', delay: 3, $eventTime: 1_000, $watermark: -Infinity },
      { origin: 'BOS', delay: 1, $eventTime: 2_000, $watermark: 1_000 },
      { origin: 'JFK', delay: 4, $eventTime: 3_600_000, $watermark: 2_000 },
      'watermark 3600000',
      { origin: 'BOS', delay: 9, $eventTime: 3_599_999, $watermark: 3_600_000 },
      'end',
      'barrier',
    ],
    output: {
      ports: {
        main: [
          { origin: 'BOS', windowStart: 0, windowEnd: 3_600_000, flights: 1, delay: 1 },
          { origin: 'JFK', windowStart: 0, windowEnd: 3_600_000, flights: 1, delay: 3 },
          { origin: 'JFK', windowStart: 3_600_000, windowEnd: 7_200_000, flights: 1, delay: 4 },
        ],
        late: [{ origin: 'BOS', delay: 9 }],
      },
    },
  },
  needs: (options, wanted) => new Set([...fieldsRead(options.aggregate, options.by), ...wanted('late')]),
  types({ by, aggregate, ...options }, input) {
    lengthsOf(options)
    refiringOf(options)
    return { main: { ...aggregatedRow(aggregate, keyedRow(input, by), windowBounds), isTimed: true } }
  },
  splitBy: ({ by }, key) => by ?? key,
  create({ by, aggregate, ...options }, context) {
    const refiring = refiringOf(options)
    const aligned = { ...lengthsOf(options), by, aggregate, ...refiring }
    return windowStep(new (refiring.isPlain ? AlignedWindows : RefiringWindows)(context, aligned), refiring.lateMs)
  },
}
