/** `mode`: the value that a column has most often. */
import type { ValueType } from '../expressions/types.ts'
import type { Page } from '../flow.ts'
import { columnNamed } from '../page.ts'
import { compareKeys } from '../windows/window-keys.ts'
import { type Aggregate, type AggregateCells, type AggregateUse, type Operand, operandOf } from './aggregate.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'
import { DistinctValues } from './distinct-values.ts'

/** The most frequent value; the least of those that are equally frequent. */
export function mode(operand: Operand): AggregateUse {
  return { aggregate: 'mode', ...operandOf(operand) }
}

class ModeCells implements AggregateCells {
  readonly #field: string
  readonly #values = new DistinctValues()
  /** How often each value of a cell came, by its place. */
  readonly #counts: Float64Array[] = []
  #places = new Int32Array(64)

  constructor(field: string) {
    this.#field = field
  }

  grow(cells: number): void {
    this.#values.grow(cells)
    while (this.#counts.length < cells) this.#counts.push(new Float64Array(0))
  }

  reset(cell: number): void {
    if (this.#values.size(cell) > 0) this.#counts[cell] = new Float64Array(0)
    this.#values.reset(cell)
  }

  update(page: Page, rows: Int32Array, cells: Int32Array, count: number): void {
    if (this.#places.length < count) this.#places = new Int32Array(count)
    const places = this.#places
    this.#values.update(columnNamed(page, this.#field), rows, { cells, count, places })
    for (let i = 0; i < count; i++) if ((places[i] as number) >= 0) this.#note(cells[i] as number, places[i] as number, 1)
  }

  #note(cell: number, place: number, times: number): void {
    let counts = this.#counts[cell] as Float64Array
    if (place >= counts.length) {
      const larger = new Float64Array(Math.max(4, place + 1, 2 * counts.length))
      larger.set(counts)
      this.#counts[cell] = counts = larger
    }
    counts[place] = (counts[place] as number) + times
  }

  merge(into: number, from: number): void {
    const counts = this.#counts[from] as Float64Array
    for (let place = 0; place < this.#values.size(from); place++)
      this.#note(into, this.#values.take(into, from, place), counts[place] as number)
  }

  result(cell: number): unknown {
    const counts = this.#counts[cell] as Float64Array
    let [most, best] = [0, null as unknown]
    for (let place = 0; place < this.#values.size(cell); place++) {
      const times = counts[place] as number
      if (times < most) continue
      const value = this.#values.valueAt(cell, place)
      if (times > most || compareKeys([value], [best]) < 0) best = value
      most = times
    }
    return best
  }

  save(cell: number, writer: ByteWriter): void {
    const size = this.#values.size(cell)
    writer.integer(size)
    for (let place = 0; place < size; place++) writer.value(this.#values.valueAt(cell, place))
    writer.numbers((this.#counts[cell] as Float64Array).subarray(0, size))
  }

  load(cell: number, reader: ByteReader): void {
    const size = reader.integer()
    for (let place = 0; place < size; place++) this.#values.add(cell, reader.value())
    this.#counts[cell] = reader.numbers(size)
  }
}

export const modeAggregate: Aggregate<{ readonly field: string }> = {
  spec: {
    name: 'mode',
    summary: 'The value that a column has most often; null when no row has one.',
    description:
      'Of values that are equally frequent the least: false, true, numbers, texts by code point, then the rest by JSON text. 1 and "1" are two. ' +
      'It is exact, so all different values of an open window are kept, and a cell is written whole when it has changed; for very many ' +
      'values take `approxTop`.',
    options: { field: { type: 'field', required: true, summary: 'Column, or an expression in `of`; null is left out.' } },
    precision: 'exact',
    memory: '34 to 60 bytes a different value, texts once a step',
    example: { use: "mode('gate')", options: { field: 'gate' }, rows: [{ gate: 'B1' }, { gate: 'A4' }, { gate: 'B1' }], result: 'B1' },
  },
  resultType: (operand: ValueType) => operand,
  reads: ({ field }) => ({ fields: [field], values: [field] }),
  create: ({ field }) => new ModeCells(field),
}
