/** `argMax`: the rows that reach the largest value of a column, all of them when several do. */
import type { Page, Row } from '../flow.ts'
import { rowReader } from '../page.ts'
import { type Aggregate, type AggregateCells, type AggregateUse, grown, numberField, type Operand, operandOf } from './aggregate.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'
import { mergeOrdered, type Ordered } from './ordered.ts'
import { checkedNumbers } from './sum.ts'

/** The rows with the largest value, in their order, with the columns in `take` or all. `unnest` makes rows of them again. */
export function argMax(operand: Operand, take?: readonly string[]): AggregateUse<readonly Row[]> {
  return { aggregate: 'argMax', ...operandOf(operand), ...(take && { take }) }
}

interface ArgMaxOptions {
  readonly field: string
  /** The field is the result of an expression and no column of the row. */
  readonly of?: string
  readonly take?: readonly string[]
}

class ArgMaxCells implements AggregateCells {
  readonly #options: ArgMaxOptions
  #best = new Float64Array(0)
  readonly #rows: Ordered<Row>[] = []

  constructor(options: ArgMaxOptions) {
    this.#options = options
  }

  grow(cells: number): void {
    this.#best = grown(this.#best, cells)
    while (this.#rows.length < cells) this.#rows.push({ values: [], orders: [] })
  }

  reset(cell: number): void {
    this.#best[cell] = -Infinity
    this.#rows[cell] = { values: [], orders: [] }
  }

  update(page: Page, rows: Int32Array, cells: Int32Array, count: number): void {
    const { values, nulls } = checkedNumbers(page, this.#options.field)
    const best = this.#best
    const read = this.#reader(page)
    for (let i = 0; i < count; i++) {
      const row = rows[i] as number
      const cell = cells[i] as number
      const value = values[row] as number
      if (value < (best[cell] as number) || (nulls !== undefined && nulls[row] === 1)) continue
      if (value > (best[cell] as number)) {
        best[cell] = value
        this.#rows[cell] = { values: [], orders: [] }
      }
      const kept = this.#rows[cell] as Ordered<Row>
      kept.values.push(written(read(row)))
      kept.orders.push(page.order[row] as number)
    }
  }

  #reader(page: Page): (row: number) => Row {
    const { field, of, take } = this.#options
    if (take !== undefined || of === undefined) return rowReader(page, take)
    const columns = new Map(page.columns)
    columns.delete(field)
    return rowReader({ ...page, columns })
  }

  merge(into: number, from: number): void {
    const [mine, other] = [this.#best[into] as number, this.#best[from] as number]
    if (other < mine) return
    const kept = this.#rows[from] as Ordered<Row>
    this.#rows[into] = other === mine ? mergeOrdered(this.#rows[into] as Ordered<Row>, kept) : kept
    this.#best[into] = other
  }

  result(cell: number): readonly Row[] {
    return this.#rows[cell]?.values.slice() ?? []
  }

  save(cell: number, writer: ByteWriter): void {
    const { values, orders } = this.#rows[cell] as Ordered<Row>
    writer.number(this.#best[cell] as number)
    writer.text(JSON.stringify(values))
    writer.numbers(Float64Array.from(orders))
  }

  load(cell: number, reader: ByteReader): void {
    this.#best[cell] = reader.number()
    const values = JSON.parse(reader.text()) as Row[]
    this.#rows[cell] = { values, orders: Array.from(reader.numbers(values.length)) }
  }
}

/** The row as JSON would give it back: a number that is none is null there. */
function written(row: Row): Row {
  const isWritten = Object.values(row).every(value => typeof value !== 'number' || Number.isFinite(value))
  return isWritten ? row : (JSON.parse(JSON.stringify(row)) as Row)
}

export const argMaxAggregate: Aggregate<ArgMaxOptions> = {
  spec: {
    name: 'argMax',
    summary: 'The rows that reach the largest value of a column, as a list in the order of the rows; all of them when several do.',
    description: 'An empty list when no row has a number there. `unnest` makes rows of the list.',
    options: {
      field: numberField,
      take: { type: 'list', summary: 'Columns of the rows to keep; all that are not null when left out.' },
    },
    precision: 'exact',
    memory: 'the rows that reach the maximum',
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
  reads: ({ field, take = ['*'] }) => ({ fields: [field, ...take], numbers: [field], values: take }),
  create: options => new ArgMaxCells(options),
}
