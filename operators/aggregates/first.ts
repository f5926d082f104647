/** `first`: the value of a column in the first row. */
import { type Aggregate, type AggregateUse, type Operand, operandOf } from './aggregate.ts'
import { EdgeCells, type EdgeOptions, type EdgeOrder, edgeOrderOption } from './edge.ts'

/** The value in the first row, in the order in which rows came, or with `by: 'eventTime'` in that in which they happened. */
export function first(operand: Operand, { by }: { readonly by?: EdgeOrder } = {}): AggregateUse {
  return { aggregate: 'first', ...operandOf(operand), ...(by !== undefined && { by }) }
}

export const firstAggregate: Aggregate<EdgeOptions> = {
  spec: {
    name: 'first',
    summary: 'The value of a column in the first row, as the rows came or as they happened; null when it is null there.',
    options: { field: { type: 'field', required: true, summary: 'Column, or an expression in `of`.' }, by: edgeOrderOption },
    precision: 'exact',
    memory: 'one value',
    example: { use: "first('gate')", options: { field: 'gate' }, rows: [{ gate: 'A4' }, { gate: 'B1' }], result: 'A4' },
  },
  resultType: operand => operand,
  reads: ({ field, by }) => ({ fields: [field], values: [field], needsTime: by === 'eventTime' }),
  create: options => new EdgeCells(options, 'first'),
}
