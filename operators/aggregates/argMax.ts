/** `argMax`: the rows that reach the largest value of a column, all of them when several do. */
import type { Page, Row } from '../flow.ts'
import { rowReader } from '../page.ts'
import { grown, type Aggregate, type AggregateCells, type AggregateUse } from './aggregate.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'
import { checkedNumbers } from './sum.ts'

/** The rows with the largest value, in their order, with the columns in `take` or all. `unnest` makes rows of them again. */
export function argMax(field: string, take?: readonly string[]): AggregateUse<readonly Row[]> {
  return take === undefined ? { aggregate: 'argMax', field } : { aggregate: 'argMax', field, take }
}

class ArgMaxCells implements AggregateCells {
  readonly #field: string
  readonly #take: readonly string[] | undefined
  #best = new Float64Array(0)
  readonly #rows: Row[][] = []

  constructor(field: string, take: readonly string[] | undefined) {
    this.#field = field
    this.#take = take
  }

  grow(cells: number): void {
    this.#best = grown(this.#best, cells)
    while (this.#rows.length < cells) this.#rows.push([])
  }

  reset(cell: number): void {
    this.#best[cell] = -Infinity
    this.#rows[cell] = []
  }

  update(page: Page, rows: Int32Array, cells: Int32Array, count: number): void {
    const { values, nulls } = checkedNumbers(page, this.#field)
    const best = this.#best
    const read = rowReader(page, this.#take)
    for (let i = 0; i < count; i++) {
      const row = rows[i] as number
      const cell = cells[i] as number
      const value = values[row] as number
      if (value < (best[cell] as number) || (nulls !== undefined && nulls[row] === 1)) continue
      if (value > (best[cell] as number)) {
        best[cell] = value
        this.#rows[cell] = []
      }
      this.#rows[cell]?.push(read(row))
    }
  }

  merge(into: number, from: number): void {
    const [mine, other] = [this.#best[into] as number, this.#best[from] as number]
    if (other < mine) return
    this.#rows[into] = [...(other === mine ? (this.#rows[into] ?? []) : []), ...(this.#rows[from] ?? [])]
    this.#best[into] = other
  }

  result(cell: number): readonly Row[] {
    return this.#rows[cell] ?? []
  }

  save(cell: number, writer: ByteWriter): void {
    writer.number(this.#best[cell] as number)
    writer.text(JSON.stringify(this.#rows[cell]))
  }

  load(cell: number, reader: ByteReader): void {
    this.#best[cell] = reader.number()
    this.#rows[cell] = JSON.parse(reader.text()) as Row[]
  }
}

export const argMaxAggregate: Aggregate<{ readonly field: string; readonly take?: readonly string[] }> = {
  spec: {
    name: 'argMax',
    summary: 'The rows that reach the largest value of a column, as a list in the order of the rows; all of them when several do.',
    description: 'An empty list when no row has a number there. The columns taken must hold JSON values. `unnest` makes rows of the list.',
    options: {
      field: { type: 'field', required: true, summary: 'Column of numbers; null is left out, anything else is a dead letter.' },
      take: { type: 'list', summary: 'Columns of the rows to keep; all that are not null when left out.' },
    },
    example: {
      use: "argMax('price')",
      options: { field: 'price' },
      rows: [
        { bidder: 1, price: 7 },
        { bidder: 2, price: 9 },
        { bidder: 3, price: 9 },
      ],
      result: [
        { bidder: 2, price: 9 },
        { bidder: 3, price: 9 },
      ],
    },
  },
  resultType: 'json',
  reads: ({ field, take }) => ({ fields: [field, ...(take ?? ['*'])], numbers: [field] }),
  create: ({ field, take }) => new ArgMaxCells(field, take),
}
