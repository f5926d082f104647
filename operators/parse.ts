/** `parse`: reads the JSON, CSV or MessagePack in a column into columns. */
import { EventStoreError } from '../event/error.ts'
import { unpackBytes } from '../event/payload.ts'
import { columnOf, valueAt } from './columns.ts'
import { withFields, type RowType, type ValueType } from './expressions/types.ts'
import type { Column, Page, Row } from './flow.ts'
import { onPage } from './lift.ts'
import type { Operator, StepContext } from './operator.ts'
import { aliveRows, columnNamed, selectRows } from './page.ts'
import { isRow } from './rows/answers.ts'
import { MadeRows } from './rows/made-rows.ts'
import { bytesOf, checkDepth, plainValue, textOf } from './rows/plain.ts'
import { parseCsv } from './sources/csv.ts'

export interface ParseOptions {
  readonly field: string
  readonly as?: 'json' | 'csv' | 'msgpack'
  readonly into?: string
  readonly columns?: readonly string[]
}

export const parse: Operator<ParseOptions> = {
  spec: {
    name: 'parse',
    kind: 'stateless',
    summary: 'Reads the JSON, CSV or MessagePack that a column holds.',
    description:
      'The fields of the object become columns and replace those of the same name; the column that held it goes. With `columns` only these ' +
      'fields are taken, and each column is there, null where the object lacks it. With `into` all goes into one column, for JSON and ' +
      'MessagePack whatever it is. CSV is one row, whose fields are the `columns`, all texts. JSON and CSV are texts, or their bytes ' +
      'in UTF-8; MessagePack is bytes, or `{ "$bytes": "<base64>" }`; its times become ms and its whole numbers above 2^53 decimal texts. ' +
      'Null stays null. What can not be read, is nested deeper than an event may be, or is no object where columns are wanted, is a dead letter.',
    shorthand: 'field',
    options: {
      field: { type: 'field', required: true, summary: 'Column to read.' },
      as: { type: 'choice', choices: ['json', 'csv', 'msgpack'], default: 'json', summary: 'What it holds.', sample: 'json' },
      into: { type: 'field', isForeign: true, summary: 'Column for the whole.', sample: 'parsed' },
      columns: { type: 'list', isForeign: true, summary: 'Fields to take; for CSV required, in their order.', sample: ['celsius'] },
    },
    ports: { main: 'The rows with what was read.' },
  },
  example: {
    title: 'A message that is a text of JSON',
    options: { field: 'message' },
    input: [
      { topic: 'a', message: '{"celsius":20}' },
      { topic: 'b', message: '{"celsius":' },
      { topic: 'c', message: '{"celsius":18}' },
    ],
    output: {
      ports: {
        main: [
          { topic: 'a', celsius: 20 },
          { topic: 'c', celsius: 18 },
        ],
      },
      dead: [1],
    },
  },
  needs({ field, into, columns }, wanted) {
    const made = into === undefined ? columns : [into]
    return new Set([...[...wanted('main')].filter(name => made?.includes(name) !== true), field])
  },
  types(options, input): { main: RowType } {
    const { field, into, columns, as } = checked(options)
    const { [field]: _, ...fields } = input.fields
    const rest = { ...input, fields }
    if (into !== undefined) return { main: withFields(rest, { [into]: 'any' }) }
    if (columns === undefined) return { main: { ...rest, fields: {}, isOpen: true } }
    const type: ValueType = as === 'csv' ? 'text' : 'any'
    return { main: withFields(rest, Object.fromEntries(columns.map(name => [name, type]))) }
  },
  create(options, context) {
    const { field, into, columns } = checked(options)
    const read = readerOf(options)
    const place = into !== undefined ? intoOne(into) : columns !== undefined ? intoThese(columns) : intoAll
    return onPage((page, emit) => {
      const { values, good } = valuesRead(page, field, { read, context })
      const placed = new Map(page.columns)
      placed.delete(field)
      for (const [name, column] of place(values, placed)) placed.set(name, column)
      emit({ ...good, columns: placed })
    })
  },
}

function checked(options: ParseOptions): ParseOptions {
  if (options.as !== 'csv' || options.columns !== undefined) return options
  throw new EventStoreError('INVALID', 'CSV has no names: option columns must say them', { option: 'columns' })
}

/** Reads one value; throws when it can not. */
type Reader = (value: unknown) => unknown

function readerOf({ as = 'json', columns, into }: ParseOptions): Reader {
  if (as === 'csv') return value => csvRow(textOf(value), columns ?? [])
  const read: Reader = as === 'json' ? jsonValue : value => plainValue(unpackBytes(bytesOf(value)))
  if (into !== undefined && columns === undefined) return read
  return value => {
    const object = read(value)
    if (!isRow(object)) throw new TypeError('it is not an object')
    return into === undefined || columns === undefined ? object : Object.fromEntries(columns.map(name => [name, fieldOf(object, name)]))
  }
}

/** The field of its own; null when it lacks it. */
function fieldOf(object: Row, name: string): unknown {
  return Object.hasOwn(object, name) ? (object[name] ?? null) : null
}

function jsonValue(value: unknown): unknown {
  const read: unknown = JSON.parse(textOf(value))
  checkDepth(read)
  return read
}

function csvRow(text: string, names: readonly string[]): Row {
  const [first = [''], ...more] = parseCsv(text)
  if (more.length > 0) throw new TypeError(`it holds ${1 + more.length} rows`)
  if (first.length !== names.length) throw new TypeError(`it has ${first.length} fields, not ${names.length}`)
  return Object.fromEntries(names.map((name, index) => [name, first[index]]))
}

/** What each row holds, undefined where that is null; the rows that can not be read are given up. */
function valuesRead(
  page: Page,
  field: string,
  { read, context }: { readonly read: Reader; readonly context: StepContext },
): { readonly values: readonly unknown[]; readonly good: Page } {
  const column = columnNamed(page, field)
  const rows = aliveRows(page)
  const values = new Array<unknown>(page.count)
  const good = new Int32Array(rows.length)
  let count = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number
    const value = valueAt(column, row)
    try {
      if (value !== null) values[row] = read(value)
      good[count++] = row
    } catch (error) {
      context.dead(page, row, unreadable(field, error))
    }
  }
  return { values, good: count === rows.length ? page : selectRows(page, good.subarray(0, count)) }
}

function unreadable(field: string, cause: unknown): EventStoreError {
  const why = cause instanceof Error ? cause.message : String(cause)
  const code = cause instanceof EventStoreError ? cause.code : 'INVALID'
  return new EventStoreError(code, `can not read ${field}: ${why}`, { field }, { cause })
}

type Place = (values: readonly unknown[], before: ReadonlyMap<string, Column>) => Iterable<readonly [string, Column]>

function intoOne(name: string): Place {
  return values => [[name, columnOf(Array.from(values, value => value ?? null))]]
}

function intoThese(names: readonly string[]): Place {
  return values =>
    names.map(name => [name, columnOf(Array.from(values, value => (value === undefined ? null : fieldOf(value as Row, name))))] as const)
}

const intoAll: Place = (values, before) => {
  const made = new MadeRows(values.length)
  for (let row = 0; row < values.length; row++) if (values[row] !== undefined) made.place(row, values[row] as Row)
  return made.columns(undefined, before)
}
