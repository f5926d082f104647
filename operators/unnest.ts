/** `unnest`: makes a row of each element of a list that a row holds. */
import { valueAt } from './columns.ts'
import type { RowType } from './expressions/types.ts'
import type { Page, Row } from './flow.ts'
import { onPage } from './lift.ts'
import type { Operator, StepContext } from './operator.ts'
import { aliveRows, columnNamed, gather } from './page.ts'
import { isRow } from './rows/answers.ts'
import { MadeRows } from './rows/made-rows.ts'

export interface UnnestOptions {
  readonly field: string
}

export const unnest: Operator<UnnestOptions> = {
  spec: {
    name: 'unnest',
    kind: 'stateless',
    summary: 'Makes a row of each element of a list.',
    description:
      'The fields of an element that is an object become columns and replace columns of the same name; any other element stays in the ' +
      'column itself. The other columns are repeated. An empty list and null make no row; what is not a list is a dead letter.',
    shorthand: 'field',
    options: { field: { type: 'field', required: true, summary: 'Column that holds the list.' } },
    ports: { main: 'A row for each element, in the order of the list.' },
  },
  example: {
    title: 'The items of an order',
    options: { field: 'items' },
    input: [
      { order: 7, items: [{ article: 'pen' }, { article: 'ink' }] },
      { order: 8, items: [] },
      { order: 9, items: 'none' },
    ],
    output: {
      ports: {
        main: [
          { order: 7, article: 'pen' },
          { order: 7, article: 'ink' },
        ],
      },
      dead: [2],
    },
  },
  needs: (options, wanted) => new Set([...wanted('main'), options.field]),
  // What an element holds shows with each row, and it may replace any column.
  types: (_, input): { main: RowType } => ({ main: { ...input, fields: {}, isOpen: true } }),
  create: (options, context) => onPage((page, emit) => emit(unnested(page, options.field, context))),
}

function unnested(page: Page, field: string, context: StepContext): Page {
  const column = columnNamed(page, field)
  const repeated: number[] = []
  const elements: Row[] = []
  for (const row of aliveRows(page)) {
    const list = valueAt(column, row)
    if (list === null) continue
    if (!Array.isArray(list)) {
      context.dead(page, row, new TypeError(`${field} is not a list`))
      continue
    }
    for (const element of list as unknown[]) {
      repeated.push(row)
      elements.push(isRow(element) ? element : { [field]: element })
    }
  }
  const rows = gather(page, Int32Array.from(repeated))
  const columns = new Map(rows.columns)
  columns.delete(field)
  const made = new MadeRows(elements.length)
  for (const [index, element] of elements.entries()) made.place(index, element)
  // A field that one element lacks keeps the row's own value there, also when its neighbours have it.
  for (const [name, column] of made.columns(undefined, columns)) columns.set(name, column)
  return { ...rows, columns }
}
