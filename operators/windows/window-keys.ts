/** Numbers for keys: the values of the key columns of a row become one small number, and back. */
import { columnOf, sliceAt, TextDictionary, valueAt } from '../columns.ts'
import type { Column, Page } from '../flow.ts'
import { columnNamed } from '../page.ts'
import { PairIds } from './window-hash.ts'

/** A value of a key: null, boolean, number, text; anything else by its JSON text. */
export type KeyValue = unknown

const wide = new Float64Array(1)
const halves = new Int32Array(wide.buffer)

/** Numbers for the values of one column. */
class ValueIds {
  readonly values: KeyValue[] = []
  readonly #texts = new Map<string, number>()
  readonly #others = new Map<unknown, number>()
  /** Doubles by their two halves; `#ofPair` leads from the number of the pair to that of the value. */
  readonly #pairs = new PairIds()
  readonly #ofPair: number[] = []
  /** What the codes of a dictionary mean here; −1 not asked yet. */
  readonly #ofDictionary = new WeakMap<readonly string[], Int32Array>()
  /** Of the texts that leave. */
  #dictionary = new TextDictionary()

  fill(column: Column, rows: Int32Array, ids: Int32Array): void {
    if (column.kind === 'text') this.#fillTexts(column.codes, column.dictionary, rows, ids)
    else if (column.kind === 'number' && column.nulls === undefined) {
      for (let i = 0; i < rows.length; i++) ids[i] = this.#ofNumber(column.values[rows[i] as number] as number)
    } else if (column.kind === 'slice') {
      for (let i = 0; i < rows.length; i++) ids[i] = this.idOf(sliceAt(column, rows[i] as number))
    } else for (let i = 0; i < rows.length; i++) ids[i] = this.idOf(valueAt(column, rows[i] as number))
  }

