/** `max`: the largest number of a column. */
import { type Aggregate, type AggregateUse, numberField, numberOf, type Operand, operandOf } from './aggregate.ts'
import { ExtremeCells } from './extreme.ts'

/** The largest number of a column. */
export function max(operand: Operand): AggregateUse<number> {
  return { aggregate: 'max', ...operandOf(operand) }
}

export const maxAggregate: Aggregate<{ readonly field: string }> = {
  spec: {
    name: 'max',
    summary: 'The largest number or time of a column; null when no row has one there.',
    description: 'In a column declared as `timestamp`, texts of ISO 8601 are times as well; the result is in milliseconds.',
    options: { field: numberField },
    precision: 'exact',
    memory: '9 bytes',
    example: { use: "max('delay')", options: { field: 'delay' }, rows: [{ delay: 4 }, { delay: 1 }, { delay: null }], result: 4 },
  },
  resultType: numberOf,
  reads: ({ field }) => ({ fields: [field], numbers: [field] }),
  create: ({ field }) => new ExtremeCells(field, 'max'),
}
