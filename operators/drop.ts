/** `drop`: goes on without some columns. */
import type { RowType } from './expressions/types.ts'
import { onPage } from './lift.ts'
import type { Operator } from './operator.ts'
import { withOnly } from './rows/key.ts'

export interface DropOptions {
  readonly columns: readonly string[]
}

export const drop: Operator<DropOptions> = {
  spec: {
    name: 'drop',
    kind: 'stateless',
    summary: 'Goes on without these columns.',
    description: 'No row is touched. A key set by `keyBy` goes too when one of its columns is dropped.',
    shorthand: 'columns',
    options: { columns: { type: 'list', required: true, summary: 'Names of columns.' } },
    ports: { main: 'The rows without these columns.' },
  },
  example: {
    title: 'Nothing about people',
    options: { columns: ['name', 'address'] },
    input: [{ order: 7, name: 'Ada', address: 'here' }],
    output: { ports: { main: [{ order: 7 }] } },
  },
  needs: ({ columns }, wanted) => new Set([...wanted('main')].filter(name => !columns.includes(name))),
  types({ columns }, input): { main: RowType } {
    const fields = Object.fromEntries(Object.entries(input.fields).filter(([name]) => !columns.includes(name)))
    return { main: { ...input, fields, key: losesKey(input.key, columns) ? [] : input.key } }
  },
  create({ columns }) {
    return onPage((page, emit) => {
      const left = new Map(page.columns)
      for (const name of columns) left.delete(name)
      emit(withOnly(page, left, losesKey(page.key, columns) ? undefined : page.key))
    })
  },
}

function losesKey(key: readonly string[] | undefined, dropped: readonly string[]): boolean {
  return key?.some(name => dropped.includes(name)) === true
}
