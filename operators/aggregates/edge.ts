/** The value of a column in the first or the last row of each cell, as rows came or as they happened: the state of `first` and `last`. */
import { EventStoreError } from '../../event/error.ts'
import { valueAt } from '../columns.ts'
import type { Page } from '../flow.ts'
import type { OptionSpec } from '../operator.ts'
import { columnNamed } from '../page.ts'
import { type AggregateCells, grown } from './aggregate.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'

/** What tells who was first: how rows came, or how they happened. */
export type EdgeOrder = 'order' | 'eventTime'

export interface EdgeOptions {
  readonly field: string
  readonly by?: EdgeOrder
}

export const edgeOrderOption: OptionSpec = {
  type: 'choice',
  choices: ['order', 'eventTime'],
  default: 'order',
  summary: 'Whether rows go by the order in which they came or by when they happened; at the same time by their order.',
}

export class EdgeCells implements AggregateCells {
  readonly #field: string
  readonly #isLast: boolean
  readonly #isByTime: boolean
  #has = new Uint8Array(0)
  #orders = new Float64Array(0)
  /** Event times; 0 everywhere when rows go by their order alone. */
  #times = new Float64Array(0)
  readonly #values: unknown[] = []

  constructor({ field, by = 'order' }: EdgeOptions, which: 'first' | 'last') {
    if (by !== 'order' && by !== 'eventTime')
      throw new EventStoreError('INVALID', `${which}: by is order or eventTime, not ${JSON.stringify(by)}`, { option: 'by' })
    this.#field = field
    this.#isLast = which === 'last'
    this.#isByTime = by === 'eventTime'
  }

  grow(cells: number): void {
    this.#has = grown(this.#has, cells)
    this.#orders = grown(this.#orders, cells)
    this.#times = grown(this.#times, cells)
  }

  reset(cell: number): void {
    this.#has[cell] = 0
    this.#values[cell] = null
  }

  update(page: Page, rows: Int32Array, cells: Int32Array, count: number): void {
    const column = columnNamed(page, this.#field)
    const times = this.#isByTime ? page.eventTime : undefined
    for (let i = 0; i < count; i++) {
      const cell = cells[i] as number
      const row = rows[i] as number
      const time = times === undefined ? 0 : (times[row] as number)
      if (this.#has[cell] === 1 && !this.#isBeyond(cell, time)) continue
      this.#values[cell] = valueAt(column, row)
      this.#orders[cell] = page.order[row] as number
      this.#times[cell] = time
      this.#has[cell] = 1
    }
  }

  /** Whether a row that came later than that of the cell takes its place. */
  #isBeyond(cell: number, time: number): boolean {
    return this.#isLast ? time >= (this.#times[cell] as number) : time < (this.#times[cell] as number)
  }

  merge(into: number, from: number): void {
    if (this.#has[from] === 0) return
    const byTime = (this.#times[from] as number) - (this.#times[into] as number)
    const away = byTime === 0 ? (this.#orders[from] as number) - (this.#orders[into] as number) : byTime
    if (this.#has[into] === 1 && (this.#isLast ? away < 0 : away >= 0)) return
    this.#values[into] = this.#values[from]
    this.#orders[into] = this.#orders[from] as number
    this.#times[into] = this.#times[from] as number
    this.#has[into] = 1
  }

  result(cell: number): unknown {
    return this.#values[cell] ?? null
  }

  save(cell: number, writer: ByteWriter): void {
    writer.byte(this.#has[cell] as number)
    writer.number(this.#orders[cell] as number)
    if (this.#isByTime) writer.number(this.#times[cell] as number)
    writer.value(this.#values[cell])
  }

  load(cell: number, reader: ByteReader): void {
    this.#has[cell] = reader.byte()
    this.#orders[cell] = reader.number()
    this.#times[cell] = this.#isByTime ? reader.number() : 0
    this.#values[cell] = reader.value()
  }
}
