/**
 * Rows of column `state` as they stand for who changes them: those of the database, and over them what is not written yet. That is the epoch
 * being gathered and, before it, the one on its way to the writer.
 */
import { EpochBytes } from './epoch-bytes.ts'
import type { Change } from './epoch-index.ts'
import { compareBytes } from '../event/compare-bytes.ts'
import type { Bytes } from './key-value.ts'
import { after, joinBytes, scanRange, type StateColumn, type StateStore } from './state.ts'

export class EpochRows {
  readonly #store: StateStore
  #gathering = new EpochBytes()
  /** Parts of an epoch, kept to be read until it is in the database, the last first: what was handed over is another thread's. */
  #leaving: EpochBytes[] = []
  #spare: EpochBytes[] = []
  #epoch = 0

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

  /**
   * What was gathered as bytes to be written, in a buffer of its own. It is part of an epoch, which may have several; when one is taken of another
   * epoch, the one before must be in the database.
   */
  take(epoch = this.#epoch + 1): Uint8Array<ArrayBuffer> {
    if (epoch !== this.#epoch) this.written()
    this.#epoch = epoch
    const taken = this.#gathering
    this.#leaving.unshift(taken)
    this.#gathering = this.#spare.pop() ?? new EpochBytes()
    return taken.copy()
  }

  /** All that was taken is in the database. Whoever is not told finds out when the next epoch is taken. */
  written(): void {
    for (const bytes of this.#leaving) {
      bytes.clear()
      this.#spare.push(bytes)
    }
    this.#leaving = []
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
      const change = this.#changeOf(key)
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

  #changeOf(key: Bytes): Change | undefined {
    let change = this.#gathering.find(key)
    for (let i = 0; change === undefined && i < this.#leaving.length; i++) change = this.#leaving[i]?.find(key)
    return change
  }

  /** What is not written yet, in the order of the keys; of several changes of a row the last. */
  #changesIn(gte: Bytes, lt: Bytes): Change[] {
    const changes = this.#gathering.within(gte, lt)
    for (const [i, bytes] of this.#leaving.entries()) {
      const later = [this.#gathering, ...this.#leaving.slice(0, i)]
      for (const change of bytes.within(gte, lt)) if (later.every(one => one.find(change[0]) === undefined)) changes.push(change)
    }
    return changes.sort(([a], [b]) => compareBytes(a, b))
  }
}

const noBytes = new Uint8Array(0)

export interface RowsRange {
  /** How their keys begin behind the prefix. */
  readonly within?: Bytes
  /** The first key that counts, behind the prefix. */
  readonly from?: Bytes
}
