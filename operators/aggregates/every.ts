/** `every`: whether a condition holds in every row. */
import { type Aggregate, type AggregateUse, booleanField, type Operand, operandOf } from './aggregate.ts'
import { TruthCells } from './truth.ts'

/** Whether a boolean column, or a condition such as `{ of: 'delay > 15' }`, is true in every row. */
export function every(operand: Operand): AggregateUse<boolean> {
  return { aggregate: 'every', ...operandOf(operand) }
}

export const everyAggregate: Aggregate<{ readonly field: string }> = {
  spec: {
    name: 'every',
    summary: 'Whether a column is true in every row; null when no row says.',
    description: 'As `bool_and` of Postgres: rows in which it is null are left out.',
    options: { field: booleanField },
    precision: 'exact',
    memory: '1 byte',
    example: { use: "every('late')", options: { field: 'late' }, rows: [{ late: true }, { late: false }, { late: null }], result: false },
  },
  resultType: 'boolean',
  reads: ({ field }) => ({ fields: [field], booleans: [field] }),
  create: ({ field }) => new TruthCells(field, 'every'),
}
