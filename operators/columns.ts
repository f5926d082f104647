/** Columns: reading a value, making them from values, taking rows out of them. */
import type { BooleanColumn, Column, NumberColumn, SliceColumn, TextColumn, ValueColumn } from './flow.ts'

/** A dictionary is given up for a fresh one above this, so that texts that are all different do not pile up. */
export const dictionaryTextsMax = 65_536

/** The value of one row; null when there is none. */
export function valueAt(column: Column, row: number): unknown {
  switch (column.kind) {
    case 'number':
      return column.nulls?.[row] === 1 ? null : column.values[row]
    case 'text':
      return textAt(column, row)
    case 'slice':
      return sliceAt(column, row)
    case 'boolean': {
      const value = column.values[row]
      return value === 2 ? null : value === 1
    }
    case 'value':
      return column.values[row] ?? null
  }
}

export function textAt(column: TextColumn, row: number): string | null {
  const code = column.codes[row] as number
  return code < 0 ? null : (column.dictionary[code] as string)
}

export function sliceAt(column: SliceColumn, row: number): string | null {
  const start = column.start[row] as number
  const length = column.length[row] as number
  return length < 0 ? null : column.pool.slice(start, start + length)
}

/** A growing dictionary of texts with its codes. */
export class TextDictionary {
  readonly texts: string[] = []
  readonly #codes = new Map<string, number>()

  codeOf(text: string): number {
    let code = this.#codes.get(text)
    if (code === undefined) {
      code = this.texts.length
      this.texts.push(text)
      this.#codes.set(text, code)
    }
    return code
  }

  get isFull(): boolean {
    return this.texts.length >= dictionaryTextsMax
  }
}

export function numberColumn(values: readonly (number | null)[] | Float64Array): NumberColumn {
  if (values instanceof Float64Array) return { kind: 'number', values }
  const numbers = new Float64Array(values.length)
  let nulls: Uint8Array | undefined
  for (let row = 0; row < values.length; row++) {
    const value = values[row]
    if (value === null || value === undefined) {
      nulls ??= new Uint8Array(values.length)
      nulls[row] = 1
      numbers[row] = NaN
    } else numbers[row] = value
  }
  return nulls === undefined ? { kind: 'number', values: numbers } : { kind: 'number', values: numbers, nulls }
}

export function textColumn(values: readonly (string | null)[], dictionary = new TextDictionary()): TextColumn {
  const codes = new Int32Array(values.length)
  for (let row = 0; row < values.length; row++) {
    const value = values[row]
    codes[row] = value === null || value === undefined ? -1 : dictionary.codeOf(value)
  }
  return { kind: 'text', codes, dictionary: dictionary.texts }
}

export function booleanColumn(values: readonly (boolean | null)[]): BooleanColumn {
  return { kind: 'boolean', values: Uint8Array.from(values, value => (value === null || value === undefined ? 2 : value ? 1 : 0)) }
}

/** The narrowest column that holds the values: numbers, texts or booleans if all are (or null), else the values as they are. */
export function columnOf(values: readonly unknown[], dictionary?: TextDictionary): Column {
  let kind: Column['kind'] | undefined
  for (const value of values) {
    if (value === null || value === undefined) continue
    const of = typeof value
    const own = of === 'number' ? 'number' : of === 'string' ? 'text' : of === 'boolean' ? 'boolean' : 'value'
    if (kind !== undefined && kind !== own) return { kind: 'value', values }
    kind = own
  }
  if (kind === 'number') return numberColumn(values as (number | null)[])
  if (kind === 'text') return textColumn(values as (string | null)[], dictionary)
  if (kind === 'boolean') return booleanColumn(values as (boolean | null)[])
  return { kind: 'value', values }
}

/** A column of nulls, for a field that no row of the page has. */
export function nullColumn(count: number): ValueColumn {
  return { kind: 'value', values: new Array<unknown>(count).fill(null) }
}

/** The rows `rows[0..count)` of a column as a new column; a row of −1 becomes null. */
export function takeRows(column: Column, rows: Int32Array, count = rows.length): Column {
  switch (column.kind) {
    case 'number':
      return takeNumbers(column, rows, count)
    case 'text':
      return { kind: 'text', codes: takeIntegers(column.codes, rows, count), dictionary: column.dictionary }
    case 'slice':
      return {
        kind: 'slice',
        pool: column.pool,
        start: takeIntegers(column.start, rows, count),
        length: takeIntegers(column.length, rows, count),
      }
    case 'boolean': {
      const values = new Uint8Array(count)
      for (let i = 0; i < count; i++) {
        const row = rows[i] as number
        values[i] = row < 0 ? 2 : (column.values[row] as number)
      }
      return { kind: 'boolean', values }
    }
    case 'value': {
      const values = new Array<unknown>(count)
      for (let i = 0; i < count; i++) {
        const row = rows[i] as number
        values[i] = row < 0 ? null : column.values[row]
      }
      return { kind: 'value', values }
    }
  }
}

function takeNumbers(column: NumberColumn, rows: Int32Array, count: number): NumberColumn {
  const values = new Float64Array(count)
  let nulls: Uint8Array | undefined
  for (let i = 0; i < count; i++) {
    const row = rows[i] as number
    if (row < 0 || column.nulls?.[row] === 1) {
      nulls ??= new Uint8Array(count)
      nulls[i] = 1
      values[i] = NaN
    } else values[i] = column.values[row] as number
  }
  return nulls === undefined ? { kind: 'number', values } : { kind: 'number', values, nulls }
}

function takeIntegers(values: Int32Array, rows: Int32Array, count: number): Int32Array {
  const taken = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    const row = rows[i] as number
    taken[i] = row < 0 ? -1 : (values[row] as number)
  }
  return taken
}

export function takeFloats(values: Float64Array, rows: Int32Array, count = rows.length): Float64Array {
  const taken = new Float64Array(count)
  for (let i = 0; i < count; i++) taken[i] = values[rows[i] as number] as number
  return taken
}
