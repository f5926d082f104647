/** `select`: goes on with some columns only, as they are or computed. */
import { onlyFields, typeOfField, type RowType, type ValueType } from './expressions/types.ts'
import { onPage } from './lift.ts'
import type { Operator } from './operator.ts'
import { computedBy, computedReads, computedTypes, type Expressions } from './rows/computed.ts'
import { keyIfWhole, withOnly } from './rows/key.ts'

export interface SelectOptions {
  /** Names, or `{ column: expression }`. */
  readonly columns: readonly string[] | Expressions
}

export const select: Operator<SelectOptions> = {
  spec: {
    name: 'select',
    kind: 'stateless',
    summary: 'Goes on with these columns only.',
    description:
      'A list of names takes columns as they are and touches no row. `{ column: expression }` computes each column from those that came ' +
      'in; a row for which one fails is a dead letter. A key set by `keyBy` stays when all its columns are among those selected.',
    shorthand: 'columns',
    options: {
      columns: {
        type: 'columns',
        required: true,
        summary: 'Names of columns, or `{ column: expression }`.',
        sample: { origin: 'origin', hours: 'delay / 60' },
      },
    },
    ports: { main: 'The rows with these columns.' },
  },
  example: {
    title: 'Only where and how late',
    options: { columns: ['origin', 'delay'] },
    input: [
      { origin: 'JFK', delay: 90, carrier: 'B6' },
      { origin: 'BOS', delay: 4, carrier: 'DL' },
    ],
    output: {
      ports: {
        main: [
          { origin: 'JFK', delay: 90 },
          { origin: 'BOS', delay: 4 },
        ],
      },
    },
  },
  needs({ columns }, wanted) {
    if (!isNames(columns)) return new Set(computedReads(columns))
    const needed = wanted('main')
    return new Set(columns.filter(name => needed.has('*') || needed.has(name)))
  },
  types({ columns }, input): { main: RowType } {
    const named = (name: string): [string, ValueType] => [name, typeOfField(input, name) ?? 'any']
    const fields = isNames(columns) ? Object.fromEntries(columns.map(named)) : computedTypes(columns, input)
    return { main: { ...onlyFields(input, fields), key: keyIfWhole(input.key, namesOfColumns(columns)) ?? [] } }
  },
  create({ columns }, context) {
    const names = namesOfColumns(columns)
    if (isNames(columns)) {
      return onPage((page, emit) => {
        const taken = columns.flatMap(name => {
          const column = page.columns.get(name)
          return column === undefined ? [] : [[name, column] as const]
        })
        emit(withOnly(page, taken, keyIfWhole(page.key, names)))
      })
    }
    const compute = computedBy(columns, context)
    return onPage((page, emit) => {
      const computed = compute(page)
      emit(withOnly(computed.page, computed.columns, keyIfWhole(page.key, names)))
    })
  },
}

function isNames(columns: SelectOptions['columns']): columns is readonly string[] {
  return Array.isArray(columns)
}

function namesOfColumns(columns: SelectOptions['columns']): ReadonlySet<string> {
  return new Set(isNames(columns) ? columns : Object.keys(columns))
}
