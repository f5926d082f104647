/** `changes`: keeps the rows that differ from the row of the same key before them. */
import { valueAt } from './columns.ts'
import type { Page } from './flow.ts'
import { exactText } from './keyed/exact.ts'
import { KeyedRows, textFormat } from './keyed/keyed-rows.ts'
import { onPage } from './lift.ts'
import type { Operator } from './operator.ts'
import { aliveRows, columnNamed, selectRows } from './page.ts'

export interface ChangesOptions {
  readonly by?: readonly string[]
  readonly of?: readonly string[]
}

export const changes: Operator<ChangesOptions> = {
  spec: {
    name: 'changes',
    kind: 'keyed',
    summary: 'Keeps the rows that differ from the row of the same key before them.',
    description:
      'The first row of a key passes. 1 and "1" differ; null and a missing field do not; objects differ when their JSON does. Without `of` ' +
      'all columns are compared but those of the envelope, whose names begin with `$`. The values last seen of all keys are kept in memory, ' +
      'and are never forgotten.',
    shorthand: 'by',
    options: {
      by: { type: 'list', summary: 'Columns that are the key; those of `keyBy` when left out, one key for all rows without either.' },
      of: { type: 'list', summary: 'Columns to compare; all of them when left out.' },
    },
    ports: { main: 'The rows that brought something new.' },
    stateVersion: 1,
    keeps: 'the values last seen of each key',
  },
  example: {
    title: 'Only when the light changes',
    options: { by: ['crossing'], of: ['light'] },
    input: [
      { crossing: 1, light: 'red', cars: 3 },
      { crossing: 2, light: 'red', cars: 0 },
      { crossing: 1, light: 'red', cars: 9 },
      'barrier',
      { crossing: 1, light: 'green', cars: 9 },
      { crossing: 1, light: 'red', cars: 2 },
    ],
    output: {
      ports: {
        main: [
          { crossing: 1, light: 'red', cars: 3 },
          { crossing: 2, light: 'red', cars: 0 },
          { crossing: 1, light: 'green', cars: 9 },
          { crossing: 1, light: 'red', cars: 2 },
        ],
      },
    },
  },
  needs: ({ by = [], of = ['*'] }, wanted) => new Set([...wanted('main'), ...by, ...of]),
  splitBy: ({ by }, key) => by ?? key,
  create({ by, of }, context) {
    const seen = new KeyedRows(context, { by, meaning: { of: of ?? null }, format: textFormat, mayLeave: true })
    return onPage({
      page(page, emit) {
        const rows = aliveRows(page)
        const ids = seen.idsOf(page, rows)
        const textOf = of === undefined ? textOfAll(page) : textOfColumns(page, of)
        const kept = new Int32Array(rows.length)
        let count = 0
        for (let i = 0; i < rows.length; i++) {
          const [row, id] = [rows[i] as number, ids[i] as number]
          try {
            const text = textOf(row)
            if (seen.get(id) === text) continue
            seen.put(id, text)
            kept[count++] = row
          } catch (error) {
            context.dead(page, row, error)
          }
        }
        emit(selectRows(page, kept.subarray(0, count)))
      },
      barrier: () => seen.save(),
    })
  },
}

function textOfColumns(page: Page, of: readonly string[]): (row: number) => string {
  const columns = of.map(name => columnNamed(page, name))
  return row => exactText(columns.map(column => valueAt(column, row)))
}

/** Names with values, by name and without nulls: which other columns a page has, and in which order, is a matter of the page. */
function textOfAll(page: Page): (row: number) => string {
  const columns = Array.from(page.columns)
    .filter(([name]) => !name.startsWith('$'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return row =>
    exactText(
      columns.flatMap(([name, column]) => {
        const value = valueAt(column, row)
        return value === null ? [] : [name, value]
      }),
    )
}
