/** `enrich`: adds columns from the row of a table that matches. */
import { EventStoreError } from '../event/error.ts'
import { columnOf, takeRows, valueAt } from './columns.ts'
import { withFields, type ValueType } from './expressions/types.ts'
import type { Column, Page } from './flow.ts'
import { JoinedTable } from './keyed/joined-table.ts'
import { onPage, type Steps } from './lift.ts'
import { namesOf, type Names } from './names.ts'
import type { Operator, StepContext } from './operator.ts'
import { aliveRows, columnNamed, selectRows, withColumns } from './page.ts'
import { keyText, readTable, type Table, type TableUse } from './sources/table.ts'

type NameOrNames = string | readonly string[]

export interface FileTable extends Omit<TableUse, 'key'> {
  readonly key: NameOrNames
}

/** A projection; the plan adds the rest when the same topology writes it. */
export interface ProjectionTable {
  readonly projection: string
  /** Its key and the columns of its value, as the step that writes it has them. */
  readonly key?: readonly string[]
  readonly value?: Names
  /** Its rows come in by this input and those above. */
  readonly joined?: number
  /** In place of `value`, where steps with different ones write it: that of each of these inputs; null for all columns as they are. */
  readonly values?: readonly (Names | null)[]
}

export interface EnrichOptions {
  readonly table: FileTable | ProjectionTable
  readonly match: NameOrNames
  readonly take: Names
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
    const own = [...[...wanted('main')].filter(name => !added.has(name)), ...listOf(options.match)]
    return new Set('joined' in options.table ? [...own, ...(options.table.key ?? []), ...takenByInput(options, options.table).flat()] : own)
  },
  types(options, input) {
    refuseOtherLength(options)
    if ('joined' in options.table) takenByInput(options, options.table)
    return { main: withFields(input, Object.fromEntries(namesOf(options.take).map(([name]): [string, ValueType] => [name, 'any']))) }
  },
  async create(options, context) {
    refuseOtherLength(options)
    const { table } = options
    if (!('projection' in table))
      return onPage(fileStep(await readTable({ ...table, key: firstOf(table.key) }, context.module), options, context))
    return onPage(
      table.joined === undefined ? foreignStep(table, options, context) : joinedStep({ ...table, joined: table.joined }, options, context),
    )
  },
}

function listOf(names: NameOrNames): readonly string[] {
  return typeof names === 'string' ? [names] : names
}

function firstOf(names: NameOrNames): string {
  return listOf(names)[0] as string
}

function refuseOtherLength({ table, match }: EnrichOptions): void {
  const key = table.key === undefined ? undefined : listOf(table.key)
  if (key === undefined || key.length === listOf(match).length) return
  throw new EventStoreError('INVALID', `match must name as many columns as the key of the table, which is ${key.join(', ')}`, {
    option: 'match',
  })
}

