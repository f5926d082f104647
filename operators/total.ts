/** `total`: aggregates all rows by key, once, at the end of the input. */
import type { Operator } from './operator.ts'
import { AlignedWindows } from './windows/window-aligned.ts'
import { aggregateOption, byOption, keyedRow, windowStep } from './windows/window-step.ts'
import { aggregatedRow, type AggregateUses, fieldsRead } from './windows/window-uses.ts'

export interface TotalOptions {
  readonly by?: readonly string[]
  readonly aggregate: AggregateUses
}

export const total: Operator<TotalOptions> = {
  spec: {
    name: 'total',
    kind: 'keyed',
    summary: 'Aggregates all rows by key and gives one row for each key at the end of the input.',
    description: 'For topologies that end (`until: head`, files). Rows leave in the order of the key and have no event time.',
    options: { by: { ...byOption, sample: ['kind'] }, aggregate: aggregateOption },
    ports: { main: 'A row for each key.' },
    stateVersion: 1,
    keeps: 'a cell for each key',
  },
  example: {
    title: 'How many of each',
    key: ['kind'],
    options: { aggregate: { rows: { aggregate: 'count' } } },
    input: [{ kind: 'b' }, { kind: 'a' }, 'barrier', { kind: 'b' }, 'end', 'barrier'],
    output: {
      ports: {
        main: [
          { kind: 'a', rows: 1 },
          { kind: 'b', rows: 2 },
        ],
      },
    },
  },
  needs: ({ aggregate, by }) => fieldsRead(aggregate, by),
  types: ({ aggregate, by }, input) => ({ main: { ...aggregatedRow(aggregate, keyedRow(input, by)), isTimed: false } }),
  splitBy: ({ by }, key) => by ?? key,
  create: ({ by, aggregate }, context) => windowStep(new AlignedWindows(context, { sizeMs: Infinity, offsetMs: 0, by, aggregate })),
}
