/** `max`: the largest number of a column. */
import type { Aggregate, AggregateUse } from './aggregate.ts'
import { ExtremeCells } from './extreme.ts'

/** The largest number of a column. */
export function max(field: string): AggregateUse<number> {
  return { aggregate: 'max', field }
}

export const maxAggregate: Aggregate<{ readonly field: string }> = {
  spec: {
    name: 'max',
    summary: 'The largest number of a column; null when no row has a number there.',
    options: { field: { type: 'field', required: true, summary: 'Column of numbers; null is left out, anything else is a dead letter.' } },
    example: { use: "max('delay')", options: { field: 'delay' }, rows: [{ delay: 4 }, { delay: 1 }, { delay: null }], result: 4 },
  },
  resultType: 'number',
  reads: ({ field }) => ({ fields: [field], numbers: [field] }),
  create: ({ field }) => new ExtremeCells(field, 'max'),
}
