/** `first`: the value of a column in the first row. */
import { type Aggregate, type AggregateUse, type Operand, operandOf } from './aggregate.ts'
import { EdgeCells } from './edge.ts'

/** The value in the first row, in the order in which rows came. */
export function first(operand: Operand): AggregateUse {
  return { aggregate: 'first', ...operandOf(operand) }
}

export const firstAggregate: Aggregate<{ readonly field: string }> = {
  spec: {
    name: 'first',
    summary: 'The value of a column in the first row, in the order in which the rows came; null when it is null there.',
    options: { field: { type: 'field', required: true, summary: 'Column, or an expression in `of`.' } },
    example: { use: "first('gate')", options: { field: 'gate' }, rows: [{ gate: 'A4' }, { gate: 'B1' }], result: 'A4' },
  },
  resultType: operand => operand,
  reads: ({ field }) => ({ fields: [field], values: [field] }),
  create: ({ field }) => new EdgeCells(field, 'first'),
}
