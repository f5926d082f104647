/** `countDistinct`: how many different values a column has, exactly. */
import type { Page } from '../flow.ts'
import { columnNamed } from '../page.ts'
import { type Aggregate, type AggregateCells, type AggregateUse, type ChunkWriter, grown, type Operand, operandOf } from './aggregate.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { DistinctValues } from './distinct-values.ts'

/** How many different values there are; null is left out, and 1 and "1" are two. */
export function countDistinct(operand: Operand): AggregateUse<number> {
  return { aggregate: 'countDistinct', ...operandOf(operand) }
}

/** Values that fill a chunk are written once. */
const chunkValues = 512

class CountDistinctCells implements AggregateCells {
  readonly #field: string
  readonly #values = new DistinctValues()
  /** How many full chunks were written already. */
  #written = new Int32Array(0)
  /** What stands behind the last full chunk of cells whose chunks are still to be loaded, so that the values keep their order. */
  readonly #rests = new Map<number, readonly unknown[]>()

  constructor(field: string) {
    this.#field = field
  }

  grow(cells: number): void {
    this.#written = grown(this.#written, cells)
    this.#values.grow(cells)
  }

  reset(cell: number): void {
    this.#written[cell] = 0
    this.#values.reset(cell)
  }

  update(page: Page, rows: Int32Array, cells: Int32Array, count: number): void {
    this.#values.update(columnNamed(page, this.#field), rows, { cells, count })
  }

  merge(into: number, from: number): void {
    for (let place = 0; place < this.#values.size(from); place++) this.#values.take(into, from, place)
  }

  result(cell: number): number {
    return this.#values.size(cell)
  }

  save(cell: number, writer: ByteWriter, chunks: ChunkWriter): void {
    const size = this.#values.size(cell)
    const full = Math.floor(size / chunkValues)
    for (let chunk = this.#written[cell] as number; chunk < full; chunk++) {
      const bytes = new ByteWriter()
      for (let at = chunk * chunkValues; at < (chunk + 1) * chunkValues; at++) bytes.value(this.#values.valueAt(cell, at))
      chunks.put(chunk, bytes.take())
    }
    this.#written[cell] = full
    writer.integer(size)
    for (let at = full * chunkValues; at < size; at++) writer.value(this.#values.valueAt(cell, at))
  }

  load(cell: number, reader: ByteReader): void {
    const count = reader.integer()
    const full = Math.floor(count / chunkValues)
    this.#written[cell] = full
    const rest = Array.from({ length: count - full * chunkValues }, () => reader.value())
    if (full > 0) this.#rests.set(cell, rest)
    else for (const value of rest) this.#values.add(cell, value)
  }

  loadChunk(cell: number, chunk: number, bytes: Uint8Array): void {
    const reader = new ByteReader(bytes)
    while (reader.rest > 0) this.#values.add(cell, reader.value())
    if (chunk + 1 < (this.#written[cell] as number)) return
    for (const value of this.#rests.get(cell) ?? []) this.#values.add(cell, value)
    this.#rests.delete(cell)
  }
}

export const countDistinctAggregate: Aggregate<{ readonly field: string }> = {
  spec: {
    name: 'countDistinct',
    summary: 'How many different values a column has; null is left out.',
    description: 'It is exact, so all different values of an open window are kept. 1 and "1" are two; objects are compared as JSON texts.',
    options: { field: { type: 'field', required: true, summary: 'Column, or an expression in `of`.' } },
    precision: 'exact',
    memory: '26 to 44 bytes a different value, texts once a step',
    example: {
      use: "countDistinct('gate')",
      options: { field: 'gate' },
      rows: [{ gate: 'B1' }, { gate: 'A4' }, { gate: 'B1' }],
      result: 2,
    },
  },
  resultType: 'integer',
  reads: ({ field }) => ({ fields: [field], values: [field] }),
  create: ({ field }) => new CountDistinctCells(field),
}