  #fillTexts(codes: Int32Array, dictionary: readonly string[], rows: Int32Array, ids: Int32Array): void {
    let known = this.#ofDictionary.get(dictionary)
    if (known === undefined || known.length < dictionary.length) {
      const larger = new Int32Array(Math.max(16, dictionary.length * (known === undefined ? 1 : 2))).fill(-1)
      if (known !== undefined) larger.set(known)
      this.#ofDictionary.set(dictionary, (known = larger))
    }
    for (let i = 0; i < rows.length; i++) {
      const code = codes[rows[i] as number] as number
      let id = code < 0 ? this.idOf(null) : (known[code] as number)
      if (id < 0) known[code] = id = this.idOf(dictionary[code])
      ids[i] = id
    }
  }

  #ofNumber(value: number): number {
    wide[0] = value + 0
    const pair = this.#pairs.idOf(halves[0] as number, halves[1] as number)
    if (pair === this.#ofPair.length) this.#ofPair.push(this.#add(value + 0))
    return this.#ofPair[pair] as number
  }

  idOf(value: KeyValue): number {
    if (typeof value === 'number') return this.#ofNumber(value)
    const isText = typeof value === 'string'
    const [map, name] = isText
      ? [this.#texts, value]
      : [this.#others, typeof value === 'object' && value !== null ? JSON.stringify(value) : value]
    let id = (map as Map<unknown, number>).get(name)
    if (id === undefined) (map as Map<unknown, number>).set(name, (id = this.#add(value)))
    return id
  }

  #add(value: KeyValue): number {
    this.values.push(value ?? null)
    return this.values.length - 1
  }

  /** The values of numbers as a column. */
  columnOf(ids: Int32Array): Column {
    const { values } = this
    const numbers = new Float64Array(ids.length)
    for (let i = 0; i < ids.length; i++) {
      const value = values[ids[i] as number]
      if (typeof value !== 'number') return this.#mixedColumn(ids)
      numbers[i] = value
    }
    return { kind: 'number', values: numbers }
  }

  #mixedColumn(ids: Int32Array): Column {
    if (this.#dictionary.isFull) this.#dictionary = new TextDictionary()
    return columnOf(
      Array.from(ids, id => this.values[id]),
      this.#dictionary,
    )
  }
}

/** Numbers for keys of any count of columns; without columns there is one key, number 0. */
export class KeyIds {
  readonly fields: readonly string[]
  readonly #columns: readonly ValueIds[]
  /** Pairs of (number of the columns before, number of the next column), one table for each column but the first. */
  readonly #pairs: readonly PairIds[]
  #ids = new Int32Array(0)
  #next = new Int32Array(0)

  constructor(fields: readonly string[]) {
    this.fields = fields
    this.#columns = fields.map(() => new ValueIds())
    this.#pairs = fields.slice(1).map(() => new PairIds())
  }

  get size(): number {
    return this.#pairs.at(-1)?.size ?? this.#columns[0]?.values.length ?? 1
  }

  /** The numbers of the keys of rows; the array is used again by the next call. */
  idsOf(page: Page, rows: Int32Array): Int32Array {
    if (this.#ids.length < rows.length) {
      this.#ids = new Int32Array(rows.length)
      this.#next = new Int32Array(rows.length)
    }
    const [ids, next] = [this.#ids, this.#next]
    for (let c = 0; c < this.#columns.length; c++) {
      const column = columnNamed(page, this.fields[c] as string)
      this.#columns[c]?.fill(column, rows, c === 0 ? ids : next)
      const pairs = this.#pairs[c - 1]
      if (pairs !== undefined) for (let i = 0; i < rows.length; i++) ids[i] = pairs.idOf(ids[i] as number, next[i] as number)
    }
    return ids
  }

  idOf(key: readonly KeyValue[]): number {
    let id = 0
    for (let c = 0; c < this.#columns.length; c++) {
      const next = (this.#columns[c] as ValueIds).idOf(key[c] ?? null)
      id = c === 0 ? next : (this.#pairs[c - 1] as PairIds).idOf(id, next)
    }
    return id
  }

  keyOf(id: number): KeyValue[] {
    const key = new Array<KeyValue>(this.#columns.length)
    let rest = id
    for (let c = this.#columns.length - 1; c >= 0; c--) {
      const pairs = this.#pairs[c - 1]
      key[c] = (this.#columns[c] as ValueIds).values[pairs === undefined ? rest : pairs.right(rest)]
      if (pairs !== undefined) rest = pairs.left(rest)
    }
    return key
  }

  /** The columns of the keys of these numbers. */
  columnsOf(ids: Int32Array): Column[] {
    const columns: Column[] = []
    let rest = ids
    for (let c = this.#columns.length - 1; c >= 0; c--) {
      const pairs = this.#pairs[c - 1]
      columns.unshift((this.#columns[c] as ValueIds).columnOf(pairs === undefined ? rest : rest.map(id => pairs.right(id))))
      if (pairs !== undefined) rest = rest.map(id => pairs.left(id))
    }
    return columns
  }

  /** The keys themselves, where they are integers of one column. */
  integersOf(ids: Int32Array): Float64Array | undefined {
    const [column, more] = this.#columns
    if (column === undefined || more !== undefined) return undefined
    const integers = new Float64Array(ids.length)
    for (let i = 0; i < ids.length; i++) {
      const value = column.values[ids[i] as number]
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) return undefined
      integers[i] = value
    }
    return integers
  }

  /** The order of two keys, by their numbers. */
  compare(a: number, b: number): number {
    const [first, more] = this.#columns
    if (first === undefined || more !== undefined) return compareKeys(this.keyOf(a), this.keyOf(b))
    return compareValues(first.values[a], first.values[b])
  }
}

/** Order of keys: column by column; null, false, true, numbers, texts by code point, then the rest by JSON text. */
export function compareKeys(a: readonly KeyValue[], b: readonly KeyValue[]): number {
  for (let c = 0; c < a.length; c++) {
    const order = compareValues(a[c], b[c])
    if (order !== 0) return order
  }
  return 0
}

function compareValues(a: KeyValue, b: KeyValue): number {
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b)
  const order = rankOf(a) - rankOf(b)
  if (order !== 0) return order
  if (typeof a === 'number') return a - (b as number)
  return typeof a === 'object' && a !== null ? compareTexts(JSON.stringify(a), JSON.stringify(b)) : 0
}

function rankOf(value: KeyValue): number {
  if (value === null || value === undefined) return 0
  if (typeof value === 'boolean') return value ? 2 : 1
  return typeof value === 'number' ? 3 : typeof value === 'string' ? 4 : 5
}

/** By code point, which differs from the order of JavaScript where a surrogate meets a unit above it. */
export function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)]
    if (left === right) continue
    const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff
    if (isSurrogate(left) !== isSurrogate(right) && left >= 0xd800 && right >= 0xd800) return isSurrogate(left) ? 1 : -1
    return left - right
  }
  return a.length - b.length
}
