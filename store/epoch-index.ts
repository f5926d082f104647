/** Finds rows within the bytes of an epoch that is not written yet: a hash table of where the last change of each key stands. */
import { compareBytes } from '../event/compare-bytes.ts'
import type { Bytes } from './key-value.ts'

/** A change: the key, and the value that was put; undefined when the row was deleted. */
export type Change = readonly [key: Bytes, value: Bytes | undefined]

/** One operation of an epoch, as `EpochBytes` writes them. */
export interface Operation {
  readonly isState: boolean
  readonly isPut: boolean
  readonly keyAt: number
  readonly valueAt: number
  readonly end: number
}

export type ReadOperation = (bytes: Bytes, at: number) => Operation

export class EpochIndex {
  readonly #read: ReadOperation
  /** Where the operation begins, and 1; 0 is empty. */
  #slots = new Int32Array(256)
  #count = 0
  #indexedTo = 0

  constructor(read: ReadOperation) {
    this.#read = read
  }

  clear(): void {
    if (this.#indexedTo === 0) return
    this.#slots = new Int32Array(256)
    this.#count = this.#indexedTo = 0
  }

  /** The last change of a row of column `state`; undefined when the epoch has none. Bytes are copied. */
  find(bytes: Bytes, key: Bytes): Change | undefined {
    this.#takeIn(bytes)
    const slot = this.#slotOf(bytes, key)
    const at = (this.#slots[slot] as number) - 1
    return at < 0 ? undefined : [key, this.#valueAt(bytes, at)]
  }

  /** The last changes of rows of column `state` with `gte` ≤ key < `lt`, in no order. Bytes are copied. */
  within(bytes: Bytes, gte: Bytes, lt: Bytes): Change[] {
    this.#takeIn(bytes)
    const found: Change[] = []
    for (const at of this.#slots) {
      if (at === 0) continue
      const { keyAt, valueAt } = this.#read(bytes, at - 1)
      const key = bytes.subarray(keyAt, valueAt)
      if (compareBytes(key, gte) >= 0 && compareBytes(key, lt) < 0) found.push([key.slice(), this.#valueAt(bytes, at - 1)])
    }
    return found
  }

  #valueAt(bytes: Bytes, at: number): Bytes | undefined {
    const { isPut, valueAt, end } = this.#read(bytes, at)
    return isPut ? bytes.slice(valueAt, end) : undefined
  }

  /** Steps that never read do not pay for this: what was gathered is looked through when somebody asks. */
  #takeIn(bytes: Bytes): void {
    while (this.#indexedTo < bytes.length) {
      const at = this.#indexedTo
      const { isState, keyAt, valueAt, end } = this.#read(bytes, at)
      this.#indexedTo = end
      if (!isState) continue
      const slot = this.#slotOf(bytes, bytes.subarray(keyAt, valueAt))
      const isNew = this.#slots[slot] === 0
      this.#slots[slot] = at + 1
      if (isNew && 2 * ++this.#count > this.#slots.length) this.#enlarge(bytes)
    }
  }

  /** The slot of the key, or the empty one where it belongs. */
  #slotOf(bytes: Bytes, key: Bytes): number {
    const mask = this.#slots.length - 1
    for (let slot = hashOf(key) & mask; ; slot = (slot + 1) & mask) {
      const at = (this.#slots[slot] as number) - 1
      if (at < 0) return slot
      const { keyAt, valueAt } = this.#read(bytes, at)
      if (isEqual(bytes, keyAt, valueAt - keyAt, key)) return slot
    }
  }

  #enlarge(bytes: Bytes): void {
    const before = this.#slots
    this.#slots = new Int32Array(2 * before.length)
    for (const at of before) {
      if (at === 0) continue
      const { keyAt, valueAt } = this.#read(bytes, at - 1)
      this.#slots[this.#slotOf(bytes, bytes.subarray(keyAt, valueAt))] = at
    }
  }
}

/** FNV-1a, and the last step of xxHash so that the low bits depend on all. */
function hashOf(key: Bytes): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ (key[i] as number), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35)
  return (hash ^ (hash >>> 13)) >>> 0
}

function isEqual(bytes: Bytes, at: number, length: number, key: Bytes): boolean {
  if (length !== key.length) return false
  // Keys of one step begin alike and differ at their ends.
  for (let i = length - 1; i >= 0; i--) if (bytes[at + i] !== key[i]) return false
  return true
}
