/** Rows looked up by key in a table: a file, or a projection as it stands or as it stood at that point of the log. */
import { EventStoreError } from '../../event/error.ts'
import { columnOf, takeRows, valueAt } from '../columns.ts'
import type { Column, Page } from '../flow.ts'
import { JoinedTable } from '../keyed/joined-table.ts'
import type { Steps } from '../lift.ts'
import { namesOf, type Names } from '../names.ts'
import type { StepContext } from '../operator.ts'
import { aliveRows, columnNamed } from '../page.ts'
import { keyText, readTable, type Table, type TableUse } from '../sources/table.ts'

export type NameOrNames = string | readonly string[]

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

/** What is looked up, by what, and what is taken of the row found. */
export interface LookUp {
  readonly table: FileTable | ProjectionTable
  readonly match: NameOrNames
  readonly take: Names
}

export function listOf(names: NameOrNames): readonly string[] {
  return typeof names === 'string' ? [names] : names
}

function firstOf(names: NameOrNames): string {
  return listOf(names)[0] as string
}

/** INVALID when there are more columns to look up than the key of the table has, or fewer. */
export function refuseOtherLength({ table, match }: LookUp): void {
  const key = table.key === undefined ? undefined : listOf(table.key)
  if (key === undefined || key.length === listOf(match).length) return
  throw new EventStoreError('INVALID', `match must name as many columns as the key of the table, which is ${key.join(', ')}`, {
    option: 'match',
  })
}

/** The columns that were found, and for which rows; how many of those alive had none. */
export interface Found {
  readonly columns: readonly (readonly [name: string, column: Column])[]
  readonly missing: number
  has(row: number): boolean
}

/** Makes of a page, and of what was found for its rows, the page that goes on. */
export type Send = (page: Page, found: Found) => Page

/** The step that looks each row up. */
export async function lookUpStep(options: LookUp, context: StepContext, send: Send): Promise<Steps | Steps['page']> {
  refuseOtherLength(options)
  const { table } = options
  const asked = { options, context, send }
  if (!('projection' in table)) return fileStep(await readTable({ ...table, key: firstOf(table.key) }, context.module), asked)
  return table.joined === undefined ? foreignStep(table, asked) : joinedStep({ ...table, joined: table.joined }, asked)
}

/** What `match` and the table need of the columns that come in. */
export function lookUpNeeds(options: LookUp): readonly string[] {
  const { table } = options
  const own = listOf(options.match)
  return 'joined' in table ? [...own, ...(table.key ?? []), ...takenByInput(options, table).flat()] : own
}

/** INVALID when the options do not fit one another. */
export function checkLookUp(options: LookUp): void {
  refuseOtherLength(options)
  if ('joined' in options.table) takenByInput(options, options.table)
}

interface Asked {
  readonly options: LookUp
  readonly context: StepContext
  readonly send: Send
}

function fileStep(table: Table, { options, send }: Asked): Steps['page'] {
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
    emit(send(page, { columns: added, missing, has: row => (tableRows[row] as number) >= 0 }))
  }
}

function tableColumn(table: Table, field: string, options: LookUp): Column {
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
function compositeFinder(table: Table, options: LookUp): Finder {
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
function foreignStep({ projection }: ProjectionTable, { options, context, send }: Asked): Steps['page'] {
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
    emit(send(page, foundValues(page, values, take)))
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
function takenByInput(options: LookUp, { projection, value, values }: ProjectionTable): string[][] {
  return (values ?? [value ?? null]).map(one => takenOf(options, projection, one))
}

function takenOf(options: LookUp, projection: string, value: Names | null): string[] {
  const columns = value === null ? undefined : new Map(namesOf(value))
  return namesOf(options.take).map(([, field]) => {
    const column = columns === undefined ? field : columns.get(field)
    if (column !== undefined) return column
    const names = [...(columns?.keys() ?? [])].join(', ')
    throw new EventStoreError('INVALID', `the projection ${projection} has no column ${field}, only ${names}`, { option: 'take' })
  })
}

/** Rows of the projection come in between those that look them up, in the order of the log. */
function joinedStep(table: ProjectionTable & { readonly joined: number }, { options, context, send }: Asked): Steps {
  const match = listOf(options.match)
  const take = namesOf(options.take)
  const joined = new JoinedTable(context, { key: table.key ?? [], columns: takenByInput(options, table) })
  return {
    page(page, emit) {
      if (page.input >= table.joined) return joined.update(page, table.values === undefined ? 0 : page.input - table.joined)
      emit(send(page, foundValues(page, joined.lookUp(page, match), take)))
    },
    barrier: () => joined.save(),
  }
}
