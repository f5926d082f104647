/** `rename`: gives columns other names. */
import { EventStoreError } from '../event/error.ts'
import { typeOfField, type RowType } from './expressions/types.ts'
import { onPage } from './lift.ts'
import { namesOf } from './names.ts'
import type { Operator } from './operator.ts'
import { withOnly } from './rows/key.ts'

export interface RenameOptions {
  /** `{ newName: column }`, as everywhere in this house. */
  readonly columns: Readonly<Record<string, string>>
}

export const rename: Operator<RenameOptions> = {
  spec: {
    name: 'rename',
    kind: 'stateless',
    summary: 'Gives columns other names, as `{ "new name": "column" }`.',
    description:
      'The new name stands first, as in `take` and `data`. All happens at once, so that two columns can change their names with each other; ' +
      'a column that is named twice is there twice. A column that has the new name already is replaced. No row is touched. The key that ' +
      '`keyBy` set is renamed with its columns.',
    shorthand: 'columns',
    options: { columns: { type: 'fields', required: true, summary: '`{ "new name": "column" }`.' } },
    ports: { main: 'The same rows.' },
  },
  example: {
    title: 'Names that people use',
    options: { columns: { airport: 'iata', delayMinutes: 'd' } },
    input: [{ iata: 'JFK', d: 4, carrier: 'B6' }],
    output: { ports: { main: [{ carrier: 'B6', airport: 'JFK', delayMinutes: 4 }] } },
  },
  needs({ columns }, wanted) {
    const pairs = namesOf(columns)
    const touched = new Set(pairs.flat())
    const needed = wanted('main')
    const old = pairs.filter(([name]) => needed.has('*') || needed.has(name)).map(([, field]) => field)
    return new Set([...[...needed].filter(name => !touched.has(name)), ...old])
  },
  types({ columns }, input): { main: RowType } {
    if (Array.isArray(columns)) throw invalid('option columns must be { "new name": "column" }', 'columns')
    const pairs = namesOf(columns)
    const old = new Set(Object.values(columns))
    const taken = pairs.find(([name]) => Object.hasOwn(input.fields, name) && !old.has(name))
    if (taken !== undefined) throw invalid(`there is a column ${taken[0]} already; drop it, or rename it as well`, `columns.${taken[0]}`)
    const stay = Object.entries(input.fields).filter(([name]) => !old.has(name))
    const made = pairs.map(([name, field]) => [name, typeOfField(input, field) ?? 'any'] as const)
    return { main: { ...input, fields: Object.fromEntries([...stay, ...made]), key: renamedKey(input.key, pairs) } }
  },
  create({ columns }) {
    const pairs = namesOf(columns)
    const touched = pairs.flat()
    return onPage((page, emit) => {
      const renamed = new Map(page.columns)
      for (const name of touched) renamed.delete(name)
      for (const [name, field] of pairs) {
        const column = page.columns.get(field)
        if (column !== undefined) renamed.set(name, column)
      }
      emit(withOnly(page, renamed, page.key && renamedKey(page.key, pairs)))
    })
  },
}

function renamedKey(key: readonly string[], pairs: readonly (readonly [name: string, field: string])[]): readonly string[] {
  return key.map(column => pairs.find(([, field]) => field === column)?.[0] ?? column)
}

function invalid(message: string, option: string): EventStoreError {
  return new EventStoreError('INVALID', message, { option })
}
