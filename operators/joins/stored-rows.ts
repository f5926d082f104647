/** Rows of one side of a join, kept by key: their columns by place, a list of places for each key, and when each is given up. */
import { assert } from '../../event/assert.ts'
import type { Column, Page } from '../flow.ts'
import { columnNamed } from '../page.ts'
import { TimeHeap } from '../windows/window-heap.ts'
import { StoredColumn } from './stored-columns.ts'

const none = -1

/** What a row takes beside its columns, and a value of a column, about. */
const [rowBytes, valueBytes] = [64, 16]

/** It has found a partner. */
export const isMatched = 1

export class StoredRows {
  /** How many rows are kept. */
  size = 0
  /** Neighbours in the list of the key. */
  next = new Int32Array(0)
  previous = new Int32Array(0)
  /** Number of the key; −1 for a place that is free. */
  key = new Int32Array(0)
  /** Event time; NaN for rows that have none. */
  time = new Float64Array(0)
  /** The last moment at which a partner may have happened: above it the row is given up. */
  close = new Float64Array(0)
  /** Rises from row to row of a key. */
  serial = new Float64Array(0)
  flags = new Uint8Array(0)
  /** Number of the piece of saved state that holds it; −1 when none does. */
  piece = new Int32Array(0)
  readonly columns = new Map<string, StoredColumn>()
  /** The columns that are kept; all that come when undefined. */
  readonly #names: readonly string[] | undefined
  readonly #due = new TimeHeap<number>()
  #heads = new Int32Array(0)
  #tails = new Int32Array(0)
  #free: number[] = []
  #used = 0
  #capacity = 0
  #serial = 0

  constructor(names: readonly string[] | undefined) {
    this.#names = names
    for (const name of names ?? []) this.#columnOf(name)
  }

  /** The first place of a key; −1 when it has none. */
  head(key: number): number {
    return key < this.#heads.length ? (this.#heads[key] as number) : none
  }

  tail(key: number): number {
    return key < this.#tails.length ? (this.#tails[key] as number) : none
  }

  /** A place for a row that is about to be stored: what is in its columns is told later. */
  place(): number {
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#used === this.#capacity) this.#grow(Math.max(1024, 2 * this.#capacity))
    return this.#used++
  }

  #grow(capacity: number): void {
    this.#capacity = capacity
    const integers = (values: Int32Array): Int32Array<ArrayBuffer> => {
      const larger = new Int32Array(capacity).fill(none)
      larger.set(values)
      return larger
    }
    const floats = (values: Float64Array): Float64Array<ArrayBuffer> => {
      const larger = new Float64Array(capacity)
      larger.set(values)
      return larger
    }
    this.next = integers(this.next)
    this.previous = integers(this.previous)
    this.key = integers(this.key)
    this.piece = integers(this.piece)
    this.time = floats(this.time)
    this.close = floats(this.close)
    this.serial = floats(this.serial)
    const flags = new Uint8Array(capacity)
    flags.set(this.flags)
    this.flags = flags
    for (const column of this.columns.values()) column.grow(capacity)
  }

  /** Puts a place behind another in the list of a key; at its end, or at its beginning with `after` −1. */
  link(place: number, { key, time, close, after = this.tail(key) }: { key: number; time: number; close: number; after?: number }): void {
    if (key >= this.#heads.length) {
      this.#heads = longer(this.#heads, key + 1)
      this.#tails = longer(this.#tails, key + 1)
    }
    const before = after === none ? this.head(key) : (this.next[after] as number)
    this.previous[place] = after
    this.next[place] = before
    if (after === none) this.#heads[key] = place
    else this.next[after] = place
    if (before === none) this.#tails[key] = place
    else this.previous[before] = place
    this.key[place] = key
    this.time[place] = time
    this.flags[place] = 0
    this.piece[place] = none
    this.serial[place] = this.#serial++
    this.size++
    this.closeAt(place, close)
  }

  /** Says anew when it is given up. */
  closeAt(place: number, close: number): void {
    this.close[place] = close
    if (close < Infinity) this.#due.push(close, place)
  }

  /** Takes it out of its list; its columns stay until it is released. */
  unlink(place: number): void {
    const [key, before, after] = [this.key[place] as number, this.previous[place] as number, this.next[place] as number]
    assert(key !== none, 'a row that is not in a list can not be taken out of it')
    if (before === none) this.#heads[key] = after
    else this.next[before] = after
    if (after === none) this.#tails[key] = before
    else this.previous[after] = before
    this.key[place] = none
    this.size--
  }

  /** The place may be used again. */
  release(place: number): void {
    this.#free.push(place)
  }

  /** What its rows take in memory, about. */
  get bytes(): number {
    return this.size * (rowBytes + valueBytes * this.columns.size)
  }

  /** The least time at which a row is to be given up. */
  get nextClose(): number {
    return this.#due.time
  }

  /** A place whose row closes below `time`; −1 when there is none. */
  popBelow(time: number): number {
    while (this.#due.time < time) {
      const close = this.#due.time
      const place = this.#due.pop() as number
      // Of rows that went earlier, or whose time was changed, the old entries are still there.
      if (this.key[place] !== none && this.close[place] === close) return place
    }
    return none
  }

  /** Takes over the values of rows at places. */
  store(page: Page, rows: Int32Array, places: Int32Array): void {
    if (this.#names === undefined) for (const name of page.columns.keys()) this.#columnOf(name)
    for (const [name, column] of this.columns) column.store(columnNamed(page, name), rows, places, rows.length)
  }

  #columnOf(name: string): StoredColumn {
    let column = this.columns.get(name)
    if (column === undefined) {
      this.columns.set(name, (column = new StoredColumn()))
      column.grow(this.#capacity)
    }
    return column
  }

  /** One value, as it comes out of saved state; a column that is not kept any more is passed over. */
  put(place: number, name: string, value: unknown): void {
    if (this.#names === undefined || this.columns.has(name)) this.#columnOf(name).put(place, value)
  }

  take(name: string, places: Int32Array, count: number): Column {
    return this.#columnOf(name).take(places, count)
  }

  /** Places of all rows kept. */
  places(): Int32Array {
    const places = new Int32Array(this.size)
    let count = 0
    for (let place = 0; place < this.#used; place++) if (this.key[place] !== none) places[count++] = place
    return places
  }

  /** Numbers of keys mean other keys from here on. */
  renumber(idOf: (key: number) => number, places = this.places()): void {
    // Lists keep their order: their ends are all that is found by number.
    const ends = Array.from(places).filter(place => this.previous[place] === none || this.next[place] === none)
    for (const place of places) this.key[place] = idOf(this.key[place] as number)
    this.#heads = new Int32Array(0)
    this.#tails = new Int32Array(0)
    for (const place of ends) {
      const key = this.key[place] as number
      if (key >= this.#heads.length) {
        this.#heads = longer(this.#heads, key + 1)
        this.#tails = longer(this.#tails, key + 1)
      }
      if (this.previous[place] === none) this.#heads[key] = place
      if (this.next[place] === none) this.#tails[key] = place
    }
  }

  /** Gives up texts that no row has any more. */
  trim(): void {
    for (const column of this.columns.values()) if (column.isWasteful(this.size)) column.trim(this.places())
  }
}

function longer(values: Int32Array, least: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(64, least, 2 * values.length)).fill(none)
  larger.set(values)
  return larger
}
