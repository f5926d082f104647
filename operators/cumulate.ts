/** `cumulate`: aggregates rows by key in windows that share a start and grow by a step. */
import { EventStoreError } from '../event/error.ts'
import { type Duration, durationMs } from './duration.ts'
import type { Operator } from './operator.ts'
import { SlicedWindows } from './windows/window-slices.ts'
import { type CumulateLengths, cumulateSlicing } from './windows/window-slicing.ts'
import { aggregateOption, byOption, keyedRow, positiveMs, windowsOfRowMax, windowStep } from './windows/window-step.ts'
import { aggregatedRow, type AggregateUses, fieldsRead, windowBounds } from './windows/window-uses.ts'

export interface CumulateOptions {
  readonly size: Duration
  readonly step: Duration
  readonly offset?: Duration
  readonly by?: readonly string[]
  readonly aggregate: AggregateUses
}

function lengthsOf({ size, step, offset = 0 }: CumulateOptions): CumulateLengths {
  const [sizeMs, stepMs] = [positiveMs(size, 'size'), positiveMs(step, 'step')]
  const steps = sizeMs / stepMs
  if (Number.isInteger(steps) && steps <= windowsOfRowMax) return { sizeMs, stepMs, offsetMs: durationMs(offset, 'offset') }
  const why = Number.isInteger(steps)
    ? `each row would belong to ${steps} windows; there may be ${windowsOfRowMax}`
    : 'size must be a whole number of steps'
  throw new EventStoreError('INVALID', why, { option: 'step' })
}

export const cumulate: Operator<CumulateOptions> = {
  spec: {
    name: 'cumulate',
    kind: 'keyed',
    summary:
      'Aggregates rows by key in windows that share a start and grow by `step` until they are `size` long, as the day so far each hour.',
    description:
      'Windows are half-open; those that share a start begin at multiples of `size` since the epoch (UTC), moved by `offset`, and end `step`, ' +
      '2 · `step` … `size` later. (Flink calls it CUMULATE.) A window closes when the watermark reaches its end, or at the end of the input; it ' +
      'then gives a row for each key that had rows in it: the key columns, `windowStart`, `windowEnd` and the aggregates, in the order of ' +
      '(window end, key), which happened at `windowEnd − 1`. A row is late, and leaves once by the port `late`, if and only if the watermark ' +
      'stamped beside it had reached the end of the longest of its windows; otherwise it counts in those still open. A row is added once, to ' +
      'its step, and a closing window merges its steps, so sums of numbers that are not whole are added step by step. `size` is a whole ' +
      `number of steps, ${windowsOfRowMax} at most.`,
    options: {
      size: { type: 'duration', required: true, summary: 'Length of the longest window.' },
      step: { type: 'duration', required: true, summary: 'By how much each window is longer than the one before.' },
      offset: { type: 'duration', default: 0, summary: 'How far windows are moved from the epoch.', sample: '15m' },
      by: byOption,
      aggregate: aggregateOption,
    },
    ports: { main: 'A row for each window and key.', late: 'Rows whose windows had all closed.' },
    stateVersion: 1,
    keeps: 'a cell for each step of the open windows and key, until the watermark is past the longest',
    needsEventTime: true,
  },
  example: {
    title: 'Visits of the day so far, each six hours',
    options: { size: '1d', step: '6h', by: ['page'], aggregate: { visits: { aggregate: 'count' } } },
    input: [
      { page: '/', $eventTime: 1_000, $watermark: -Infinity },
      { page: '/', $eventTime: 50_000_000, $watermark: 1_000 },
      { page: '/sale', $eventTime: 60_000_000, $watermark: 20_000_000 },
      'watermark 86400000',
      { page: '/', $eventTime: 2_000, $watermark: 86_400_000 },
      'end',
      'barrier',
    ],
    output: {
      ports: {
        main: [
          { page: '/', windowStart: 0, windowEnd: 21_600_000, visits: 1 },
          { page: '/', windowStart: 0, windowEnd: 43_200_000, visits: 1 },
          { page: '/', windowStart: 0, windowEnd: 64_800_000, visits: 2 },
          { page: '/sale', windowStart: 0, windowEnd: 64_800_000, visits: 1 },
          { page: '/', windowStart: 0, windowEnd: 86_400_000, visits: 2 },
          { page: '/sale', windowStart: 0, windowEnd: 86_400_000, visits: 1 },
        ],
        late: [{ page: '/' }],
      },
    },
  },
  needs: (options, wanted) => new Set([...fieldsRead(options.aggregate, options.by), ...wanted('late')]),
  types(options, input) {
    lengthsOf(options)
    return { main: { ...aggregatedRow(options.aggregate, keyedRow(input, options.by), windowBounds), isTimed: true } }
  },
  splitBy: ({ by }, key) => by ?? key,
  create(options, context) {
    const { by, aggregate } = options
    const lengths = lengthsOf(options)
    return windowStep(new SlicedWindows(context, { slicing: cumulateSlicing(lengths), shape: { ...lengths }, by, aggregate }))
  },
}
