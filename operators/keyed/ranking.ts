/** The best rows of a group by some of their columns, and how they are saved. */
import { compareTexts } from '../windows/window-keys.ts'
import { exactText, exactValue } from './exact.ts'
import type { Format } from './keyed-rows.ts'

/** A row that stands among the best: what it is ordered by, and itself as text. */
export interface Ranked {
  readonly values: readonly unknown[]
  readonly text: string
  /** Event time and watermark; null when the row has none. */
  readonly stamps: readonly [eventTime: number, watermark: number] | null
}

export const rankingFormat: Format<Ranked[]> = {
  write: (best, writer) => writer.text(exactText(best)),
  read: reader => exactValue(reader.text()) as Ranked[],
}

/**
 * No other row of a window is to come. A row of a window happened at its last millisecond, or at its very end where windows include that
 * (sessions do), and a watermark says that no row from before it is still to come.
 */
export function isComplete(windowEnd: number, eventTime: number, watermark: number): boolean {
  return eventTime < windowEnd ? watermark >= windowEnd : watermark > windowEnd
}

export interface OrderColumn {
  readonly name: string
  readonly falls: boolean
}

/** `-` before a column says that the largest comes first. */
export function orderColumns(order: readonly string[]): OrderColumn[] {
  return order.map(name => ({ name: name.replace(/^-/, ''), falls: name.startsWith('-') }))
}

export type CompareValues = (a: readonly unknown[], b: readonly unknown[]) => number

/** By one column after the other; null comes last, whichever way a column goes. */
export function comparing(columns: readonly OrderColumn[]): CompareValues {
  return (a, b) => {
    for (let c = 0; c < columns.length; c++) {
      const [left, right] = [a[c] ?? null, b[c] ?? null]
      if (left === null || right === null) {
        if (left === right) continue
        return left === null ? 1 : -1
      }
      const order = compareValues(left, right)
      if (order !== 0) return columns[c]?.falls === true ? -order : order
    }
    return 0
  }
}

/** False, true, numbers (NaN is the largest), texts by code point, then the rest by JSON text. */
export function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return compareNumbers(a, b)
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b)
  const order = rankOf(a) - rankOf(b)
  if (order !== 0 || rankOf(a) < 4) return order
  return compareTexts(exactText(a), exactText(b))
}

function compareNumbers(a: number, b: number): number {
  if (a < b) return -1
  if (a > b) return 1
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
}

function rankOf(value: unknown): number {
  if (typeof value === 'boolean') return value ? 1 : 0
  return typeof value === 'number' ? 2 : typeof value === 'string' ? 3 : 4
}

/** Where a row with these values would stand, behind its equals. */
export function placeAmong(best: readonly Ranked[], values: readonly unknown[], compare: CompareValues): number {
  let [low, high] = [0, best.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (compare((best[middle] as Ranked).values, values) > 0) high = middle
    else low = middle + 1
  }
  return low
}
