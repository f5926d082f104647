/** All the numbers of each cell, kept to the last one: what percentiles are read from. */
import type { Page } from '../flow.ts'
import { type AggregateCells, type ChunkWriter, grown } from './aggregate.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { checkedNumbers } from './sum.ts'

/** Values that fill a chunk are written once; only those behind the last full chunk are written again. */
const chunkValues = 512
/** A cell that held more gives its room back when it is reset. */
const keptValuesMax = 4096
/** Up to here sorting by insertion is faster than calling sort. */
const insertionValuesMax = 24

export abstract class NumberLists implements AggregateCells {
  readonly #field: string
  #counts = new Int32Array(0)
  /** How many full chunks were written already. */
  #written = new Int32Array(0)
  readonly #values: Float64Array[] = []
  #scratch = new Float64Array(256)

  constructor(field: string) {
    this.#field = field
  }

  /** The result from the values in rising order, of which there is at least one. */
  protected abstract of(sorted: Float64Array): number

  grow(cells: number): void {
    this.#counts = grown(this.#counts, cells)
    this.#written = grown(this.#written, cells)
    while (this.#values.length < cells) this.#values.push(new Float64Array(0))
  }

  reset(cell: number): void {
    this.#counts[cell] = this.#written[cell] = 0
    if ((this.#values[cell] as Float64Array).length > keptValuesMax) this.#values[cell] = new Float64Array(0)
  }

  update(page: Page, rows: Int32Array, cells: Int32Array, count: number): void {
    const column = checkedNumbers(page, this.#field)
    for (let i = 0; i < count; i++) {
      const row = rows[i] as number
      if (column.nulls?.[row] !== 1) this.#add(cells[i] as number, column.values[row] as number)
    }
  }

  #add(cell: number, value: number): void {
    const at = this.#counts[cell] as number
    let values = this.#values[cell] as Float64Array
    if (at === values.length) this.#values[cell] = values = longer(values, at + 1)
    values[at] = value
    this.#counts[cell] = at + 1
  }

  merge(into: number, from: number): void {
    for (const value of (this.#values[from] as Float64Array).subarray(0, this.#counts[from])) this.#add(into, value)
  }

  result(cell: number): number | null {
    const count = this.#counts[cell] as number
    if (count === 0) return null
    if (this.#scratch.length < count) this.#scratch = new Float64Array(2 * count)
    const sorted = this.#scratch.subarray(0, count)
    sorted.set((this.#values[cell] as Float64Array).subarray(0, count))
    sortNumbers(sorted)
    return this.of(sorted)
  }

  save(cell: number, writer: ByteWriter, chunks: ChunkWriter): void {
    const count = this.#counts[cell] as number
    const values = this.#values[cell] as Float64Array
    const full = Math.floor(count / chunkValues)
    for (let chunk = this.#written[cell] as number; chunk < full; chunk++) {
      const bytes = new ByteWriter()
      bytes.numbers(values.subarray(chunk * chunkValues, (chunk + 1) * chunkValues))
      chunks.put(chunk, bytes.take())
    }
    this.#written[cell] = full
    writer.integer(count)
    writer.numbers(values.subarray(full * chunkValues, count))
  }

  load(cell: number, reader: ByteReader): void {
    const count = reader.integer()
    const full = Math.floor(count / chunkValues)
    const values = longer(this.#values[cell] as Float64Array, count)
    values.set(reader.numbers(count - full * chunkValues), full * chunkValues)
    this.#values[cell] = values
    this.#counts[cell] = count
    this.#written[cell] = full
  }

  loadChunk(cell: number, chunk: number, bytes: Uint8Array): void {
    this.#values[cell]?.set(new ByteReader(bytes).numbers(chunkValues), chunk * chunkValues)
  }
}

function longer(values: Float64Array, length: number): Float64Array {
  if (length <= values.length) return values
  const larger = new Float64Array(Math.max(8, length, 2 * values.length))
  larger.set(values)
  return larger
}

function sortNumbers(values: Float64Array): void {
  if (values.length > insertionValuesMax) {
    values.sort()
    return
  }
  for (let i = 1; i < values.length; i++) {
    const value = values[i] as number
    let at = i
    for (; at > 0 && (values[at - 1] as number) > value; at--) values[at] = values[at - 1] as number
    values[at] = value
  }
}
