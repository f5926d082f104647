/** `last`: the value of a column in the last row. */
import { type Aggregate, type AggregateUse, type Operand, operandOf } from './aggregate.ts'
import { EdgeCells, type EdgeOptions, type EdgeOrder, edgeOrderOption } from './edge.ts'

/** The value in the last row, in the order in which rows came, or with `by: 'eventTime'` in that in which they happened. */
export function last(operand: Operand, { by }: { readonly by?: EdgeOrder } = {}): AggregateUse {
  return { aggregate: 'last', ...operandOf(operand), ...(by !== undefined && { by }) }
}

export const lastAggregate: Aggregate<EdgeOptions> = {
  spec: {
    name: 'last',
    summary: 'The value of a column in the last row, as the rows came or as they happened; null when it is null there.',
    options: { field: { type: 'field', required: true, summary: 'Column, or an expression in `of`.' }, by: edgeOrderOption },
    precision: 'exact',
    memory: 'one value',
    example: { use: "last('gate')", options: { field: 'gate' }, rows: [{ gate: 'A4' }, { gate: 'B1' }], result: 'B1' },
  },
  resultType: operand => operand,
  reads: ({ field, by }) => ({ fields: [field], values: [field], needsTime: by === 'eventTime' }),
  create: options => new EdgeCells(options, 'last'),
}
