/** Pages for tests of expressions: columns in each of the forms that can hold their values. */
import { booleanColumn, columnOf, numberColumn, TextDictionary, textColumn } from '../../../operators/columns.ts'
import type { Column, Page } from '../../../operators/flow.ts'

/** The values as a column; `form` chooses among the kinds that can hold them. */
export function columnAs(values: readonly unknown[], form: number): Column {
  const given = values.filter(value => value !== null && value !== undefined)
  if (form === 0 || given.length === 0) return { kind: 'value', values }
  if (given.every(value => typeof value === 'string'))
    return form % 2 === 0 ? sliceColumn(values as (string | null)[]) : shared(values as (string | null)[])
  if (given.every(value => typeof value === 'number'))
    return form % 2 === 0 ? withOtherNulls(values as (number | null)[]) : numberColumn(values as (number | null)[])
  if (given.every(value => typeof value === 'boolean')) return booleanColumn(values as (boolean | null)[])
  return columnOf(values)
}

const dictionary = new TextDictionary()

/** With a dictionary that grows from page to page. */
function shared(values: readonly (string | null)[]): Column {
  return textColumn(
    values.map(value => value ?? null),
    dictionary,
  )
}

/** What lies below a null may be any number. */
function withOtherNulls(values: readonly (number | null)[]): Column {
  const nulls = Uint8Array.from(values, value => (value === null || value === undefined ? 1 : 0))
  return { kind: 'number', values: Float64Array.from(values, (value, row) => value ?? row), nulls }
}

function sliceColumn(values: readonly (string | null)[]): Column {
  let pool = '#'
  const start = new Int32Array(values.length)
  const length = new Int32Array(values.length)
  for (const [row, value] of values.entries()) {
    start[row] = pool.length
    length[row] = value === null || value === undefined ? -1 : value.length
    pool += `${value ?? ''}|`
  }
  return { kind: 'slice', pool, start, length }
}

export function pageWith(columns: Iterable<readonly [string, Column]>, count: number, selection?: readonly number[]): Page {
  return {
    kind: 'page',
    port: 'main',
    input: 0,
    count,
    columns: new Map(columns),
    order: Float64Array.from({ length: count }, (_, row) => row),
    ...(selection && { selection: Int32Array.from(selection) }),
  }
}
