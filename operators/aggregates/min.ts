/** `min`: the smallest number of a column. */
import type { Aggregate, AggregateUse } from './aggregate.ts'
import { ExtremeCells } from './extreme.ts'

/** The smallest number of a column. */
export function min(field: string): AggregateUse<number> {
  return { aggregate: 'min', field }
}

export const minAggregate: Aggregate<{ readonly field: string }> = {
  spec: {
    name: 'min',
    summary: 'The smallest number of a column; null when no row has a number there.',
    options: { field: { type: 'field', required: true, summary: 'Column of numbers; null is left out, anything else is a dead letter.' } },
    example: { use: "min('delay')", options: { field: 'delay' }, rows: [{ delay: 4 }, { delay: 1 }, { delay: null }], result: 1 },
  },
  resultType: 'number',
  reads: ({ field }) => ({ fields: [field], numbers: [field] }),
  create: ({ field }) => new ExtremeCells(field, 'min'),
}
