/** `approxDistinct`: how many different values a column has, about, in little memory. */
import { EventStoreError } from '../../event/error.ts'
import type { Page } from '../flow.ts'
import { columnNamed } from '../page.ts'
import { type Aggregate, type AggregateCells, type AggregateUse, type Operand, operandOf } from './aggregate.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'
import { HyperLogLogs } from './hyper-log-log.ts'
import { ValueHashes } from './value-hash.ts'

const precisionLeast = 4
const precisionMost = 18
const precisionDefault = 12

/** How many different values there are, about; null is left out. `precision` p: 2^p bytes, a standard error of 1.04 / √2^p. */
export function approxDistinct(operand: Operand, { precision }: { readonly precision?: number } = {}): AggregateUse<number> {
  return { aggregate: 'approxDistinct', ...operandOf(operand), ...(precision !== undefined && { precision }) }
}

class ApproxDistinctCells implements AggregateCells {
  readonly #field: string
  readonly #sketches: HyperLogLogs
  readonly #hashes = new ValueHashes()

  constructor(field: string, precision: number) {
    this.#field = field
    this.#sketches = new HyperLogLogs(precision)
  }

  grow(cells: number): void {
    this.#sketches.grow(cells)
  }

  reset(cell: number): void {
    this.#sketches.reset(cell)
  }

  update(page: Page, rows: Int32Array, cells: Int32Array, count: number): void {
    this.#hashes.fill(columnNamed(page, this.#field), rows, count)
    const { high, low, isNull } = this.#hashes
    for (let i = 0; i < count; i++) if (isNull[i] === 0) this.#sketches.add(cells[i] as number, high[i] as number, low[i] as number)
  }

  merge(into: number, from: number): void {
    this.#sketches.merge(into, from)
  }

  result(cell: number): number {
    return this.#sketches.estimate(cell)
  }

  save(cell: number, writer: ByteWriter): void {
    this.#sketches.save(cell, writer)
  }

  load(cell: number, reader: ByteReader): void {
    this.#sketches.load(cell, reader)
  }
}

export const approxDistinctAggregate: Aggregate<{ readonly field: string; readonly precision?: number }> = {
  spec: {
    name: 'approxDistinct',
    summary: 'How many different values a column has, about; null is left out.',
    description:
      'HyperLogLog with 2^`precision` registers: two thirds of the results are off by less than 1.04 / √2^`precision`, 1.6 % for 12 and 0.8 % for 14, and ' +
      'all but one in three hundred by less than three times that. Up to 2^`precision` / 16 values are counted all but exactly. The result depends on ' +
      'the set of values alone: not on their order, and not on how parts were merged. 1 and "1" are two; objects are compared as JSON texts.',
    options: {
      field: { type: 'field', required: true, summary: 'Column, or an expression in `of`.' },
      precision: {
        type: 'number',
        default: precisionDefault,
        least: precisionLeast,
        most: precisionMost,
        isWhole: true,
        summary: 'Registers are 2 to the power of it.',
      },
    },
    precision: 'standard error 1.04 / √2^`precision`: 1.6 %',
    memory: '2^`precision` bytes (4,096); less while there are few values',
    example: {
      use: "approxDistinct('gate')",
      options: { field: 'gate' },
      rows: [{ gate: 'B1' }, { gate: 'A4' }, { gate: 'B1' }],
      result: 2,
    },
  },
  resultType: 'integer',
  reads: ({ field }) => ({ fields: [field], values: [field] }),
  create({ field, precision = precisionDefault }) {
    if (Number.isInteger(precision) && precision >= precisionLeast && precision <= precisionMost)
      return new ApproxDistinctCells(field, precision)
    const range = `${precisionLeast} to ${precisionMost}`
    throw new EventStoreError('INVALID', `approxDistinct: precision is not a whole number from ${range}: ${JSON.stringify(precision)}`, {
      option: 'precision',
    })
  },
}
