/** `last`: the value of a column in the last row. */
import { type Aggregate, type AggregateUse, type Operand, operandOf } from './aggregate.ts'
import { EdgeCells } from './edge.ts'

/** The value in the last row, in the order in which rows came. */
export function last(operand: Operand): AggregateUse {
  return { aggregate: 'last', ...operandOf(operand) }
}

export const lastAggregate: Aggregate<{ readonly field: string }> = {
  spec: {
    name: 'last',
    summary: 'The value of a column in the last row, in the order in which the rows came; null when it is null there.',
    options: { field: { type: 'field', required: true, summary: 'Column, or an expression in `of`.' } },
    example: { use: "last('gate')", options: { field: 'gate' }, rows: [{ gate: 'A4' }, { gate: 'B1' }], result: 'B1' },
  },
  resultType: operand => operand,
  reads: ({ field }) => ({ fields: [field], values: [field] }),
  create: ({ field }) => new EdgeCells(field, 'last'),
}
