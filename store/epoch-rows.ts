/**
 * Rows of column `state` as they stand for who changes them: those of the database, and over them what is not written yet. That is the epoch
 * being gathered and, before it, the one on its way to the writer.
 */
import { EpochBytes } from './epoch-bytes.ts'
import type { Change } from './epoch-index.ts'
import { type Bytes, compareBytes } from './key-value.ts'
import { after, joinBytes, scanRange, type StateColumn, type StateStore } from './state.ts'

export class EpochRows {
  readonly #store: StateStore
  #gathering = new EpochBytes()
  /** Kept to be read until it is in the database: the bytes that were handed over are another thread's. */
  #leaving = new EpochBytes()

  constructor(store: StateStore) {
    this.#store = store
  }

  /** Bytes of what changed since the last `take`. */
  get length(): number {
    return this.#gathering.length
  }

  put(column: StateColumn, prefix: Bytes, key: Bytes, value: Bytes): void {
    this.#gathering.put(column, prefix, key, value)
  }

  delete(column: StateColumn, prefix: Bytes, key: Bytes): void {
    this.#gathering.delete(column, prefix, key)
  }

  /** Changes that were gathered elsewhere, behind those gathered here. */
  append(changes: Bytes): void {
    this.#gathering.append(changes)
  }

  /** The epoch as bytes to be written, in a buffer of its own. The one taken before it must be in the database by now. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#gathering
    this.#gathering = this.#leaving
    this.#gathering.clear()
    this.#leaving = taken
    return taken.copy()
  }

  /** The epoch that was taken is in the database; without word of it that is so when the next one is taken. */
  written(): void {
    this.#leaving.clear()
  }

  get(prefix: Bytes, key: Bytes): Bytes | undefined {
    return this.getMany(prefix, [key])[0]
  }

  /** The rows of many keys at once, undefined where there is none. */
  getMany(prefix: Bytes, keys: readonly Bytes[]): (Bytes | undefined)[] {
    const found = new Array<Bytes | undefined>(keys.length).fill(undefined)
    const asked: Bytes[] = []
    const places: number[] = []
    for (let i = 0; i < keys.length; i++) {
      const key = joinBytes(prefix, keys[i] as Bytes)
      const change = this.#gathering.find(key) ?? this.#leaving.find(key)
      if (change !== undefined) {
        found[i] = change[1]
        continue
      }
      asked.push(key)
      places.push(i)
    }
    if (asked.length === 0) return found
    const stored = this.#store.getMany('state', asked)
    for (let i = 0; i < places.length; i++) found[places[i] as number] = stored[i]
    return found
  }

  /** Rows whose keys begin with `prefix`, from `prefix` and `from` on, in order; the keys come without `prefix`. */
  *rows(prefix: Bytes, { within = noBytes, from = within }: RowsRange = {}): Generator<readonly [key: Bytes, value: Bytes]> {
    const [gte, lt] = [joinBytes(prefix, compareBytes(from, within) > 0 ? from : within), after(joinBytes(prefix, within))]
    const changes = this.#changesIn(gte, lt)
    const skipped = prefix.length
    let at = 0
    for (const [key, value] of scanRange(this.#store, 'state', gte, lt)) {
      let order = -1
      for (; at < changes.length; at++) {
        const [changed, put] = changes[at] as Change
        order = compareBytes(changed, key)
        if (order > 0) break
        if (put !== undefined) yield [changed.subarray(skipped), put]
        if (order === 0) {
          at++
          break
        }
      }
      if (order !== 0) yield [key.subarray(skipped), value]
    }
    for (; at < changes.length; at++) {
      const [changed, put] = changes[at] as Change
      if (put !== undefined) yield [changed.subarray(skipped), put]
    }
  }

  /** What is not written yet, in the order of the keys; of two changes of a row the later one. */
  #changesIn(gte: Bytes, lt: Bytes): Change[] {
    const later = this.#gathering.within(gte, lt)
    const earlier = this.#leaving.within(gte, lt).filter(([key]) => this.#gathering.find(key) === undefined)
    return [...later, ...earlier].sort(([a], [b]) => compareBytes(a, b))
  }
}

const noBytes = new Uint8Array(0)

export interface RowsRange {
  /** How their keys begin behind the prefix. */
  readonly within?: Bytes
  /** The first key that counts, behind the prefix. */
  readonly from?: Bytes
}
