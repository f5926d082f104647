/** The value of a column in the first or the last row of each cell: the state of `first` and `last`. */
import { valueAt } from '../columns.ts'
import type { Page } from '../flow.ts'
import { columnNamed } from '../page.ts'
import { type AggregateCells, grown } from './aggregate.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'

export class EdgeCells implements AggregateCells {
  readonly #field: string
  readonly #isLast: boolean
  #has = new Uint8Array(0)
  #orders = new Float64Array(0)
  readonly #values: unknown[] = []

  constructor(field: string, which: 'first' | 'last') {
    this.#field = field
    this.#isLast = which === 'last'
  }

  grow(cells: number): void {
    this.#has = grown(this.#has, cells)
    this.#orders = grown(this.#orders, cells)
  }

  reset(cell: number): void {
    this.#has[cell] = 0
    this.#values[cell] = null
  }

  update(page: Page, rows: Int32Array, cells: Int32Array, count: number): void {
    const column = columnNamed(page, this.#field)
    for (let i = 0; i < count; i++) {
      const cell = cells[i] as number
      if (!this.#isLast && this.#has[cell] === 1) continue
      const row = rows[i] as number
      this.#values[cell] = valueAt(column, row)
      this.#orders[cell] = page.order[row] as number
      this.#has[cell] = 1
    }
  }

  merge(into: number, from: number): void {
    if (this.#has[from] === 0) return
    const [mine, other] = [this.#orders[into] as number, this.#orders[from] as number]
    if (this.#has[into] === 1 && (this.#isLast ? other < mine : other >= mine)) return
    this.#values[into] = this.#values[from]
    this.#orders[into] = other
    this.#has[into] = 1
  }

  result(cell: number): unknown {
    return this.#values[cell] ?? null
  }

  save(cell: number, writer: ByteWriter): void {
    writer.byte(this.#has[cell] as number)
    writer.number(this.#orders[cell] as number)
    writer.value(this.#values[cell])
  }

  load(cell: number, reader: ByteReader): void {
    this.#has[cell] = reader.byte()
    this.#orders[cell] = reader.number()
    this.#values[cell] = reader.value()
  }
}
