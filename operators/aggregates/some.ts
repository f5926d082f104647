/** `some`: whether a condition holds in some row. */
import { type Aggregate, type AggregateUse, booleanField, type Operand, operandOf } from './aggregate.ts'
import { TruthCells } from './truth.ts'

/** Whether a boolean column, or a condition such as `{ of: 'delay > 15' }`, is true in some row. */
export function some(operand: Operand): AggregateUse<boolean> {
  return { aggregate: 'some', ...operandOf(operand) }
}

export const someAggregate: Aggregate<{ readonly field: string }> = {
  spec: {
    name: 'some',
    summary: 'Whether a column is true in some row; null when no row says.',
    description: 'As `bool_or` of Postgres: rows in which it is null are left out.',
    options: { field: booleanField },
    precision: 'exact',
    memory: '1 byte',
    example: { use: "some('late')", options: { field: 'late' }, rows: [{ late: true }, { late: false }, { late: null }], result: true },
  },
  resultType: 'boolean',
  reads: ({ field }) => ({ fields: [field], booleans: [field] }),
  create: ({ field }) => new TruthCells(field, 'some'),
}
