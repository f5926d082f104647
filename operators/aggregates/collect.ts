/** `collect`: the values of a column as a list. */
import { EventStoreError } from '../../event/error.ts'
import { valueAt } from '../columns.ts'
import type { ValueType } from '../expressions/types.ts'
import type { Page } from '../flow.ts'
import { columnNamed } from '../page.ts'
import { type Aggregate, type AggregateCells, type AggregateUse, type Operand, operandOf } from './aggregate.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'
import { mergeOrdered, type Ordered } from './ordered.ts'

/** The most that a list may be asked to hold: it is written whole whenever it has changed. */
export const collectValuesMax = 100_000
const collectValuesDefault = 1000

/** The values in the order of the rows, the first `most` of them (1,000 when left out); null is left out. */
export function collect(operand: Operand, { most }: { readonly most?: number } = {}): AggregateUse<readonly unknown[]> {
  return { aggregate: 'collect', ...operandOf(operand), ...(most !== undefined && { most }) }
}

class CollectCells implements AggregateCells {
  readonly #field: string
  readonly #most: number
  readonly #lists: Ordered<unknown>[] = []

  constructor(field: string, most: number) {
    this.#field = field
    this.#most = most
  }

  grow(cells: number): void {
    while (this.#lists.length < cells) this.#lists.push({ values: [], orders: [] })
  }

  reset(cell: number): void {
    this.#lists[cell] = { values: [], orders: [] }
  }

  update(page: Page, rows: Int32Array, cells: Int32Array, count: number): void {
    const column = columnNamed(page, this.#field)
    for (let i = 0; i < count; i++) {
      const { values, orders } = this.#lists[cells[i] as number] as Ordered<unknown>
      if (values.length === this.#most) continue
      const row = rows[i] as number
      const value = valueAt(column, row)
      if (value === null) continue
      values.push(value)
      orders.push(page.order[row] as number)
    }
  }

  merge(into: number, from: number): void {
    this.#lists[into] = mergeOrdered(this.#lists[into] as Ordered<unknown>, this.#lists[from] as Ordered<unknown>, this.#most)
  }

  result(cell: number): readonly unknown[] {
    return this.#lists[cell]?.values.slice() ?? []
  }

  save(cell: number, writer: ByteWriter): void {
    const { values, orders } = this.#lists[cell] as Ordered<unknown>
    writer.integer(values.length)
    for (const value of values) writer.value(value)
    writer.numbers(Float64Array.from(orders))
  }

  load(cell: number, reader: ByteReader): void {
    const count = reader.integer()
    const values = Array.from({ length: count }, () => reader.value())
    this.#lists[cell] = { values, orders: Array.from(reader.numbers(count)) }
  }
}

function listOf(operand: ValueType): ValueType {
  return operand === 'any' || operand === 'json' || operand.endsWith('[]') ? 'json' : (`${operand}[]` as ValueType)
}

export const collectAggregate: Aggregate<{ readonly field: string; readonly most?: number }> = {
  spec: {
    name: 'collect',
    summary: 'The values of a column as a list in the order of the rows; an empty list when there is none.',
    description: 'The list is bounded: values after the first `most` are left out. `unnest` makes rows of it.',
    options: {
      field: { type: 'field', required: true, summary: 'Column, or an expression in `of`; null is left out.' },
      most: {
        type: 'number',
        default: collectValuesDefault,
        least: 1,
        most: collectValuesMax,
        isWhole: true,
        summary: 'How many values are kept.',
      },
    },
    precision: 'exact',
    memory: 'the first `most` values',
    example: {
      use: "collect('gate')",
      options: { field: 'gate' },
      rows: [{ gate: 'B1' }, { gate: null }, { gate: 'A4' }],
      result: ['B1', 'A4'],
    },
  },
  resultType: listOf,
  reads: ({ field }) => ({ fields: [field], values: [field] }),
  create({ field, most = collectValuesDefault }) {
    if (Number.isSafeInteger(most) && most >= 1 && most <= collectValuesMax) return new CollectCells(field, most)
    throw new EventStoreError('INVALID', `collect: most is not a whole number from 1 to ${collectValuesMax}: ${JSON.stringify(most)}`, {
      option: 'most',
    })
  },
}
