/** `enrich`: adds columns from the row of a table that matches. */
import { EventStoreError } from '../event/error.ts'
import { takeRows, valueAt } from './columns.ts'
import type { Column, Page } from './flow.ts'
import { onPage } from './lift.ts'
import { namesOf, type Names } from './names.ts'
import type { Operator, StepContext } from './operator.ts'
import { aliveRows, columnNamed, selectRows, withColumns } from './page.ts'
import { keyText, readTable, type Table, type TableUse } from './sources/table.ts'

export interface EnrichOptions {
  readonly table: TableUse
  readonly match: string
  readonly take: Names
  readonly missing?: 'deadLetter' | 'pass'
}

export const enrich: Operator<EnrichOptions> = {
  spec: {
    name: 'enrich',
    kind: 'stateless',
    summary: 'Adds columns from the row of a table whose key matches.',
    description:
      'The table (CSV, JSON, NDJSON or Parquet) is read whole when the topology starts. Keys are compared as texts, so that 7 finds "7"; ' +
      'of rows with the same key the last one counts. CSV knows texts only, and NA is one.',
    options: {
      table: {
        type: 'table',
        required: true,
        summary: '`{ file, key, format? }`: path or URL beside the module of the topology, and the column to look up.',
      },
      match: { type: 'field', required: true, summary: 'Column whose value is looked up.' },
      take: { type: 'fields', isForeign: true, required: true, summary: 'Columns of the table to add, or `{ "new name": "column" }`.' },
      missing: {
        type: 'choice',
        choices: ['deadLetter', 'pass'],
        default: 'deadLetter',
        summary: 'A row without a match is given up, or goes on with null.',
      },
    },
    ports: { main: 'The rows with the new columns.' },
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
    return new Set([...[...wanted('main')].filter(name => !added.has(name)), options.match])
  },
  async create(options, context) {
    const table = await readTable(options.table, context.module)
    const taken = namesOf(options.take).map(([name, field]) => [name, tableColumn(table, field, options)] as const)
    const find = finder(table)
    const passes = options.missing === 'pass'
    return onPage((page, emit) => {
      const { tableRows, missing } = matched(page, columnNamed(page, options.match), find)
      const columns = taken.map(([name, column]) => [name, takeRows(column, tableRows)] as const)
      const placed = withColumns(page, columns)
      emit(missing === 0 || passes ? placed : withoutMissing(placed, tableRows, options, context))
    })
  },
}

function tableColumn(table: Table, field: string, { table: { file } }: EnrichOptions): Column {
  const column = table.columns.get(field)
  if (column !== undefined) return column
  const names = [...table.columns.keys()].join(', ')
  throw new EventStoreError('INVALID', `the table ${file} has no column ${field}, only ${names}`, { file, field })
}

/** The row of the table for each row of the page, −1 where there is none. */
function matched(page: Page, column: Column, find: Finder): { tableRows: Int32Array; missing: number } {
  const tableRows = new Int32Array(page.count).fill(-1)
  let missing = 0
  for (const row of aliveRows(page)) {
    const found = find(column, row)
    tableRows[row] = found
    if (found < 0) missing++
  }
  return { tableRows, missing }
}

type Finder = (column: Column, row: number) => number

/** Looks a value up; codes of a dictionary are looked up once. */
function finder(table: Table): Finder {
  const known = new WeakMap<readonly string[], Int32Array>()
  const notAsked = -2
  const lookUp = (value: unknown): number => (value === null ? -1 : (table.rowOfKey.get(keyText(value)) ?? -1))
  return (column, row) => {
    if (column.kind !== 'text') return lookUp(valueAt(column, row))
    const code = column.codes[row] as number
    if (code < 0) return -1
    let rows = known.get(column.dictionary)
    if (rows === undefined || rows.length <= code) {
      const larger = new Int32Array(2 * column.dictionary.length).fill(notAsked)
      if (rows !== undefined) larger.set(rows)
      known.set(column.dictionary, (rows = larger))
    }
    if (rows[code] === notAsked) rows[code] = lookUp(column.dictionary[code])
    return rows[code] as number
  }
}

function withoutMissing(page: Page, tableRows: Int32Array, options: EnrichOptions, context: StepContext): Page {
  const column = columnNamed(page, options.match)
  const good: number[] = []
  for (const row of aliveRows(page)) {
    if ((tableRows[row] as number) >= 0) good.push(row)
    else {
      const value = JSON.stringify(valueAt(column, row))
      const message = `${options.table.file} has no row whose ${options.table.key} is ${value}`
      context.dead(page, row, new EventStoreError('NOT_FOUND', message, { match: options.match }))
    }
  }
  return selectRows(page, Int32Array.from(good))
}
