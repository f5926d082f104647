/** `hop`: aggregates rows by key in windows of equal length that overlap. */
import { durationMs, type Duration } from './duration.ts'
import type { Operator } from './operator.ts'
import { RefiringWindows } from './windows/window-refiring.ts'
import { SlicedWindows } from './windows/window-slices.ts'
import { hopSlicing } from './windows/window-slicing.ts'
import {
  aggregateOption,
  byOption,
  checkOverlap,
  keyedRow,
  positiveMs,
  refiringDescription,
  refiringOf,
  type RefiringOptions,
  refiringSpecs,
  windowsOfRowMax,
  windowStep,
} from './windows/window-step.ts'
import { aggregatedRow, type AggregateUses, fieldsRead, windowBounds } from './windows/window-uses.ts'

export interface HopOptions extends RefiringOptions {
  readonly size: Duration
  readonly every: Duration
  readonly offset?: Duration
  readonly by?: readonly string[]
  readonly aggregate: AggregateUses
}

function lengthsOf({ size, every }: HopOptions): { sizeMs: number; everyMs: number } {
  const [sizeMs, everyMs] = [positiveMs(size, 'size'), positiveMs(every, 'every')]
  checkOverlap(sizeMs, everyMs)
  return { sizeMs, everyMs }
}

export const hop: Operator<HopOptions> = {
  spec: {
    name: 'hop',
    kind: 'keyed',
    summary: 'Aggregates rows by key in windows of equal length that overlap: one of `size` starts each `every`.',
    description:
      'Sliding windows, half-open and aligned to the epoch (UTC), moved by `offset`; `size` need not be a multiple of `every`. A row counts ' +
      'in every window that holds its time. It is late, and leaves once by the port `late`, if and only if the watermark stamped beside it ' +
      'had reached the end of all of them; otherwise it counts in those still open. In all else windows behave as those of `tumble`: they ' +
      'close when the watermark reaches their end, and give a row for each key in the order of (window end, key), which happened at ' +
      '`windowEnd − 1`. A row is added once, to its slice: the stretch of time in which no window starts or ends; a closing window merges its ' +
      'slices, so sums of numbers that are not whole are added slice by slice. (With `allowedLateness` or another `emit` each window adds ' +
      `its rows itself.) A row may belong to ${windowsOfRowMax} windows. ${refiringDescription}`,
    options: {
      size: { type: 'duration', required: true, summary: 'Length of a window.' },
      every: { type: 'duration', required: true, summary: 'Time from the start of one window to that of the next; not more than `size`.' },
      offset: { type: 'duration', default: 0, summary: 'How far windows are moved from the epoch.', sample: '15m' },
      by: byOption,
      aggregate: aggregateOption,
      ...refiringSpecs,
    },
    ports: { main: 'A row for each window and key.', late: 'Rows whose windows had all closed.' },
    stateVersion: 1,
    keeps: 'a cell for each slice and key, two slices each `every` at most, until the watermark is past the windows',
    needsEventTime: true,
  },
  example: {
    title: 'Flights of the last hour, each half hour',
    options: { size: '1h', every: '30m', by: ['origin'], aggregate: { flights: { aggregate: 'count' } } },
    input: [
      { origin: 'JFK', $eventTime: 1_000, $watermark: -Infinity },
      { origin: 'JFK', $eventTime: 2_000_000, $watermark: 1_000 },
      'watermark 2000000',
      { origin: 'JFK', $eventTime: 500, $watermark: 2_000_000 },
      { origin: 'JFK', $eventTime: 7_000_000, $watermark: 2_000_000 },
      'watermark 7000000',
      { origin: 'JFK', $eventTime: 3_000_000, $watermark: 7_000_000 },
      'end',
      'barrier',
    ],
    output: {
      ports: {
        main: [
          { origin: 'JFK', windowStart: -1_800_000, windowEnd: 1_800_000, flights: 1 },
          { origin: 'JFK', windowStart: 0, windowEnd: 3_600_000, flights: 3 },
          { origin: 'JFK', windowStart: 1_800_000, windowEnd: 5_400_000, flights: 1 },
          { origin: 'JFK', windowStart: 3_600_000, windowEnd: 7_200_000, flights: 1 },
          { origin: 'JFK', windowStart: 5_400_000, windowEnd: 9_000_000, flights: 1 },
        ],
        late: [{ origin: 'JFK' }],
      },
    },
  },
  needs: (options, wanted) => new Set([...fieldsRead(options.aggregate, options.by), ...wanted('late')]),
  types(options, input) {
    lengthsOf(options)
    refiringOf(options)
    return { main: { ...aggregatedRow(options.aggregate, keyedRow(input, options.by), windowBounds), isTimed: true } }
  },
  splitBy: ({ by }, key) => by ?? key,
  create(options, context) {
    const { offset = 0, by, aggregate } = options
    const refiring = refiringOf(options)
    const lengths = { ...lengthsOf(options), offsetMs: durationMs(offset, 'offset') }
    if (!refiring.isPlain) return windowStep(new RefiringWindows(context, { ...lengths, by, aggregate, ...refiring }), refiring.lateMs)
    return windowStep(new SlicedWindows(context, { slicing: hopSlicing(lengths), shape: lengths, by, aggregate }))
  },
}
