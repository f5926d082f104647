/** `enrich`: adds columns from the row of a table that matches. */
import { EventStoreError } from '../event/error.ts'
import { valueAt } from './columns.ts'
import { withFields, type ValueType } from './expressions/types.ts'
import type { Page } from './flow.ts'
import { onPage } from './lift.ts'
import { namesOf } from './names.ts'
import type { Operator, StepContext } from './operator.ts'
import { aliveRows, columnNamed, selectRows, withColumns } from './page.ts'
import { checkLookUp, type Found, listOf, type LookUp, lookUpNeeds, lookUpStep } from './rows/looked-up.ts'

export interface EnrichOptions extends LookUp {
  readonly missing?: 'deadLetter' | 'pass'
}

export const enrich: Operator<EnrichOptions> = {
  spec: {
    name: 'enrich',
    kind: 'stateless',
    summary: 'Adds columns from the row of a table whose key matches.',
    description:
      'A table that is a file (CSV, JSON, NDJSON or Parquet) is read whole when the topology starts. Its keys are compared as texts, so that ' +
      '7 finds "7"; of rows with the same key the last one counts. CSV knows texts only, and NA is one. A table that is a projection is ' +
      'looked up by its key, where 7 and "7" differ. One of the same topology is seen as it stood at that point of the log, whenever that ' +
      'is folded, and by a row that goes into it itself as it stood before; one of another topology is seen as it stands when the row is ' +
      'worked on, so that folding the log again may give other rows. Null matches nothing.',
    options: {
      table: {
        type: 'table',
        required: true,
        summary:
          '`{ file, key, format? }`: path or URL beside the module of the topology, and its columns to look up; or `{ projection }`.',
      },
      match: { type: 'field', orList: true, required: true, summary: 'Column whose value is looked up; a list when the key has several.' },
      take: { type: 'fields', isForeign: true, required: true, summary: 'Columns of the table to add, or `{ "new name": "column" }`.' },
      missing: {
        type: 'choice',
        choices: ['deadLetter', 'pass'],
        default: 'deadLetter',
        summary: 'A row without a match is given up, or goes on with null.',
      },
    },
    ports: { main: 'The rows with the new columns.' },
    stateVersion: 1,
    keeps: 'the last row of each key, of a projection of this topology',
  },
  example: {
    title: 'The state of an airport',
    options: {
      table: { file: 'data:text/csv,iata,state%0AJFK,NY%0A"BOS","MA"', key: 'iata', format: 'csv' },
      match: 'origin',
      take: ['state'],
    },
    input: [{ origin: 'BOS' }, { origin: '???' }, { origin: 'JFK' }],
    output: {
      ports: {
        main: [
          { origin: 'BOS', state: 'MA' },
          { origin: 'JFK', state: 'NY' },
        ],
      },
      dead: [1],
    },
  },
  needs(options, wanted) {
    const added = new Set(namesOf(options.take).map(([name]) => name))
    return new Set([...[...wanted('main')].filter(name => !added.has(name)), ...lookUpNeeds(options)])
  },
  types(options, input) {
    checkLookUp(options)
    return { main: withFields(input, Object.fromEntries(namesOf(options.take).map(([name]): [string, ValueType] => [name, 'any']))) }
  },
  async create(options, context) {
    return onPage(await lookUpStep(options, context, (page, found) => sendFound(page, found, options, context)))
  },
}

/** Sends the page on with what was found; rows for which nothing was go on with null or are given up. */
function sendFound(page: Page, found: Found, options: EnrichOptions, context: StepContext): Page {
  const placed = withColumns(page, found.columns)
  if (found.missing === 0 || options.missing === 'pass') return placed
  const alive = aliveRows(page)
  const good = new Int32Array(alive.length - found.missing)
  let count = 0
  for (const row of alive) {
    if (found.has(row)) good[count++] = row
    else context.dead(page, row, notFound(page, row, options))
  }
  return selectRows(placed, good)
}

function notFound(page: Page, row: number, { table, match }: EnrichOptions): EventStoreError {
  const values = listOf(match).map(name => JSON.stringify(valueAt(columnNamed(page, name), row)))
  const [name, key] = 'projection' in table ? [`the projection ${table.projection}`, 'key'] : [table.file, listOf(table.key).join(', ')]
  return new EventStoreError('NOT_FOUND', `${name} has no row whose ${key} is ${values.join(', ')}`, { match })
}