/** The columns that were found, and for which rows; how many of those alive had none. */
interface Found {
  readonly columns: readonly (readonly [name: string, column: Column])[]
  readonly missing: number
  has(row: number): boolean
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

function fileStep(table: Table, options: EnrichOptions, context: StepContext): Steps['page'] {
  const taken = namesOf(options.take).map(([name, field]) => [name, tableColumn(table, field, options)] as const)
  const match = listOf(options.match)
  const rowFor = match.length === 1 ? finder(table) : compositeFinder(table, options)
  return (page, emit) => {
    const columns = match.map(name => columnNamed(page, name))
    const tableRows = new Int32Array(page.count).fill(-1)
    let missing = 0
    for (const row of aliveRows(page)) {
      const found = rowFor(columns, row)
      tableRows[row] = found
      if (found < 0) missing++
    }
    const added = taken.map(([name, column]) => [name, takeRows(column, tableRows)] as const)
    emit(sendFound(page, { columns: added, missing, has: row => (tableRows[row] as number) >= 0 }, options, context))
  }
}

function tableColumn(table: Table, field: string, options: EnrichOptions): Column {
  const column = table.columns.get(field)
  if (column !== undefined) return column
  const names = [...table.columns.keys()].join(', ')
  const { file } = options.table as FileTable
  throw new EventStoreError('INVALID', `the table ${file} has no column ${field}, only ${names}`, { file, field })
}

/** The row of the table for a row of the page, −1 where there is none. */
type Finder = (columns: readonly Column[], row: number) => number

/** Looks a value up; codes of a dictionary are looked up once. */
function finder(table: Table): Finder {
  const known = new WeakMap<readonly string[], Int32Array>()
  const notAsked = -2
  const lookUp = (value: unknown): number => (value === null ? -1 : (table.rowOfKey.get(keyText(value)) ?? -1))
  return (columns, row) => {
    const column = columns[0] as Column
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

/** Looks several values up together; the table has a row for them only if it has all of them. */
function compositeFinder(table: Table, options: EnrichOptions): Finder {
  const textOf = (columns: readonly Column[], row: number): string | null => {
    const values = columns.map(column => valueAt(column, row))
    return values.includes(null) ? null : JSON.stringify(values.map(keyText))
  }
  const key = listOf(options.table.key ?? []).map(name => tableColumn(table, name, options))
  const rowOfKey = new Map<string | null, number>()
  const count = Math.max(-1, ...table.rowOfKey.values()) + 1
  for (let row = 0; row < count; row++) rowOfKey.set(textOf(key, row), row)
  rowOfKey.delete(null)
  return (columns, row) => rowOfKey.get(textOf(columns, row)) ?? -1
}

/** Looks rows of another topology up as they stand. */
function foreignStep({ projection }: ProjectionTable, options: EnrichOptions, context: StepContext): Steps['page'] {
  const lookUp = context.lookup(projection)
  const match = listOf(options.match)
  const take = namesOf(options.take)
  return (page, emit) => {
    const columns = match.map(name => columnNamed(page, name))
    const values = new Array<readonly unknown[] | undefined>(page.count).fill(undefined)
    for (const row of aliveRows(page)) {
      const key = columns.map(column => valueAt(column, row))
      const value = key.includes(null) ? undefined : lookUp(key)
      if (value !== undefined) values[row] = take.map(([, field]) => (Object.hasOwn(value, field) ? value[field] : null))
    }
    emit(sendFound(page, foundValues(page, values, take), options, context))
  }
}

/** What was found for each row, in the order of the columns to add. */
function foundValues(
  page: Page,
  values: readonly (readonly unknown[] | undefined)[],
  take: readonly (readonly [name: string, field: string])[],
): Found {
  let missing = 0
  for (const row of aliveRows(page)) if (values[row] === undefined) missing++
  const columns = take.map(([name], index) => [name, columnOf(values.map(found => found?.[index] ?? null))] as const)
  return { columns, missing, has: row => values[row] !== undefined }
}

/** Columns of the rows that make the projection, for what is taken of its value: one list, or one for each input where they differ. */
function takenByInput(options: EnrichOptions, { projection, value, values }: ProjectionTable): string[][] {
  return (values ?? [value ?? null]).map(one => takenOf(options, projection, one))
}

function takenOf(options: EnrichOptions, projection: string, value: Names | null): string[] {
  const columns = value === null ? undefined : new Map(namesOf(value))
  return namesOf(options.take).map(([, field]) => {
    const column = columns === undefined ? field : columns.get(field)
    if (column !== undefined) return column
    const names = [...(columns?.keys() ?? [])].join(', ')
    throw new EventStoreError('INVALID', `the projection ${projection} has no column ${field}, only ${names}`, { option: 'take' })
  })
}

/** Rows of the projection come in between those that look them up, in the order of the log. */
function joinedStep(table: ProjectionTable & { readonly joined: number }, options: EnrichOptions, context: StepContext): Steps {
  const match = listOf(options.match)
  const take = namesOf(options.take)
  const joined = new JoinedTable(context, { key: table.key ?? [], columns: takenByInput(options, table) })
  return {
    page(page, emit) {
      if (page.input >= table.joined) return joined.update(page, table.values === undefined ? 0 : page.input - table.joined)
      emit(sendFound(page, foundValues(page, joined.lookUp(page, match), take), options, context))
    },
    barrier: () => joined.save(),
  }
}
