/** The order in which results leave: by key within a window, and the row that is their cause. */
import type { Moves, Page } from '../flow.ts'
import type { CellTable } from './window-hash.ts'
import type { KeyIds } from './window-keys.ts'

/** Sorts the cells of a window by key. */
export class KeyOrder {
  /** The numbers of keys by their keys, and the place of each number among them, as far as they were looked at. */
  #sorted = new Int32Array(0)
  #ranks = new Int32Array(0)

  /** Numbers of keys mean other keys from here on. */
  renumbered(): void {
    this.#sorted = this.#ranks = new Int32Array(0)
  }

  /** Places in the table by key. */
  sorted(table: CellTable, keys: KeyIds): Int32Array | readonly number[] {
    const { size, keys: numbers } = table
    if (size < 2) return [0].slice(0, size)
    const values = keys.integersOf(numbers)
    if (values !== undefined) return placesOf(values)
    // Ranks make it a sort of integers; they are kept up only when that is cheap beside the sort itself.
    if (this.#ranks.length < keys.size && 4 * size >= keys.size) this.#rank(keys)
    const ranks = this.#ranks
    if (numbers.some(number => number >= ranks.length))
      return Array.from(numbers.keys()).sort((a, b) => keys.compare(numbers[a] as number, numbers[b] as number))
    const ranked = new Float64Array(size)
    for (let at = 0; at < size; at++) ranked[at] = ranks[numbers[at] as number] as number
    return placesOf(ranked)
  }

  /** Sorts the keys that are new, and merges them with those that were sorted before. */
  #rank(keys: KeyIds): void {
    const old = this.#sorted
    const fresh = Array.from({ length: keys.size - old.length }, (_, i) => old.length + i).sort((a, b) => keys.compare(a, b))
    const [sorted, ranks] = [new Int32Array(keys.size), new Int32Array(keys.size)]
    for (let rank = 0, left = 0, right = 0; rank < sorted.length; rank++) {
      const isOld = right === fresh.length || (left < old.length && keys.compare(old[left] as number, fresh[right] as number) < 0)
      const number = (isOld ? old[left++] : fresh[right++]) as number
      sorted[rank] = number
      ranks[number] = rank
    }
    this.#sorted = sorted
    this.#ranks = ranks
  }
}

/** The places of numbers from the least to the largest; those that are equal stay in order. */
export function placesOf(values: Float64Array): Int32Array | readonly number[] {
  const count = values.length
  let [least, most, isWhole] = [Infinity, -Infinity, true]
  for (let at = 0; at < count; at++) {
    const value = values[at] as number
    if (value < least) least = value
    if (value > most) most = value
    isWhole &&= Number.isInteger(value)
  }
  if (!isWhole || (most - least + 1) * count > Number.MAX_SAFE_INTEGER)
    return Array.from(values.keys()).sort((a, b) => (values[a] as number) - (values[b] as number))
  // A value and its place are one number: sorting numbers needs no calls.
  const packed = new Float64Array(count)
  for (let at = 0; at < count; at++) packed[at] = ((values[at] as number) - least) * count + at
  packed.sort()
  const places = new Int32Array(count)
  for (let at = 0; at < count; at++) {
    const value = packed[at] as number
    places[at] = value - Math.floor(value / count) * count
  }
  return places
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
