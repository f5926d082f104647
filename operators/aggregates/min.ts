/** `min`: the smallest number of a column. */
import { type Aggregate, type AggregateUse, numberField, numberOf, type Operand, operandOf } from './aggregate.ts'
import { ExtremeCells } from './extreme.ts'

/** The smallest number of a column. */
export function min(operand: Operand): AggregateUse<number> {
  return { aggregate: 'min', ...operandOf(operand) }
}

export const minAggregate: Aggregate<{ readonly field: string }> = {
  spec: {
    name: 'min',
    summary: 'The smallest number or time of a column; null when no row has one there.',
    description: 'In a column declared as `timestamp`, texts of ISO 8601 are times as well; the result is in milliseconds.',
    options: { field: numberField },
    precision: 'exact',
    memory: '9 bytes',
    example: { use: "min('delay')", options: { field: 'delay' }, rows: [{ delay: 4 }, { delay: 1 }, { delay: null }], result: 1 },
  },
  resultType: numberOf,
  reads: ({ field }) => ({ fields: [field], numbers: [field] }),
  create: ({ field }) => new ExtremeCells(field, 'min'),
}
