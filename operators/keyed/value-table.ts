/** Values in memory by the number of their key: which of them changed, which were used, and what they take. */
import { grown } from '../aggregates/aggregate.ts'

const dirty = 1
const stored = 2
/** Asked for since the hand came by. */
const used = 4
/** What memory says of it is so, also that there is no value. Without this the row may lie on disk. */
const known = 8

/** What a key costs beside its bytes: its number, the tables that lead there, a value. */
export const keyBytes = 64

export class ValueTable<Value> {
  readonly values: (Value | undefined)[] = []
  #flags: Uint8Array
  /** What each takes in memory, about. */
  #sizes: Int32Array
  #dirty: number[] = []
  #hand = 0
  /** Of a value that is yet to be written. */
  #likelyBytes = keyBytes
  /** How many keys have a value. */
  size = 0
  usedBytes = 0
  dirtyBytes = 0

  constructor(room = 64) {
    this.#flags = new Uint8Array(Math.max(64, room))
    this.#sizes = new Int32Array(Math.max(64, room))
  }

  put(id: number, value: Value): void {
    this.#reserve(id)
    if (this.values[id] === undefined) this.#enter(id, this.#likelyBytes)
    this.values[id] = value
    const flags = this.#flags[id] as number
    if ((flags & dirty) !== 0) return
    this.#flags[id] = flags | dirty | known
    this.dirtyBytes += this.#sizes[id] as number
    this.#dirty.push(id)
  }

  /** A value as it is on disk. */
  takeBack(id: number, value: Value, bytes: number): void {
    this.#reserve(id)
    this.#enter(id, bytes)
    this.values[id] = value
    this.#flags[id] = stored | used | known
  }

  /** Removes a value; answers whether it is on disk as well. */
  delete(id: number): boolean {
    const wasStored = ((this.#flags[id] as number) & stored) !== 0
    this.#leave(id, known)
    return wasStored
  }

  /** Notes that a key is asked for; answers whether it was known what it holds, which from now on it is. */
  ask(id: number): boolean {
    this.#reserve(id)
    const flags = this.#flags[id] as number
    this.#flags[id] = flags | known | used
    return (flags & known) !== 0
  }

  /** Nothing is on disk that is not here. */
  knowAll(): void {
    for (let id = 0; id < this.values.length; id++) this.#flags[id] = (this.#flags[id] as number) | known
  }

  /** The keys whose values changed since this was asked last; `write` answers what each takes now. */
  save(write: (id: number, value: Value) => number): void {
    for (const id of this.#dirty) {
      const value = this.values[id]
      // Deleted since, or put again and written already.
      if (value === undefined || ((this.#flags[id] as number) & dirty) === 0) continue
      this.#likelyBytes = write(id, value)
      this.usedBytes += this.#likelyBytes - (this.#sizes[id] as number)
      this.#sizes[id] = this.#likelyBytes
      this.#flags[id] = stored | used | known
    }
    this.#dirty = []
    this.dirtyBytes = 0
  }

  /** The clock algorithm: a hand goes round, and what was used since it came by last stays for another round; so does what changed. */
  giveUp(bytes: number, given: (id: number) => void): void {
    const count = this.values.length
    const least = this.usedBytes - bytes
    for (let looked = 0; looked < 2 * count && this.usedBytes > least; looked++) {
      const id = this.#hand < count ? this.#hand : 0
      this.#hand = id + 1
      const flags = this.#flags[id] as number
      if (this.values[id] === undefined || (flags & dirty) !== 0) continue
      if ((flags & used) !== 0) this.#flags[id] = flags & ~used
      else {
        given(id)
        this.#leave(id, 0)
      }
    }
  }

  /** The same values under other numbers, which rise as those before did; keys without a value get none. */
  renumbered(numberOf: (id: number) => number): ValueTable<Value> {
    const table = new ValueTable<Value>(this.size)
    for (let before = 0; before < this.values.length; before++) {
      const value = this.values[before]
      if (value === undefined) continue
      const id = numberOf(before)
      table.#reserve(id)
      table.values[id] = value
      table.#flags[id] = this.#flags[before] as number
      table.#sizes[id] = this.#sizes[before] as number
      if (((this.#flags[before] as number) & dirty) !== 0) table.#dirty.push(id)
    }
    table.size = this.size
    table.usedBytes = this.usedBytes
    table.dirtyBytes = this.dirtyBytes
    table.#likelyBytes = this.#likelyBytes
    return table
  }

  /** Filled up, because an array with holes is a slow one. */
  #reserve(id: number): void {
    while (this.values.length <= id) this.values.push(undefined)
    if (id < this.#flags.length) return
    this.#flags = grown(this.#flags, id + 1)
    this.#sizes = grown(this.#sizes, id + 1)
  }

  #enter(id: number, bytes: number): void {
    this.size++
    this.#sizes[id] = bytes
    this.usedBytes += bytes
  }

  #leave(id: number, flags: number): void {
    const bytes = this.#sizes[id] as number
    if (((this.#flags[id] as number) & dirty) !== 0) this.dirtyBytes -= bytes
    this.values[id] = undefined
    this.size--
    this.usedBytes -= bytes
    this.#flags[id] = flags
  }
}
