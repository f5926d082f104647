/** Whether a condition held in every or in some row of each cell: the state of `every` and `some`. */
import type { Page } from '../flow.ts'
import { type AggregateCells, grown } from './aggregate.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'

const unknown = 2

export class TruthCells implements AggregateCells {
  readonly #field: string
  /** The value that one row is enough for: false decides `every`, true decides `some`. */
  readonly #decisive: 0 | 1
  /** 0, 1 or unknown. */
  #truths = new Uint8Array(0)

  constructor(field: string, which: 'every' | 'some') {
    this.#field = field
    this.#decisive = which === 'some' ? 1 : 0
  }

  grow(cells: number): void {
    this.#truths = grown(this.#truths, cells)
  }

  reset(cell: number): void {
    this.#truths[cell] = unknown
  }

  update(page: Page, rows: Int32Array, cells: Int32Array, count: number): void {
    const column = page.columns.get(this.#field)
    if (column?.kind !== 'boolean') return
    for (let i = 0; i < count; i++) this.#take(cells[i] as number, column.values[rows[i] as number] as number)
  }

  #take(cell: number, value: number): void {
    if (value !== unknown && this.#truths[cell] !== this.#decisive) this.#truths[cell] = value
  }

  merge(into: number, from: number): void {
    this.#take(into, this.#truths[from] as number)
  }

  result(cell: number): boolean | null {
    const truth = this.#truths[cell]
    return truth === unknown ? null : truth === 1
  }

  save(cell: number, writer: ByteWriter): void {
    writer.byte(this.#truths[cell] as number)
  }

  load(cell: number, reader: ByteReader): void {
    this.#truths[cell] = reader.byte()
  }
}
