/** `rate`: how many rows, or how much of a column, there was a second. */
import { EventStoreError } from '../../event/error.ts'
import { type Duration, durationMs } from '../duration.ts'
import type { Page } from '../flow.ts'
import { columnNamed } from '../page.ts'
import {
  type Aggregate,
  type AggregateCells,
  type AggregateUse,
  type Filtered,
  grown,
  numberField,
  type Operand,
  operandOf,
  type WindowSpan,
} from './aggregate.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'
import { ExactSums } from './exact-sum.ts'
import { checkedNumbers } from './sum.ts'

type Over = 'window' | 'rows'

/** Rows, or the sum of a column, for each `per` (a second) of the window, or of the time from the first row to the last. */
export function rate(
  operand: Operand | Filtered = {},
  options: { readonly per?: Duration; readonly over?: Over } = {},
): AggregateUse<number> {
  return { aggregate: 'rate', ...operandOf(operand), ...options }
}

interface RateOptions {
  readonly field?: string
  readonly per?: Duration
  readonly over?: Over
}

class RateCells implements AggregateCells {
  readonly #field: string | undefined
  readonly #perMs: number
  readonly #isOverRows: boolean
  readonly #sums = new ExactSums()
  #counts = new Float64Array(0)
  #first = new Float64Array(0)
  #last = new Float64Array(0)

  constructor(field: string | undefined, perMs: number, over: Over) {
    this.#field = field
    this.#perMs = perMs
    this.#isOverRows = over === 'rows'
  }

  grow(cells: number): void {
    this.#sums.grow(cells)
    this.#counts = grown(this.#counts, cells)
    this.#first = grown(this.#first, cells)
    this.#last = grown(this.#last, cells)
  }

  reset(cell: number): void {
    this.#sums.reset(cell)
    this.#counts[cell] = 0
    this.#first[cell] = Infinity
    this.#last[cell] = -Infinity
  }

  update(page: Page, rows: Int32Array, cells: Int32Array, count: number): void {
    if (this.#field === undefined) for (let i = 0; i < count; i++) (this.#counts[cells[i] as number] as number)++
    else this.#sums.update(checkedNumbers(page, this.#field), rows, cells, count)
    const { eventTime } = page
    if (!this.#isOverRows || eventTime === undefined) return
    const [first, last] = [this.#first, this.#last]
    const nulls = this.#field === undefined ? undefined : columnNamed(page, this.#field)
    for (let i = 0; i < count; i++) {
      const row = rows[i] as number
      if (nulls !== undefined && (nulls.kind !== 'number' || nulls.nulls?.[row] === 1)) continue
      const cell = cells[i] as number
      const time = eventTime[row] as number
      if (time < (first[cell] as number)) first[cell] = time
      if (time > (last[cell] as number)) last[cell] = time
    }
  }

  merge(into: number, from: number): void {
    this.#sums.merge(into, from)
    this.#counts[into] = (this.#counts[into] as number) + (this.#counts[from] as number)
    this.#first[into] = Math.min(this.#first[into] as number, this.#first[from] as number)
    this.#last[into] = Math.max(this.#last[into] as number, this.#last[from] as number)
  }

  result(cell: number, { start, end }: WindowSpan = {}): number | null {
    if (this.#field !== undefined && this.#sums.count(cell) === 0) return null
    const amount = this.#field === undefined ? (this.#counts[cell] as number) : this.#sums.double(cell)
    const [from, to] = this.#isOverRows ? [this.#first[cell] as number, this.#last[cell] as number] : [start ?? NaN, end ?? NaN]
    const lengthMs = to - from
    return lengthMs > 0 && lengthMs < Infinity ? (amount * this.#perMs) / lengthMs : null
  }

  save(cell: number, writer: ByteWriter): void {
    this.#sums.save(cell, writer)
    writer.number(this.#counts[cell] as number)
    writer.number(this.#first[cell] as number)
    writer.number(this.#last[cell] as number)
  }

  load(cell: number, reader: ByteReader): void {
    this.#sums.load(cell, reader)
    this.#counts[cell] = reader.number()
    this.#first[cell] = reader.number()
    this.#last[cell] = reader.number()
  }
}

export const rateAggregate: Aggregate<RateOptions> = {
  spec: {
    name: 'rate',
    summary: 'How many rows there were a second, or how much of a column.',
    description:
      'The number of rows, or the sum of a column, divided by the length of the window: of a session from its first row to `gap` after its last. ' +
      'With `over: rows` it is divided by the time from the first row to the last, and null when that is 0. `per` is another time than a second.',
    options: {
      field: {
        ...numberField,
        required: false,
        summary: 'Column of numbers to add up, or an expression in `of`; rows are counted without it.',
      },
      per: { type: 'duration', default: '1s', summary: 'The time that the rate is for.', sample: '1m' },
      over: {
        type: 'choice',
        choices: ['window', 'rows'],
        default: 'window',
        summary: 'What it is divided by: the length of the window, or the time from the first row to the last.',
        sample: 'rows',
      },
    },
    precision: 'exact but for the division; sums as of `sum`',
    memory: '57 bytes',
    example: {
      use: "rate('bytes', { over: 'rows' })",
      options: { field: 'bytes', over: 'rows' },
      rows: [
        { bytes: 100, $eventTime: 0 },
        { bytes: 300, $eventTime: 2000 },
      ],
      result: 200,
    },
  },
  resultType: 'number',
  reads: ({ field, over }) => ({
    fields: field === undefined ? [] : [field],
    numbers: field === undefined ? [] : [field],
    needsTime: over === 'rows',
    needsBounds: over !== 'rows',
  }),
  create({ field, per = '1s', over = 'window' }) {
    const perMs = durationMs(per, 'per')
    if (perMs > 0 && (over === 'window' || over === 'rows')) return new RateCells(field, perMs, over)
    const [option, wanted] = perMs > 0 ? ['over', 'window or rows'] : ['per', 'more than 0']
    throw new EventStoreError('INVALID', `rate: ${option} must be ${wanted}`, { option })
  },
}
