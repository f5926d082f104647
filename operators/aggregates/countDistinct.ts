/** `countDistinct`: how many different values a column has, exactly. */
import { valueAt } from '../columns.ts'
import type { Page } from '../flow.ts'
import { columnNamed } from '../page.ts'
import { type Aggregate, type AggregateCells, type AggregateUse, type ChunkWriter, grown, type Operand, operandOf } from './aggregate.ts'
import { ByteReader, ByteWriter } from './bytes.ts'

/** How many different values there are; null is left out, and 1 and "1" are two. */
export function countDistinct(operand: Operand): AggregateUse<number> {
  return { aggregate: 'countDistinct', ...operandOf(operand) }
}

/** Values that fill a chunk are written once. */
const chunkValues = 512

/** The different values of one cell, in the order in which they were first seen. */
class DistinctValues {
  readonly list: unknown[] = []
  readonly #plain = new Set<unknown>()
  /** Objects and lists by their JSON text. */
  readonly #texts = new Set<string>()

  add(value: unknown): void {
    const [set, name] = typeof value === 'object' ? [this.#texts, JSON.stringify(value)] : [this.#plain, value]
    if (set.has(name as string)) return
    set.add(name as string)
    this.list.push(value)
  }
}

class CountDistinctCells implements AggregateCells {
  readonly #field: string
  readonly #values: DistinctValues[] = []
  /** How many full chunks were written already. */
  #written = new Int32Array(0)
  /** What stands behind the last full chunk of cells whose chunks are still to be loaded, so that the list keeps its order. */
  readonly #rests = new Map<number, readonly unknown[]>()

  constructor(field: string) {
    this.#field = field
  }

  grow(cells: number): void {
    this.#written = grown(this.#written, cells)
    while (this.#values.length < cells) this.#values.push(new DistinctValues())
  }

  reset(cell: number): void {
    this.#written[cell] = 0
    if (this.#of(cell).list.length > 0) this.#values[cell] = new DistinctValues()
  }

  #of(cell: number): DistinctValues {
    return this.#values[cell] as DistinctValues
  }

  update(page: Page, rows: Int32Array, cells: Int32Array, count: number): void {
    const column = columnNamed(page, this.#field)
    for (let i = 0; i < count; i++) {
      const value = valueAt(column, rows[i] as number)
      if (value !== null) this.#of(cells[i] as number).add(value)
    }
  }

  merge(into: number, from: number): void {
    for (const value of this.#of(from).list) this.#of(into).add(value)
  }

  result(cell: number): number {
    return this.#of(cell).list.length
  }

  save(cell: number, writer: ByteWriter, chunks: ChunkWriter): void {
    const { list } = this.#of(cell)
    const full = Math.floor(list.length / chunkValues)
    for (let chunk = this.#written[cell] as number; chunk < full; chunk++) {
      const bytes = new ByteWriter()
      for (let at = chunk * chunkValues; at < (chunk + 1) * chunkValues; at++) bytes.value(list[at])
      chunks.put(chunk, bytes.take())
    }
    this.#written[cell] = full
    writer.integer(list.length)
    for (let at = full * chunkValues; at < list.length; at++) writer.value(list[at])
  }

  load(cell: number, reader: ByteReader): void {
    const count = reader.integer()
    const full = Math.floor(count / chunkValues)
    this.#written[cell] = full
    const rest = Array.from({ length: count - full * chunkValues }, () => reader.value())
    if (full > 0) this.#rests.set(cell, rest)
    else for (const value of rest) this.#of(cell).add(value)
  }

  loadChunk(cell: number, chunk: number, bytes: Uint8Array): void {
    const reader = new ByteReader(bytes)
    while (reader.rest > 0) this.#of(cell).add(reader.value())
    if (chunk + 1 < (this.#written[cell] as number)) return
    for (const value of this.#rests.get(cell) ?? []) this.#of(cell).add(value)
    this.#rests.delete(cell)
  }
}

export const countDistinctAggregate: Aggregate<{ readonly field: string }> = {
  spec: {
    name: 'countDistinct',
    summary: 'How many different values a column has; null is left out.',
    description: 'It is exact, so all different values of an open window are kept. 1 and "1" are two; objects are compared as JSON texts.',
    options: { field: { type: 'field', required: true, summary: 'Column, or an expression in `of`.' } },
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
