/** `count`: numbers the rows of each key from 1. */
import { numberColumn } from './columns.ts'
import { EventStoreError } from '../event/error.ts'
import { withFields } from './expressions/types.ts'
import { KeyedRows, numberFormat } from './keyed/keyed-rows.ts'
import { onPage } from './lift.ts'
import type { Operator } from './operator.ts'
import { aliveRows, withColumns } from './page.ts'

export interface CountOptions {
  readonly by?: readonly string[]
  readonly as?: string
}

export const count: Operator<CountOptions> = {
  spec: {
    name: 'count',
    kind: 'keyed',
    summary: 'Counts the rows of each key, and writes beside each row how many there are with it.',
    description:
      'It counts all rows from the first on, and is never done: use the aggregate `count()` in a window to count those of a day. A column ' +
      'of the name is replaced. The counts of all keys are kept in memory, and are never forgotten.',
    shorthand: 'by',
    options: {
      by: { type: 'list', summary: 'Columns that are the key; those of `keyBy` when left out, all rows count together without either.' },
      as: { type: 'text', default: 'count', summary: 'Name of the new column.' },
    },
    ports: { main: 'The same rows with the new column.' },
    stateVersion: 1,
    keeps: 'a number for each key',
  },
  example: {
    title: 'The visits of each guest',
    options: { by: ['guest'], as: 'visits' },
    input: [{ guest: 'ann' }, { guest: 'bob' }, 'barrier', { guest: 'ann' }, 'barrier'],
    output: {
      ports: {
        main: [
          { guest: 'ann', visits: 1 },
          { guest: 'bob', visits: 1 },
          { guest: 'ann', visits: 2 },
        ],
      },
    },
  },
  needs: ({ by = [], as = 'count' }, wanted) => new Set([...[...wanted('main')].filter(name => name !== as), ...by]),
  types({ by, as = 'count' }, input) {
    if ((by ?? input.key).includes(as))
      throw new EventStoreError('INVALID', `${as} is a column of the key; give the count another name`, { option: 'as' })
    return { main: withFields(input, { [as]: 'integer' }) }
  },
  splitBy: ({ by }, key) => by ?? key,
  create({ by, as = 'count' }, context) {
    const counts = new KeyedRows(context, { by, meaning: {}, format: numberFormat, mayLeave: true })
    return onPage({
      page(page, emit) {
        const rows = aliveRows(page)
        const ids = counts.idsOf(page, rows)
        const values = new Float64Array(page.count)
        for (let i = 0; i < rows.length; i++) {
          const id = ids[i] as number
          const next = (counts.get(id) ?? 0) + 1
          counts.put(id, next)
          values[rows[i] as number] = next
        }
        emit(withColumns(page, [[as, numberColumn(values)]]))
      },
      barrier: () => counts.save(),
    })
  },
}
