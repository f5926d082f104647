/** `over`: adds to each row what is aggregated over the rows of its key that stand before it. */
import { EventStoreError } from '../event/error.ts'
import { type Duration, durationMs } from './duration.ts'
import { type RowType, withFields } from './expressions/types.ts'
import type { Operator } from './operator.ts'
import { OverRows } from './windows/window-over.ts'
import { aggregateOption, byOption, keyedRow, windowStep } from './windows/window-step.ts'
import { aggregatedRow, type AggregateUses, fieldsRead } from './windows/window-uses.ts'

export interface OverOptions {
  readonly rows?: number
  readonly range?: Duration
  readonly order?: 'eventTime' | 'arrival'
  readonly by?: readonly string[]
  readonly aggregate: AggregateUses
}

/** So many rows are kept for a key at most. */
const rowsMax = 1_000_000

function frameOf({ rows = Infinity, range, order = 'eventTime' }: OverOptions): {
  rows: number
  rangeMs: number
  order: 'eventTime' | 'arrival'
} {
  const refuse = (option: string, why: string): never => {
    throw new EventStoreError('INVALID', why, { option })
  }
  if (range !== undefined && rows !== Infinity) refuse('range', 'rows and range exclude each other: name one of them, or none for all rows')
  if (range !== undefined && order === 'arrival') refuse('order', 'a range is measured in event time, and so rows must come in its order')
  return { rows, rangeMs: range === undefined ? Infinity : durationMs(range, 'range'), order }
}

/** The columns that came in, and the results in place of those of the same name; INVALID when that is a column of the key. */
function rowWith(aggregate: AggregateUses, input: RowType, by: readonly string[] | undefined): RowType {
  const { fields } = aggregatedRow(aggregate, keyedRow(input, by))
  return withFields(input, Object.fromEntries(Object.entries(fields).filter(([name]) => Object.hasOwn(aggregate, name))))
}

export const over: Operator<OverOptions> = {
  spec: {
    name: 'over',
    kind: 'keyed',
    summary: 'Adds to each row what is aggregated over it and the rows of its key before it: the last so many, those of so long, or all.',
    description:
      "SQL's `OVER (PARTITION BY key ORDER BY time …)`, as Flink has it. With `rows: 10` the frame is the row and the ten before it (`ROWS BETWEEN " +
      '10 PRECEDING AND CURRENT ROW`), with `range: 5m` the row and all that happened up to five minutes before it or at the same time ' +
      '(`RANGE BETWEEN INTERVAL … PRECEDING AND CURRENT ROW`), without either all from the first on (`ROWS UNBOUNDED PRECEDING`). All columns ' +
      'stay, and the results are added.\n\nRows are taken in the order of their event time, those that happened at the same time in the order ' +
      'in which they came; `first`, `last` and `collect` go by it too. So a row waits until the watermark is past it; then those that waited ' +
      'leave in the order of (event time, key, arrival), with their event time. A row is late, and leaves by the port `late`, if and only if ' +
      'the watermark stamped beside it is past its event time. With `order: arrival` rows are taken as they come and nothing waits: a row ' +
      'leaves in its place, none is late, and no event time is needed; the result depends on the order of the source alone. Frames are kept ' +
      'as two stacks, so that a long one costs a row no more than a short one; sums of numbers that are not whole are added in parts, ' +
      'which are the same at any size of pages and after a restart.',
    options: {
      rows: {
        type: 'number',
        least: 0,
        most: rowsMax,
        isWhole: true,
        summary: 'So many rows before each row; all when neither is named.',
        sample: 5,
      },
      range: { type: 'duration', summary: 'Instead of `rows`: those that happened so long before each row.' },
      order: {
        type: 'choice',
        choices: ['eventTime', 'arrival'],
        default: 'eventTime',
        summary: 'The order in which rows stand before one another.',
        sample: 'eventTime',
      },
      by: byOption,
      aggregate: aggregateOption,
    },
    ports: { main: 'Each row, with the results.', late: 'Rows that came when the watermark was past them.' },
    stateVersion: 1,
    keeps: 'the rows of the frames, and those that wait for the watermark',
  },
  example: {
    title: 'Each trade with the mean of the last minute',
    options: { range: '1m', by: ['symbol'], aggregate: { mean: { aggregate: 'mean', field: 'price' }, trades: { aggregate: 'count' } } },
    input: [
      { symbol: 'A', price: 10, $eventTime: 0, $watermark: -Infinity },
      { symbol: 'A', price: 20, $eventTime: 30_000, $watermark: -20_000 },
      { symbol: 'B', price: 7, $eventTime: 20_000, $watermark: 0 },
      'barrier',
      { symbol: 'A', price: 60, $eventTime: 70_000, $watermark: 0 },
      'watermark 60000',
      { symbol: 'B', price: 9, $eventTime: 50_000, $watermark: 60_000 },
      'end',
      'barrier',
    ],
    output: {
      ports: {
        main: [
          { symbol: 'A', price: 10, mean: 10, trades: 1 },
          { symbol: 'B', price: 7, mean: 7, trades: 1 },
          { symbol: 'A', price: 20, mean: 15, trades: 2 },
          { symbol: 'A', price: 60, mean: 40, trades: 2 },
        ],
        late: [{ symbol: 'B', price: 9 }],
      },
    },
  },
  needs: ({ aggregate, by }, wanted) => {
    const main = [...wanted('main')].filter(name => !Object.hasOwn(aggregate, name))
    return new Set([...fieldsRead(aggregate, by), ...main, ...wanted('late')])
  },
  types(options, input) {
    const { order } = frameOf(options)
    if (order === 'eventTime' && !input.isTimed)
      throw new EventStoreError(
        'INVALID',
        'rows come in the order of event time, but no eventTime stands before the step; or say order: arrival',
        {
          option: 'order',
        },
      )
    return { main: rowWith(options.aggregate, input, options.by) }
  },
  splitBy: ({ by }, key) => by ?? key,
  keepsOf({ rows, range, order }) {
    const waiting = order === 'arrival' ? '' : ', and the rows that wait for the watermark'
    if (range !== undefined) return `the rows of each key until the watermark is ${range} past them${waiting}`
    return `${rows === undefined ? 'a cell for each key that ever came' : `the last ${rows + 1} rows of each key that ever came`}${waiting}`
  },
  create(options, context) {
    const { by, aggregate } = options
    return windowStep(new OverRows(context, { ...frameOf(options), by, aggregate }))
  },
}
