/** Columns of a demanded kind: rows that hold something else are given up, the others go on. */
import { EventStoreError } from '../event/error.ts'
import { sliceAt, TextDictionary, textColumn, valueAt } from './columns.ts'
import { parseTimestamp } from './expressions/timestamps.ts'
import type { BooleanColumn, Column, NumberColumn, Page, TextColumn } from './flow.ts'
import type { StepContext } from './operator.ts'
import { aliveRows, selectRows } from './page.ts'

/** The column, and the page without the rows that do not fit. */
export interface Fitting<Kind> {
  readonly column: Kind
  readonly page: Page
}

/** The field as numbers; null where a row has none. */
export function numbersOf(page: Page, field: string, context: StepContext): Fitting<NumberColumn> {
  const column = page.columns.get(field)
  if (column?.kind === 'number') return { column, page }
  const values = new Float64Array(page.count).fill(NaN)
  const nulls = new Uint8Array(page.count).fill(1)
  const place = (row: number, value: unknown): void => {
    if (typeof value !== 'number') throw notA('number', field, value)
    values[row] = value
    nulls[row] = 0
  }
  return { column: { kind: 'number', values, nulls }, page: fit(page, column, context, place) }
}

/** The field as texts with a dictionary. */
export function textsOf(page: Page, field: string, context: StepContext): Fitting<TextColumn> {
  const column = page.columns.get(field)
  if (column?.kind === 'text') return { column, page }
  if (column?.kind === 'slice') return { column: textColumn(Array.from(column.start, (_, row) => sliceAt(column, row))), page }
  const codes = new Int32Array(page.count).fill(-1)
  const dictionary = new TextDictionary()
  const place = (row: number, value: unknown): void => {
    if (typeof value !== 'string') throw notA('text', field, value)
    codes[row] = dictionary.codeOf(value)
  }
  return { page: fit(page, column, context, place), column: { kind: 'text', codes, dictionary: dictionary.texts } }
}

/** The field as true, false and null. */
export function booleansOf(page: Page, field: string, context: StepContext): Fitting<BooleanColumn> {
  const column = page.columns.get(field)
  if (column?.kind === 'boolean') return { column, page }
  const values = new Uint8Array(page.count).fill(2)
  const place = (row: number, value: unknown): void => {
    if (typeof value !== 'boolean') throw notA('boolean', field, value)
    values[row] = value ? 1 : 0
  }
  return { column: { kind: 'boolean', values }, page: fit(page, column, context, place) }
}

/** The last moment that a date can name. Far beyond it milliseconds can not be told apart, and windows have no bounds. */
const timeMsMost = 8.64e15

/**
 * The field as times in ms: numbers as they are, texts as expressions read them, which is ISO 8601 (UTC when they name no zone). A row without one
 * is given up, or has NaN when it may.
 */
export function timesOf(page: Page, field: string, context: StepContext, mayLack = false): Fitting<Float64Array> {
  const column = page.columns.get(field)
  if (column?.kind === 'number' && (mayLack || areTimes(column.values, aliveRows(page)))) return { column: column.values, page }
  const times = new Float64Array(page.count).fill(NaN)
  const parsed = new Map<string, number>()
  const place = (row: number, value: unknown): void => {
    const time = typeof value === 'number' ? value : typeof value === 'string' ? timeOfText(value, parsed) : NaN
    if (Number.isNaN(time) || (!mayLack && Math.abs(time) > timeMsMost)) throw notA('time', field, value)
    times[row] = time
  }
  return { column: times, page: fit(page, column, context, place, !mayLack) }
}

/** No row lacks one or lies beyond all dates. */
function areTimes(values: Float64Array, rows: Int32Array): boolean {
  for (let i = 0; i < rows.length; i++) if (!(Math.abs(values[rows[i] as number] as number) <= timeMsMost)) return false
  return true
}

function timeOfText(text: string, parsed: Map<string, number>): number {
  let time = parsed.get(text)
  if (time === undefined) parsed.set(text, (time = isoTime(text)))
  return time
}

/** NaN for what is no ISO 8601: a guess at other forms would exchange days and months. */
function isoTime(text: string): number {
  try {
    return parseTimestamp(text)
  } catch {
    return NaN
  }
}

function fit(
  page: Page,
  column: Column | undefined,
  context: StepContext,
  place: (row: number, value: unknown) => void,
  demandsValue = false,
): Page {
  const rows = aliveRows(page)
  const fitting = new Int32Array(rows.length)
  let count = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number
    const value = column === undefined ? null : valueAt(column, row)
    try {
      if (value !== null || demandsValue) place(row, value)
      fitting[count++] = row
    } catch (error) {
      context.dead(page, row, error)
    }
  }
  return count === rows.length ? page : selectRows(page, fitting.subarray(0, count))
}

function notA(kind: string, field: string, value: unknown): EventStoreError {
  const shown = JSON.stringify(value)?.slice(0, 60) ?? String(value)
  const cure = kind === 'time' && value !== null ? '; write it like 2026-01-31T13:45:00Z, or in milliseconds' : ''
  return new EventStoreError('INVALID', `${field} is not a ${kind}: ${shown}${cure}`, { field })
}
