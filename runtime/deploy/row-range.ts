/** Rows of a projection by their keys, of those that lie in memory. */
import { type FoldedRow, rowKeyText } from '../../actors/projection.ts'

export interface RowRange {
  /** Exactly this key. */
  readonly key?: readonly unknown[]
  /** First elements of the keys wanted. */
  readonly prefix?: readonly unknown[]
  /** Behind this key. */
  readonly after?: readonly unknown[]
  readonly limit?: number
}

export type KeyedRow = readonly [keyText: string, row: FoldedRow]

/** Rows in the order of their keys, those that were deleted left out. */
export function rowsWithin(rows: readonly KeyedRow[], range: RowRange): { key: readonly unknown[]; text: string }[] {
  const { key, prefix, after, limit = Number.POSITIVE_INFINITY } = range
  const keyText = key && rowKeyText(key)
  const isWithin = inRange(prefix, after)
  const found: { key: readonly unknown[]; text: string }[] = []
  for (const row of rows) {
    if (found.length >= limit) break
    const [text, { key: parts, text: value }] = row
    if (value !== undefined && (keyText === undefined ? isWithin(row) : text === keyText)) found.push({ key: parts, text: value })
  }
  return found
}

export function inRange(prefix: readonly unknown[] = [], after: readonly unknown[] | undefined): (row: KeyedRow) => boolean {
  const wanted = rowKeyText(prefix)
  const last = after && rowKeyText(after)
  return ([keyText, { key }]) =>
    keyText.startsWith(wanted) && rowKeyText(key.slice(0, prefix.length)) === wanted && (last === undefined || keyText > last)
}
