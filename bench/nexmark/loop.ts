/** What a plain loop over the pages of a query is, and how it reads the columns: the loops are the baseline and the right answers. */
import type { Page } from '../../operators/flow.ts'

/** What others compare: rows of the result and the exact sum of one column of it. */
export interface Answer {
  readonly rows: number
  readonly sum: bigint
}

export interface Loop {
  take(page: Page): void
  /** After the end: closes what is open. */
  answer(): Answer
}

export const windowMs = 10_000
/** Codes of the column `type`. */
export const personKind = 0
export const auctionKind = 1
export const bidKind = 2

export function numbersOf(page: Page, name: string): Float64Array {
  const column = page.columns.get(name)
  if (column?.kind !== 'number') throw new TypeError(`no column of numbers: ${name}`)
  return column.values
}

/** Codes of a column of texts, with what they mean. */
export function textsOf(page: Page, name: string): { readonly codes: Int32Array; readonly dictionary: readonly string[] } {
  const column = page.columns.get(name)
  if (column?.kind !== 'text') throw new TypeError(`no column of texts: ${name}`)
  return column
}

export const kindsOf = (page: Page): Int32Array => textsOf(page, 'type').codes

export function mapGet<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}

/** Both numbers as one: ids lie below 2^26. */
export const pairOf = (left: number, right: number): number => left * 2 ** 26 + right

export function sumOf(values: Iterable<number>): bigint {
  let sum = 0n
  for (const value of values) sum += BigInt(value)
  return sum
}

export const windowOf = (ts: number, size: number): number => Math.floor(ts / size) * size
