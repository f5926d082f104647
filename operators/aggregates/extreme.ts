/** The smallest or largest number of each cell: the state of `min` and `max`. */
import type { Page } from '../flow.ts'
import { grown, type AggregateCells } from './aggregate.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'
import { checkedNumbers } from './sum.ts'

export class ExtremeCells implements AggregateCells {
  readonly #field: string
  /** 1 for the largest, −1 for the smallest: numbers are compared times it. */
  readonly #sign: 1 | -1
  /** Times sign; −Infinity while there is none. */
  #best = new Float64Array(0)
  #has = new Uint8Array(0)

  constructor(field: string, which: 'min' | 'max') {
    this.#field = field
    this.#sign = which === 'max' ? 1 : -1
  }

  grow(cells: number): void {
    this.#best = grown(this.#best, cells)
    this.#has = grown(this.#has, cells)
  }

  reset(cell: number): void {
    this.#best[cell] = -Infinity
    this.#has[cell] = 0
  }

  update(page: Page, rows: Int32Array, cells: Int32Array, count: number): void {
    const { values, nulls } = checkedNumbers(page, this.#field)
    const [best, has, sign] = [this.#best, this.#has, this.#sign]
    for (let i = 0; i < count; i++) {
      const row = rows[i] as number
      if (nulls !== undefined && nulls[row] === 1) continue
      const cell = cells[i] as number
      const value = sign * (values[row] as number)
      if (value > (best[cell] as number)) best[cell] = value
      has[cell] = 1
    }
  }

  merge(into: number, from: number): void {
    this.#best[into] = Math.max(this.#best[into] as number, this.#best[from] as number)
    this.#has[into] = (this.#has[into] as number) | (this.#has[from] as number)
  }

  result(cell: number): number | null {
    return this.#has[cell] === 1 ? this.#sign * (this.#best[cell] as number) : null
  }

  save(cell: number, writer: ByteWriter): void {
    writer.byte(this.#has[cell] as number)
    writer.number(this.#best[cell] as number)
  }

  load(cell: number, reader: ByteReader): void {
    this.#has[cell] = reader.byte()
    this.#best[cell] = reader.number()
  }
}
