/** `avg`: another name for `mean`, which is what SQL calls it. */
import { type Aggregate, type AggregateUse, numberField, type Operand, operandOf } from './aggregate.ts'
import { MeanCells } from './mean.ts'

/** The mean of a column of numbers, as `mean`. */
export function avg(operand: Operand): AggregateUse<number> {
  return { aggregate: 'avg', ...operandOf(operand) }
}

export const avgAggregate: Aggregate<{ readonly field: string }> = {
  spec: {
    name: 'avg',
    summary: 'The mean of a column, the same as `mean`; null when no row has a number there.',
    options: { field: numberField },
    precision: 'exact for integers; else a double',
    memory: '33 bytes',
    example: { use: "avg('delay')", options: { field: 'delay' }, rows: [{ delay: 1 }, { delay: 2 }, { delay: null }], result: 1.5 },
  },
  resultType: 'number',
  reads: ({ field }) => ({ fields: [field], numbers: [field] }),
  create: ({ field }) => new MeanCells(field),
}
