/** Pages: making them from rows, choosing rows by selection, adding columns, and the view of a row for user functions. */
import { columnOf, nullColumn, takeFloats, takeRows, TextDictionary, valueAt } from './columns.ts'
import type { Column, Page, Port, Row } from './flow.ts'

let everyRow = new Int32Array(0)

/** The indexes 0 to `count` − 1; shared, never to be written. */
export function firstRows(count: number): Int32Array {
  if (everyRow.length < count) everyRow = Int32Array.from({ length: Math.max(4096, 2 * count) }, (_, row) => row)
  return everyRow.subarray(0, count)
}

/** The indexes of the rows alive, rising. */
export function aliveRows(page: Page): Int32Array {
  return page.selection ?? firstRows(page.count)
}

/** How many rows are alive. */
export function aliveCount(page: Page): number {
  return page.selection?.length ?? page.count
}

/** The same page with other rows alive, optionally on another port. Columns are shared. */
export function selectRows(page: Page, selection: Int32Array, port: Port = page.port): Page {
  return { ...page, port, selection }
}

/** The same page on another port, or by another input. */
export function sendTo(page: Page, port: Port): Page {
  return page.port === port ? page : { ...page, port }
}

/** The same rows with columns added or replaced. */
export function withColumns(page: Page, columns: Iterable<readonly [string, Column]>): Page {
  return { ...page, columns: new Map([...page.columns, ...columns]) }
}

/** The column of a name; nulls when no row of the page has the field. */
export function columnNamed(page: Page, name: string): Column {
  return page.columns.get(name) ?? nullColumn(page.count)
}

/** The rows alive as a page of its own, without a selection; `rows` may name some of them, in any order and more than once. */
export function gather(page: Page, rows: Int32Array = aliveRows(page)): Page {
  const { selection: _, ...rest } = page
  const columns = new Map<string, Column>()
  for (const [name, column] of page.columns) columns.set(name, takeRows(column, rows))
  return {
    ...rest,
    count: rows.length,
    columns,
    order: takeFloats(page.order, rows),
    ...(page.eventTime && { eventTime: takeFloats(page.eventTime, rows) }),
    ...(page.watermark && { watermark: takeFloats(page.watermark, rows) }),
    ...(page.rank && { rank: takeFloats(page.rank, rows) }),
    ...(page.tie && { tie: { time: takeFloats(page.tie.time, rows), key: page.tie.key.map(column => takeRows(column, rows)) } }),
  }
}

/** One row as a plain object, with all fields that are not null, or the named ones. */
export function rowOf(page: Page, row: number, fields?: readonly string[]): Row {
  return rowReader(page, fields)(row)
}

/**
 * Makes the objects of rows; columns are looked up once. Fields that are named (each as `[name in the object, column]`) are there, and null
 * if the row has none; of all columns only those that are not null are, by name, because which others there are and in which order is a
 * matter of the page.
 */
export function rowReader(page: Page, fields?: readonly (string | readonly [name: string, field: string])[]): (row: number) => Row {
  const pairs = fields?.map(field => (typeof field === 'string' ? ([field, field] as const) : field))
  const names = pairs?.map(([name]) => name) ?? [...page.columns.keys()].sort()
  const columns = pairs?.map(([, field]) => columnNamed(page, field)) ?? names.map(name => columnNamed(page, name))
  const isNamed = fields !== undefined
  return row => {
    const result: Record<string, unknown> = {}
    for (let i = 0; i < names.length; i++) {
      const value = valueAt(columns[i] as Column, row)
      if (!isNamed && value === null) continue
      const name = names[i] as string
      // A field of this name would be taken for what the object inherits.
      if (name === '__proto__') Object.defineProperty(result, name, { value, enumerable: true, configurable: true, writable: true })
      else result[name] = value
    }
    return result
  }
}

/** All rows alive as plain objects. */
export function rowsOf(page: Page, fields?: readonly string[]): Row[] {
  return Array.from(aliveRows(page), rowReader(page, fields))
}

/** Rows and what stands beside them, for a page made from objects. */
export interface PageParts {
  readonly order: Float64Array
  readonly eventTime?: Float64Array
  readonly watermark?: Float64Array
  readonly key?: readonly string[]
}

/** A page from plain objects: a column for every field that any of them has. */
export function pageOf(rows: readonly Row[], parts: PageParts, port: Port = 'main'): Page {
  return { kind: 'page', port, input: 0, count: rows.length, columns: columnsOf(rows), ...parts }
}

/**
 * The fields of plain objects as columns; a field that a row lacks is null there, and so is every row that is undefined.
 * `dictionaries` keeps the dictionary of each text column from page to page.
 */
export function columnsOf(rows: readonly (Row | undefined)[], dictionaries?: Map<string, TextDictionary>): Map<string, Column> {
  const values = new Map<string, unknown[]>()
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]
    if (row === undefined) continue
    for (const name of Object.keys(row)) {
      let list = values.get(name)
      if (list === undefined) values.set(name, (list = new Array<unknown>(rows.length).fill(null)))
      list[index] = row[name] ?? null
    }
  }
  return new Map(Array.from(values, ([name, list]) => [name, columnOf(list, dictionaries && dictionaryOf(dictionaries, name))]))
}

/** The dictionary of a column, a fresh one when it is full. */
export function dictionaryOf(dictionaries: Map<string, TextDictionary>, name: string): TextDictionary {
  let dictionary = dictionaries.get(name)
  if (dictionary === undefined || dictionary.isFull) dictionaries.set(name, (dictionary = new TextDictionary()))
  return dictionary
}
