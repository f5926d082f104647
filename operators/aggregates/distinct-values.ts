/** The different values of each cell, in the order in which they were first seen: an open-addressing table for each cell. */
import type { Column } from '../flow.ts'
import { spread } from '../windows/window-hash.ts'
import { grown } from './aggregate.ts'
import { nullHigh, ValueCodes } from './value-codes.ts'

/** So few are rather looked through than hashed. */
const unhashedMax = 8
const none = new Int32Array(0)
const slotWidth = 3

export class DistinctValues {
  readonly #codes = new ValueCodes()
  #sizes = new Int32Array(0)
  /** Left and right half of each value of a cell, one behind another. */
  readonly #pairs: Int32Array[] = []
  /** By hash, three numbers a slot: both halves and one more than the place, 0 in a free slot. Without slots while there are few. */
  readonly #slots: Int32Array[] = []
  /** In all cells. */
  #total = 0

  grow(cells: number): void {
    this.#sizes = grown(this.#sizes, cells)
    while (this.#pairs.length < cells) {
      this.#pairs.push(none)
      this.#slots.push(none)
    }
  }

  reset(cell: number): void {
    const size = this.#sizes[cell] as number
    if (size === 0) return
    this.#total -= size
    this.#sizes[cell] = 0
    this.#pairs[cell] = this.#slots[cell] = none
    if (this.#codes.isLoose(this.#total)) this.#recode()
  }

  size(cell: number): number {
    return this.#sizes[cell] as number
  }

  valueAt(cell: number, place: number): unknown {
    const pairs = this.#pairs[cell] as Int32Array
    return this.#codes.valueOf(pairs[2 * place] as number, pairs[2 * place + 1] as number)
  }

  /** Takes rows into cells; `places`, when it is given, gets the place of each among the values of its cell, −1 for null. */
  update(column: Column, rows: Int32Array, { cells, count, places }: { cells: Int32Array; count: number; places?: Int32Array }): void {
    this.#codes.fill(column, rows, count)
    const { high, low } = this.#codes
    for (let i = 0; i < count; i++) {
      const left = high[i] as number
      const place = left === nullHigh ? -1 : this.#add(cells[i] as number, left, low[i] as number)
      if (places !== undefined) places[i] = place
    }
  }

  /** The place of a value that is no null, added if it is new. */
  add(cell: number, value: unknown): number {
    this.#codes.ask(value)
    return this.#add(cell, this.#codes.high[0] as number, this.#codes.low[0] as number)
  }

  /** Takes a value of another cell. */
  take(cell: number, from: number, place: number): number {
    const pairs = this.#pairs[from] as Int32Array
    return this.#add(cell, pairs[2 * place] as number, pairs[2 * place + 1] as number)
  }

  #add(cell: number, high: number, low: number): number {
    const size = this.#sizes[cell] as number
    const pairs = this.#pairs[cell] as Int32Array
    if (size <= unhashedMax) {
      for (let place = 0; place < size; place++) if (pairs[2 * place] === high && pairs[2 * place + 1] === low) return place
      return this.#append(cell, high, low)
    }
    const slots = this.#slots[cell] as Int32Array
    const at = slotOf(slots, high, low)
    const known = slots[at + 2] as number
    if (known > 0) return known - 1
    put(slots, at, { high, low, place: size })
    return this.#append(cell, high, low)
  }

  /** Behind the last value; the slot is taken already where there are slots. */
  #append(cell: number, high: number, low: number): number {
    const place = this.#sizes[cell] as number
    let pairs = this.#pairs[cell] as Int32Array
    if (2 * place === pairs.length) {
      const larger = new Int32Array(Math.max(8, 2 * pairs.length))
      larger.set(pairs)
      this.#pairs[cell] = pairs = larger
    }
    pairs[2 * place] = high
    pairs[2 * place + 1] = low
    this.#total++
    const size = (this.#sizes[cell] = place + 1)
    // At most two thirds are taken.
    if (size > unhashedMax && 1.5 * slotWidth * size > (this.#slots[cell] as Int32Array).length) this.#rehash(cell, size)
    return place
  }

  #rehash(cell: number, size: number): void {
    const slots = new Int32Array(slotWidth * 2 ** Math.ceil(Math.log2(2 * size)))
    const pairs = this.#pairs[cell] as Int32Array
    for (let place = 0; place < size; place++) {
      const [high, low] = [pairs[2 * place] as number, pairs[2 * place + 1] as number]
      put(slots, slotOf(slots, high, low), { high, low, place })
    }
    this.#slots[cell] = slots
  }

  /** Gives up the numbers of values that no cell holds any more. */
  #recode(): void {
    const lowOf = this.#codes.renew()
    for (let cell = 0; cell < this.#pairs.length; cell++) {
      const size = this.#sizes[cell] as number
      const pairs = this.#pairs[cell] as Int32Array
      for (let place = 0; place < size; place++) pairs[2 * place + 1] = lowOf(pairs[2 * place] as number, pairs[2 * place + 1] as number)
      if (size > unhashedMax) this.#rehash(cell, size)
    }
  }
}

/** Where the slot of a pair begins, or the free one that it would take. */
function slotOf(slots: Int32Array, high: number, low: number): number {
  const mask = slots.length / slotWidth - 1
  let slot = spread(high, low) & mask
  for (;;) {
    const at = slotWidth * slot
    if (slots[at + 2] === 0 || (slots[at] === high && slots[at + 1] === low)) return at
    slot = (slot + 1) & mask
  }
}

function put(slots: Int32Array, at: number, { high, low, place }: { high: number; low: number; place: number }): void {
  slots[at] = high
  slots[at + 1] = low
  slots[at + 2] = place + 1
}
