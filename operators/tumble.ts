/** `tumble`: aggregates rows by key in windows of equal length that follow one another. */
import { durationMs, type Duration } from './duration.ts'
import type { Operator } from './operator.ts'
import { AlignedWindows } from './windows/window-aligned.ts'
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
  readonly offset?: Duration
  readonly by?: readonly string[]
  readonly aggregate: AggregateUses
}

export const tumble: Operator<TumbleOptions> = {
  spec: {
    name: 'tumble',
    kind: 'keyed',
    summary: 'Aggregates rows by key in windows of equal length.',
    description:
      'Windows are half-open and aligned to the epoch (UTC), moved by `offset`. A window closes when the watermark reaches its end, or at ' +
      'the end of the input; it then gives one row for each key: the key columns, `windowStart` and `windowEnd` in milliseconds, and the ' +
      'aggregates, in the order of (window end, key), texts by code point. The row happened at `windowEnd − 1`. A row is late, and leaves ' +
      'once by the port `late`, if and only if the watermark stamped beside it had reached the end of its window. A row with something ' +
      'other than a number where an aggregate needs one is a dead letter. Only keys that changed are written at a barrier, and a window ' +
      `that opened and closed between two barriers is never written. ${refiringDescription}`,
    shorthand: 'size',
    options: {
      size: { type: 'duration', required: true, summary: 'Length of a window.' },
      offset: { type: 'duration', default: 0, summary: 'How far windows are moved from the epoch.', sample: '15m' },
      by: byOption,
      aggregate: aggregateOption,
      ...refiringSpecs,
    },
    ports: { main: 'A row for each window and key.', late: 'Rows whose window had closed.' },
    stateVersion: 1,
    keeps: 'a cell for each open window and key',
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
  types({ size, by, aggregate }, input) {
    positiveMs(size, 'size')
    return { main: { ...aggregatedRow(aggregate, keyedRow(input, by), windowBounds), isTimed: true } }
  },
  splitBy: ({ by }, key) => by ?? key,
  create({ size, offset = 0, by, aggregate, ...options }, context) {
    const refiring = refiringOf(options)
    const aligned = { sizeMs: positiveMs(size, 'size'), offsetMs: durationMs(offset, 'offset'), by, aggregate, ...refiring }
    const isPlain = refiring.lateMs === 0 && refiring.emit === 'onClose'
    return windowStep(new (isPlain ? AlignedWindows : RefiringWindows)(context, aligned), refiring.lateMs)
  },
}
