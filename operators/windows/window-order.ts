/** The order in which results leave: by key within a window, and the row that is their cause. */
import type { Moves, Page } from '../flow.ts'
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

/** The end of the input as a move: all that is still open leaves at the row of this order. */
export function endOf(order: number): Moves {
  return { kind: 'moves', order: Float64Array.of(order), before: Float64Array.of(-Infinity), time: Infinity }
}

/** Knows which row moves the watermark to where, so that what closes has the order of its cause. */
export class Causes {
  #moves: Moves | undefined
  /** The first of its rows that stands not before the row asked for last. */
  #at = 0
  /** Where a watermark comes without word of its moves, the row that came last is the cause. */
  #last = 0

  expect(moves: Moves): void {
    this.#moves = moves
    this.#at = 0
  }

  note(page: Page): void {
    this.#last = page.order.at(-1) ?? this.#last
  }

  /** The watermark has come: all moves are made. */
  settle(): void {
    this.#moves = undefined
  }

  /** The watermark as it stands before the row of this order; orders must not fall from one question to the next. */
  before(order: number): number {
    if (this.#moves === undefined) return -Infinity
    const { order: orders, before, time } = this.#moves
    while (this.#at < orders.length && (orders[this.#at] as number) < order) this.#at++
    return this.#at < orders.length ? (before[this.#at] as number) : time
  }

  /** The order of the row that moves the watermark to `time` (`beyond`: above it). A row of the order `upTo` is the cause when none before it is. */
  of(time: number, { beyond = false, upTo }: { readonly beyond?: boolean; readonly upTo?: number | undefined } = {}): number {
    const moved = this.#moverOf(time, beyond)
    if (moved === undefined) return upTo ?? this.#last
    return upTo === undefined ? moved : Math.min(moved, upTo)
  }

  #moverOf(time: number, beyond: boolean): number | undefined {
    const isReached = (watermark: number): boolean => (beyond ? watermark > time : watermark >= time)
    if (this.#moves === undefined || !isReached(this.#moves.time)) return undefined
    const { order, before } = this.#moves
    let [low, high] = [0, order.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (isReached(before[middle] as number)) high = middle
      else low = middle + 1
    }
    return order[Math.max(0, low - 1)]
  }
}
