/** `mean`: the sum of a column divided by how many numbers there were. */
import { type Aggregate, type AggregateUse, numberField, type Operand, operandOf } from './aggregate.ts'
import { SumCells } from './sum.ts'

/** The mean of a column of numbers. */
export function mean(operand: Operand): AggregateUse<number> {
  return { aggregate: 'mean', ...operandOf(operand) }
}

export class MeanCells extends SumCells {
  override result(cell: number): number | null {
    const count = this.sums.count(cell)
    return count === 0 ? null : this.sums.double(cell) / count
  }
}

export const meanAggregate: Aggregate<{ readonly field: string }> = {
  spec: {
    name: 'mean',
    summary: 'The mean of a column; null when no row has a number there.',
    description: 'The exact sum (see `sum`) as a double, divided by the number of values.',
    options: { field: numberField },
    precision: 'exact for integers; else a double',
    memory: '33 bytes',
    example: { use: "mean('delay')", options: { field: 'delay' }, rows: [{ delay: 1 }, { delay: 2 }, { delay: null }], result: 1.5 },
  },
  resultType: 'number',
  reads: ({ field }) => ({ fields: [field], numbers: [field] }),
  create: ({ field }) => new MeanCells(field),
}
