/** `filter`: keeps the rows of which a condition is true. */
import { onPage } from './lift.ts'
import type { Operator } from './operator.ts'
import { conditionOf, conditionReads } from './rows/condition.ts'

export interface FilterOptions {
  /** An expression, or `module#export`. */
  readonly where: string
}

export const filter: Operator<FilterOptions> = {
  spec: {
    name: 'filter',
    kind: 'stateless',
    summary: 'Keeps the rows of which a condition is true.',
    description:
      "The condition is an expression such as `delay > 60 and origin <> 'JFK'`, where null is not true, or a function as `module#export`. " +
      'A function is a plain one `(row) => boolean` that is given all fields that are not null, one made by ' +
      '`rows({ reads }, fn)` that is given only the columns it names, or one ' +
      'made by `columns({ reads, writes: { keep: "boolean" } }, loop)` that fills one boolean column for the whole page. A row for which ' +
      'the condition fails is a dead letter. No column is copied: the page goes on with fewer rows selected.',
    shorthand: 'where',
    options: {
      where: { type: 'condition', required: true, summary: 'An expression that is true or not, or a function as `module#export`.' },
    },
    ports: { main: 'The rows kept.' },
  },
  example: {
    title: 'Keep what is large',
    options: { where: 'size > 10' },
    input: [{ size: 5 }, { size: 11 }, { size: null }, { size: 12 }],
    output: { ports: { main: [{ size: 11 }, { size: 12 }] } },
  },
  needs(options, wanted, functionOf) {
    return new Set([...wanted('main'), ...conditionReads(options.where, functionOf)])
  },
  async create(options, context) {
    const where = await conditionOf(options.where, context)
    return onPage((page, emit) => emit(where.keep(page)))
  },
}
