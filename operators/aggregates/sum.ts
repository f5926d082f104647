/** `sum`: the sum of a column, exact for integers. */
import { numberColumn } from '../columns.ts'
import type { NumberColumn, Page } from '../flow.ts'
import { type Aggregate, type AggregateCells, type AggregateUse, numberField, type Operand, operandOf } from './aggregate.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'
import { ExactSums } from './exact-sum.ts'

/** The sum of a column of numbers. */
export function sum(operand: Operand): AggregateUse<number> {
  return { aggregate: 'sum', ...operandOf(operand) }
}

/** The numbers of a page that has been checked to hold nothing else there; nulls when no row has the field. */
export function checkedNumbers(page: Page, field: string): NumberColumn {
  const column = page.columns.get(field)
  return column?.kind === 'number' ? column : numberColumn(new Array<null>(page.count).fill(null))
}

export class SumCells implements AggregateCells {
  readonly #field: string
  protected readonly sums = new ExactSums()

  constructor(field: string) {
    this.#field = field
  }

  grow(cells: number): void {
    this.sums.grow(cells)
  }

  reset(cell: number): void {
    this.sums.reset(cell)
  }

  update(page: Page, rows: Int32Array, cells: Int32Array, count: number): void {
    this.sums.update(checkedNumbers(page, this.#field), rows, cells, count)
  }

  merge(into: number, from: number): void {
    this.sums.merge(into, from)
  }

  result(cell: number): unknown {
    return this.sums.result(cell)
  }

  save(cell: number, writer: ByteWriter): void {
    this.sums.save(cell, writer)
  }

  load(cell: number, reader: ByteReader): void {
    this.sums.load(cell, reader)
  }
}

export const sumAggregate: Aggregate<{ readonly field: string }> = {
  spec: {
    name: 'sum',
    summary: 'The sum of a column; null when no row has a number there.',
    description:
      'Integers up to 2^53 are added exactly, whatever their number; a sum above 2^53 is a decimal text. Other numbers are added as ' +
      'doubles in the order of the rows, beside the integers, and the result is then a double.',
    options: { field: numberField },
    precision: 'exact for integers; else a double',
    memory: '33 bytes',
    example: {
      use: "sum('delay')",
      options: { field: 'delay' },
      rows: [{ delay: 9007199254740991 }, { delay: 3 }],
      result: '9007199254740994',
    },
  },
  resultType: 'number',
  reads: ({ field }) => ({ fields: [field], numbers: [field] }),
  create: ({ field }) => new SumCells(field),
}
