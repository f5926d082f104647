/** The order in which results leave: by key within a window, and the row that is their cause. */
import type { Page } from '../flow.ts'
import type { CellTable } from './window-hash.ts'
import { compareKeys, type KeyIds } from './window-keys.ts'

/** Sorts the cells of a window by key. */
export class KeyOrder {
  /** The place of each key number among all, while no new key has come. */
  #ranks = new Int32Array(0)

  /** Numbers of keys mean other keys from here on. */
  renumbered(): void {
    this.#ranks = new Int32Array(0)
  }

  /** Places in the table by key. Ranks make it a sort of numbers; they are made anew only when that is cheap beside the sort itself. */
  sorted(table: CellTable, keys: KeyIds): Iterable<number> {
    if (table.size < 2) return [0].slice(0, table.size)
    const { keys: numbers } = table
    if (this.#ranks.length < keys.size && 4 * table.size >= keys.size) this.#ranks = ranksOf(keys)
    if (numbers.some(number => number >= this.#ranks.length)) {
      const tuples = Array.from(numbers, number => keys.keyOf(number))
      return Array.from(numbers.keys()).sort((a, b) => compareKeys(tuples[a] as unknown[], tuples[b] as unknown[]))
    }
    const packed = new Float64Array(table.size)
    for (let at = 0; at < table.size; at++) packed[at] = (this.#ranks[numbers[at] as number] as number) * table.size + at
    return packed.sort().map(value => value % table.size)
  }
}

function ranksOf(keys: KeyIds): Int32Array<ArrayBuffer> {
  const tuples = Array.from({ length: keys.size }, (_, number) => keys.keyOf(number))
  const ranks = new Int32Array(keys.size)
  const sorted = Array.from(tuples.keys()).sort((a, b) => compareKeys(tuples[a] as unknown[], tuples[b] as unknown[]))
  for (const [rank, number] of sorted.entries()) ranks[number] = rank
  return ranks
}

/** Knows which row moved the watermark. */
export class Causes {
  #last: { order: Float64Array; watermark: Float64Array | undefined } | undefined
  /** Order of the last row before that page. */
  #before: number | undefined

  /** Remembers the page that came last: one of its rows is the cause of what closes next. */
  note(page: Page): void {
    if (page.order.length === 0) return
    this.#before = this.#last?.order.at(-1)
    this.#last = { order: page.order, watermark: page.watermark }
  }

  /** The order of the row that moved the watermark to `time` (`beyond`: above it): the one before the first row that was stamped so. */
  of(time: number, beyond = false): number {
    if (this.#last === undefined) return 0
    const { order, watermark } = this.#last
    if (watermark === undefined) return order.at(-1) as number
    let [low, high] = [0, order.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const stamp = watermark[middle] as number
      if (beyond ? stamp > time : stamp >= time) high = middle
      else low = middle + 1
    }
    return low > 0 ? (order[low - 1] as number) : (this.#before ?? (order[0] as number))
  }
}
