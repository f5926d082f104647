/** Open-addressing hash tables over numbers: what keyed steps use in place of a Map of objects. */

const empty = -1

/** Spreads two 32-bit numbers; the constants are those of xxHash. */
export function spread(left: number, right: number): number {
  let hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35)
  return hash ^ (hash >>> 13)
}

/** Gives every pair of integers a number of its own: 0, 1, 2 … in the order in which they were first seen. */
export class PairIds {
  #slots = new Int32Array(64).fill(empty)
  #left = new Int32Array(32)
  #right = new Int32Array(32)
  size = 0

  idOf(left: number, right: number): number {
    const mask = this.#slots.length - 1
    let slot = spread(left, right) & mask
    for (;;) {
      const id = this.#slots[slot] as number
      if (id === empty) return this.#add(slot, left, right)
      if (this.#left[id] === left && this.#right[id] === right) return id
      slot = (slot + 1) & mask
    }
  }

  left(id: number): number {
    return this.#left[id] as number
  }

  right(id: number): number {
    return this.#right[id] as number
  }

  #add(slot: number, left: number, right: number): number {
    const id = this.size++
    this.#slots[slot] = id
    if (id === this.#left.length) {
      this.#left = doubled(this.#left)
      this.#right = doubled(this.#right)
    }
    this.#left[id] = left
    this.#right[id] = right
    if (2 * this.size > this.#slots.length) this.#rehash()
    return id
  }

  #rehash(): void {
    const slots = new Int32Array(2 * this.#slots.length).fill(empty)
    const mask = slots.length - 1
    for (let id = 0; id < this.size; id++) {
      let slot = spread(this.#left[id] as number, this.#right[id] as number) & mask
      while (slots[slot] !== empty) slot = (slot + 1) & mask
      slots[slot] = id
    }
    this.#slots = slots
  }
}

/** Finds a small number (a cell) by another (the number of a key), with the cells in the order in which they were added. */
export class CellTable {
  #slots = new Int32Array(16).fill(empty)
  #keys = new Int32Array(8)
  #cells = new Int32Array(8)
  size = 0

  /** The cell, or −1. */
  find(key: number): number {
    const mask = this.#slots.length - 1
    for (let slot = spread(key, 0) & mask; ; slot = (slot + 1) & mask) {
      const at = this.#slots[slot] as number
      if (at === empty) return -1
      if (this.#keys[at] === key) return this.#cells[at] as number
    }
  }

  /** Adds a key, unless it is there: then answers its place, else −1. */
  addOnce(key: number, cell: number): number {
    const mask = this.#slots.length - 1
    for (let slot = spread(key, 0) & mask; ; slot = (slot + 1) & mask) {
      const at = this.#slots[slot] as number
      if (at !== empty) {
        if (this.#keys[at] === key) return at
        continue
      }
      this.add(key, cell)
      return -1
    }
  }

  cellAt(at: number): number {
    return this.#cells[at] as number
  }

  setCellAt(at: number, cell: number): void {
    this.#cells[at] = cell
  }

  /** Adds a key that is not there. */
  add(key: number, cell: number): void {
    if (this.size === this.#keys.length) {
      this.#keys = doubled(this.#keys)
      this.#cells = doubled(this.#cells)
      this.#slots = new Int32Array(4 * this.size).fill(empty)
      for (let at = 0; at < this.size; at++) this.#place(at)
    }
    this.#keys[this.size] = key
    this.#cells[this.size] = cell
    this.#place(this.size++)
  }

  #place(at: number): void {
    const mask = this.#slots.length - 1
    let slot = spread(this.#keys[at] as number, 0) & mask
    while (this.#slots[slot] !== empty) slot = (slot + 1) & mask
    this.#slots[slot] = at
  }

  get keys(): Int32Array {
    return this.#keys.subarray(0, this.size)
  }

  get cells(): Int32Array {
    return this.#cells.subarray(0, this.size)
  }
}

function doubled(values: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * values.length)
  larger.set(values)
  return larger
}
