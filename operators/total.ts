/** `total`: aggregates all rows by key, once, at the end of the input. */
import { onPage } from './lift.ts'
import type { Operator } from './operator.ts'
import { aggregatedRow, fieldsRead, type AggregateUses } from './windows/window-aggregates.ts'
import { Windows } from './windows/window-cells.ts'

export interface TotalOptions {
  readonly aggregate: AggregateUses
}

export const total: Operator<TotalOptions> = {
  spec: {
    name: 'total',
    kind: 'keyed',
    summary: 'Aggregates all rows by key and gives one row for each key at the end of the input.',
    description: 'For topologies that end (`until: head`, files). Rows leave in the order of the key and have no event time.',
    options: {
      aggregate: { type: 'aggregates', required: true, summary: 'Columns to compute, by name: `{ rows: count(), price: sum("price") }`.' },
    },
    ports: { main: 'A row for each key.' },
    stateVersion: 1,
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
  needs: options => fieldsRead(options.aggregate),
  types: (options, input) => ({ main: { ...aggregatedRow(options.aggregate, input), isTimed: false } }),
  create(options, context) {
    const windows = new Windows(context, { sizeMs: Infinity, offsetMs: 0, aggregate: options.aggregate })
    return onPage({
      page: page => void windows.add(page),
      barrier: () => windows.save(),
      end: emit => windows.close(Infinity, emit),
    })
  },
}
