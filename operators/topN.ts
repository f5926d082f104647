/** `topN`: keeps the best rows of each window, or of all, and ranks them. */
import { assert } from '../event/assert.ts'
import { EventStoreError } from '../event/error.ts'
import { valueAt } from './columns.ts'
import { typeOfField, withFields, type RowType } from './expressions/types.ts'
import type { Page } from './flow.ts'
import { isComplete, orderColumns } from './keyed/ranking.ts'
import { TopRows } from './keyed/top-rows.ts'
import { onPage, type Emit } from './lift.ts'
import type { Operator, StepContext } from './operator.ts'
import { aliveRows, columnNamed, selectRows } from './page.ts'
import { endOf } from './windows/window-order.ts'

export interface TopNOptions {
  readonly n: number
  readonly order: readonly string[]
  readonly by?: readonly string[]
  readonly per?: 'window' | 'end'
}

const bounds = ['windowStart', 'windowEnd']

export const topN: Operator<TopNOptions> = {
  spec: {
    name: 'topN',
    kind: 'keyed',
    summary: 'Keeps the best rows of each window, or of all rows, and gives them their rank.',
    description:
      'Behind windows (`per: window`) the best rows of each window leave when the watermark has reached its end, so that no other row of it ' +
      'is to come, or at the end of the input; a row is late, and leaves by the port `late`, if the watermark stamped beside it had reached ' +
      'the end of its window (is past it for sessions, whose rows happened at it). Rows that leave happened at the last moment of their ' +
      'window, also those that came before it was over. With `per: end` the best of all rows leave at the end of ' +
      'the input, without an event time. Rows keep their columns and get `rank`, from 1; they leave in the order of (end of the window, ' +
      'key, rank). They are ordered by the columns of ' +
      '`order`, one after the other: numbers before texts, texts by code point, null last whichever way a column goes; of rows that are ' +
      'equal in all of them the earlier one is the better. Every row counts: where a window gives a changed result for late rows, that is ' +
      'another row beside the former.',
    options: {
      n: { type: 'number', required: true, isWhole: true, least: 1, most: 10_000, summary: 'How many rows are kept.' },
      order: { type: 'order', required: true, summary: 'Columns to order by; `-` before one that falls: `[-count, origin]`.' },
      by: {
        type: 'list',
        sample: ['origin'],
        summary: 'Columns that are the key, each with its own best; those of `keyBy` when left out.',
      },
      per: {
        type: 'choice',
        choices: ['window', 'end'],
        summary: 'What is complete at a time; `window` when the rows have `windowStart` and `windowEnd`, else `end`.',
      },
    },
    ports: { main: 'The best rows with their `rank`.', late: 'Rows whose window was complete.' },
    stateVersion: 1,
    keeps: 'the best rows of each open window and key',
  },
  example: {
    title: 'The busiest airport of each hour',
    options: { n: 1, order: ['-flights', 'origin'], per: 'window' },
    input: [
      { origin: 'BOS', windowStart: 0, windowEnd: 3_600_000, flights: 7, $eventTime: 3_599_999, $watermark: 0 },
      { origin: 'JFK', windowStart: 0, windowEnd: 3_600_000, flights: 9, $eventTime: 3_599_999, $watermark: 0 },
      { origin: 'ORD', windowStart: 0, windowEnd: 3_600_000, flights: 9, $eventTime: 3_599_999, $watermark: 0 },
      'barrier',
      { origin: 'BOS', windowStart: 3_600_000, windowEnd: 7_200_000, flights: 3, $eventTime: 7_199_999, $watermark: 3_600_000 },
      'watermark 3700000',
      'end',
      'barrier',
    ],
    output: {
      ports: {
        main: [
          { origin: 'JFK', windowStart: 0, windowEnd: 3_600_000, flights: 9, rank: 1 },
          { origin: 'BOS', windowStart: 3_600_000, windowEnd: 7_200_000, flights: 3, rank: 1 },
        ],
      },
    },
  },
  needs({ order, by = [], per }, wanted) {
    const names = orderColumns(order).map(({ name }) => name)
    const kept = [...wanted('main')].filter(name => name !== 'rank')
    return new Set([...kept, ...wanted('late'), ...names, ...by, ...(per === 'end' ? [] : bounds)])
  },
  types(options, input) {
    const isWindowed = isPerWindow(options, input)
    if (isWindowed && bounds.some(name => typeOfField(input, name) === undefined))
      throw new EventStoreError('INVALID', 'per: window needs rows with windowStart and windowEnd', { option: 'per' })
    if (isWindowed && !input.isTimed)
      throw new EventStoreError('INVALID', 'per: window needs an event time, but no eventTime stands before the step', { option: 'per' })
    return { main: { ...withFields(input, { rank: 'integer' }), key: [], isTimed: isWindowed } }
  },
  splitBy({ by, per }, key) {
    const own = by ?? key
    return own.length > 0 || per !== 'window' ? own : bounds
  },
  create(options, context) {
    const { n, order, by } = options
    const isWindowed = isPerWindow(options, context.row)
    const top = new TopRows(context, { n, order, isWindowed })
    if (!isWindowed)
      return onPage({
        page: (page, emit) => top.add(by === undefined ? page : { ...page, key: by }, aliveRows(page), emit),
        barrier: () => top.save(),
        end: (emit, order) => end(top, emit, order),
      })
    return onPage({
      page(page, emit) {
        const { good, late } = onTime(page, context)
        if (late.length > 0) emit(selectRows(page, late, 'late'))
        top.add({ ...page, key: [...bounds, ...(by ?? page.key ?? [])] }, good, emit)
      },
      moves: moves => top.expect(moves),
      watermark: ({ time }, emit) => time !== 'idle' && top.close(time, emit),
      barrier: () => top.save(),
      end: (emit, order) => end(top, emit, order),
    })
  },
}

function end(top: TopRows, emit: Emit, order: number | undefined): void {
  if (order !== undefined) top.expect(endOf(order))
  top.close(Infinity, emit)
}

function isPerWindow({ per }: TopNOptions, input: RowType): boolean {
  if (per !== undefined) return per === 'window'
  return input.isTimed && bounds.every(name => Object.hasOwn(input.fields, name))
}

/** The rows whose window may be open, and those for which it is too late; a row without a window is given up. */
function onTime(page: Page, context: StepContext): { good: Int32Array; late: Int32Array } {
  const { eventTime, watermark } = page
  assert(eventTime !== undefined && watermark !== undefined, 'a page came from a window without an event time')
  const columns = bounds.map(name => columnNamed(page, name))
  const [good, late]: [number[], number[]] = [[], []]
  for (const row of aliveRows(page)) {
    const [start, end] = columns.map(column => valueAt(column, row))
    if (!Number.isFinite(start) || !Number.isFinite(end)) {
      context.dead(page, row, new EventStoreError('INVALID', 'the row has no windowStart or no windowEnd', {}))
    } else if (isComplete(end as number, eventTime[row] as number, watermark[row] as number)) late.push(row)
    else good.push(row)
  }
  return { good: Int32Array.from(good), late: Int32Array.from(late) }
}
