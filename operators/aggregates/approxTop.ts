/** `approxTop`: the most frequent values of a column with how often they came, about, in bounded memory. */
import { EventStoreError } from '../../event/error.ts'
import type { Page } from '../flow.ts'
import { columnNamed } from '../page.ts'
import { compareKeys } from '../windows/window-keys.ts'
import { type Aggregate, type AggregateCells, type AggregateUse, type Operand, operandOf } from './aggregate.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'
import { SpaceSaving } from './space-saving.ts'
import { nullHigh, ValueCodes } from './value-codes.ts'

/** A value with how often it came: at most `count` times, and at least `count − error`. */
export interface Frequent {
  readonly value: unknown
  readonly count: number
  readonly error: number
}

interface TopCounts {
  /** How many values are answered. */
  readonly k?: number
  /** How many values are counted. */
  readonly counters?: number
}

/** The `k` most frequent values (10), the most frequent first; null is left out. */
export function approxTop(operand: Operand, options: TopCounts = {}): AggregateUse<readonly Frequent[]> {
  return { aggregate: 'approxTop', ...operandOf(operand), ...options }
}

const countersMax = 10_000
const countersDefault = 100
const kDefault = 10

class ApproxTopCells implements AggregateCells {
  readonly #field: string
  readonly #k: number
  readonly #counters: number
  readonly #codes = new ValueCodes()
  readonly #cells: SpaceSaving[] = []
  #opened = 0

  constructor(field: string, k: number, counters: number) {
    this.#field = field
    this.#k = k
    this.#counters = counters
  }

  grow(cells: number): void {
    while (this.#cells.length < cells) this.#cells.push(new SpaceSaving(this.#counters))
  }

  reset(cell: number): void {
    if (this.#of(cell).size > 0) this.#cells[cell] = new SpaceSaving(this.#counters)
  }

  #of(cell: number): SpaceSaving {
    return this.#cells[cell] as SpaceSaving
  }

  update(page: Page, rows: Int32Array, cells: Int32Array, count: number): void {
    this.#opened += count
    if (this.#opened > countersMax) this.#giveUpCodes()
    this.#codes.fill(columnNamed(page, this.#field), rows, count)
    const { high, low } = this.#codes
    for (let i = 0; i < count; i++)
      if (high[i] !== nullHigh) (this.#cells[cells[i] as number] as SpaceSaving).add(high[i] as number, low[i] as number)
  }

  /** Texts that lost their counters are forgotten, looked after every so many rows. */
  #giveUpCodes(): void {
    this.#opened = 0
    let inUse = 0
    for (const { size } of this.#cells) inUse += size
    if (!this.#codes.isLoose(inUse)) return
    const lowOf = this.#codes.renew()
    for (const cell of this.#cells) cell.recode(lowOf)
  }

  merge(into: number, from: number): void {
    if (this.#of(from).size > 0) this.#cells[into] = SpaceSaving.merged(this.#of(into), this.#of(from), this.#counters)
  }

  result(cell: number): readonly Frequent[] {
    const counters = this.#of(cell)
    const all = Array.from({ length: counters.size }, (_, at): Frequent => {
      const { high, low, count, error } = counters.counter(at)
      return { value: this.#codes.valueOf(high, low), count, error }
    })
    return all.sort((a, b) => b.count - a.count || compareKeys([a.value], [b.value])).slice(0, this.#k)
  }

  save(cell: number, writer: ByteWriter): void {
    const counters = this.#of(cell)
    writer.integer(counters.size)
    for (let at = 0; at < counters.size; at++) {
      const { high, low, count, error } = counters.counter(at)
      writer.value(this.#codes.valueOf(high, low))
      writer.number(count)
      writer.number(error)
    }
  }

  load(cell: number, reader: ByteReader): void {
    for (let left = reader.integer(); left > 0; left--) {
      this.#codes.ask(reader.value())
      const [high, low] = [this.#codes.high[0] as number, this.#codes.low[0] as number]
      this.#of(cell).put({ high, low, count: reader.number(), error: reader.number() })
    }
  }
}

export const approxTopAggregate: Aggregate<{ readonly field: string } & TopCounts> = {
  spec: {
    name: 'approxTop',
    summary: 'The most frequent values of a column, as a list of `{ value, count, error }`, the most frequent first.',
    description:
      'Space-Saving with so many `counters`: a value came at most `count` and at least `count − error` times, and of n rows `error` is at ' +
      'most n / `counters`. Each value that came more often than that is counted. Up to `counters` different values are counted exactly. ' +
      'Which of the rare values have a counter depends on the order of the rows and on which parts were merged, but the bounds do not; the ' +
      'same log gives the same result. Equally frequent values leave in their order, as with `mode`.',
    options: {
      field: { type: 'field', required: true, summary: 'Column, or an expression in `of`; null is left out.' },
      k: { type: 'number', default: kDefault, least: 1, most: countersMax, isWhole: true, summary: 'How many values are answered.' },
      counters: {
        type: 'number',
        least: 1,
        most: countersMax,
        isWhole: true,
        summary: `How many values are counted: ${countersDefault} or ten times \`k\`, whichever is more, when left out.`,
      },
    },
    precision: 'a count is at most n / `counters` too high for n rows: 1 %',
    memory: 'up to 44 bytes a counter (100), and its text',
    example: {
      use: "approxTop('gate', { k: 1 })",
      options: { field: 'gate', k: 1 },
      rows: [{ gate: 'B1' }, { gate: 'A4' }, { gate: 'B1' }],
      result: [{ value: 'B1', count: 2, error: 0 }],
    },
  },
  resultType: 'json',
  reads: ({ field }) => ({ fields: [field], values: [field] }),
  create({ field, k = kDefault, counters = Math.min(countersMax, Math.max(countersDefault, 10 * k)) }) {
    const wrong = (option: string, least: number): EventStoreError =>
      new EventStoreError('INVALID', `approxTop: ${option} is not a whole number from ${least} to ${countersMax}`, { option })
    if (!Number.isInteger(k) || k < 1 || k > countersMax) throw wrong('k', 1)
    if (!Number.isInteger(counters) || counters < k || counters > countersMax) throw wrong('counters', k)
    return new ApproxTopCells(field, k, counters)
  },
}
