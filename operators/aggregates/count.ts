/** `count`: how many rows, or how many rows that have a field. */
import { columnNamed } from '../page.ts'
import { valueAt } from '../columns.ts'
import { type Aggregate, type AggregateCells, type AggregateUse, type Filtered, grown, type Operand, operandOf } from './aggregate.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'
import type { Page } from '../flow.ts'

/** All rows, or with a column those in which it is not null; `count({ where: 'delay > 15' })` those of which a condition is true. */
export function count(operand?: Operand | Filtered): AggregateUse<number> {
  return operand === undefined ? { aggregate: 'count' } : { aggregate: 'count', ...operandOf(operand) }
}

class CountCells implements AggregateCells {
  readonly #field: string | undefined
  #counts = new Float64Array(0)

  constructor(field: string | undefined) {
    this.#field = field
  }

  grow(cells: number): void {
    this.#counts = grown(this.#counts, cells)
  }

  reset(cell: number): void {
    this.#counts[cell] = 0
  }

  update(page: Page, rows: Int32Array, cells: Int32Array, count: number): void {
    const counts = this.#counts
    if (this.#field === undefined) {
      for (let i = 0; i < count; i++) (counts[cells[i] as number] as number)++
      return
    }
    const column = columnNamed(page, this.#field)
    for (let i = 0; i < count; i++) if (valueAt(column, rows[i] as number) !== null) (counts[cells[i] as number] as number)++
  }

  merge(into: number, from: number): void {
    const counts = this.#counts
    counts[into] = (counts[into] as number) + (counts[from] as number)
  }

  result(cell: number): number {
    return this.#counts[cell] as number
  }

  save(cell: number, writer: ByteWriter): void {
    writer.number(this.#counts[cell] as number)
  }

  load(cell: number, reader: ByteReader): void {
    this.#counts[cell] = reader.number()
  }
}

export const countAggregate: Aggregate<{ readonly field?: string }> = {
  spec: {
    name: 'count',
    summary: 'How many rows there are, or with a field how many have it.',
    options: { field: { type: 'field', summary: 'Counts only rows in which this column, or an expression in `of`, is not null.' } },
    precision: 'exact',
    memory: '8 bytes',
    example: { use: 'count()', options: {}, rows: [{ delay: 1 }, { delay: null }], result: 2 },
  },
  resultType: 'integer',
  reads: ({ field }) => ({ fields: field === undefined ? [] : [field] }),
  create: ({ field }) => new CountCells(field),
}
