/** The different values of each cell, in the order in which they were first seen: an open-addressing table for each cell. */
import type { Column } from '../flow.ts'
import { spread } from '../windows/window-hash.ts'
import { grown } from './aggregate.ts'
import { nullHigh, ValueCodes } from './value-codes.ts'

/** So few are rather looked through than hashed. */
const unhashedMax = 8
const none = new Int32Array(0)
const empty = -1

export class DistinctValues {
  readonly #codes = new ValueCodes()
  #sizes = new Int32Array(0)
  /** Left and right half of each value of a cell, one behind another. */
  readonly #pairs: Int32Array[] = []
  /** Places of the values by hash; without slots while there are few. */
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
    const mask = slots.length - 1
    let slot = spread(high, low) & mask
    for (;;) {
      const place = slots[slot] as number
      if (place === empty) break
      if (pairs[2 * place] === high && pairs[2 * place + 1] === low) return place
      slot = (slot + 1) & mask
    }
    slots[slot] = size
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
    if (size > unhashedMax && 2 * size > (this.#slots[cell] as Int32Array).length) this.#rehash(cell, size)
    return place
  }

  #rehash(cell: number, size: number): void {
    const slots = new Int32Array(2 ** Math.ceil(Math.log2(4 * size))).fill(empty)
    const pairs = this.#pairs[cell] as Int32Array
    const mask = slots.length - 1
    for (let place = 0; place < size; place++) {
      let slot = spread(pairs[2 * place] as number, pairs[2 * place + 1] as number) & mask
      while (slots[slot] !== empty) slot = (slot + 1) & mask
      slots[slot] = place
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
