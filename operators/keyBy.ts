/** `keyBy`: names the columns that are the key of the steps behind it. */
import { onPage } from './lift.ts'
import type { Operator } from './operator.ts'

export interface KeyByOptions {
  readonly fields: readonly string[]
}

export const keyBy: Operator<KeyByOptions> = {
  spec: {
    name: 'keyBy',
    kind: 'stateless',
    summary: 'Names the columns by which the next steps keep their state apart.',
    description: 'Rows with equal values in all the columns belong together. Null is a value like any other; 1 and "1" are different keys.',
    shorthand: 'fields',
    options: { fields: { type: 'list', required: true, summary: 'One or more columns.' } },
    ports: { main: 'The same rows.' },
  },
  example: {
    title: 'By airport',
    options: { fields: ['origin'] },
    input: [{ origin: 'JFK', delay: 3 }, 'barrier'],
    output: { ports: { main: [{ origin: 'JFK', delay: 3 }] } },
  },
  needs: (options, wanted) => new Set([...wanted('main'), ...options.fields]),
  types: (options, input) => ({ main: { ...input, key: options.fields } }),
  create: options => onPage((page, emit) => emit({ ...page, key: options.fields })),
}
