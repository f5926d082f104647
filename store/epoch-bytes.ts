/** The changes of one epoch as bytes: gathered in the thread that folds, transferred, and written by the one that owns the database. */
import { assert } from '../event/assert.ts'
import { type Change, EpochIndex, type Operation } from './epoch-index.ts'
import type { Bytes, WriteBatch } from './key-value.ts'
import type { StateColumn } from './state.ts'

const PUT_STATE = 1
const DELETE_STATE = 2
const PUT_META = 3
const DELETE_META = 4

const firstBytes = 64 * 1024
/** Room that an epoch leaves to the next one at most. */
const keptBytes = 8 * 1024 * 1024

/** Changes of an epoch as one stretch of bytes, made in one thread and written in another: an operation, lengths, key, value. */
export class EpochBytes {
  #bytes = new Uint8Array(firstBytes)
  #view = new DataView(this.#bytes.buffer)
  #used = 0
  readonly #index = new EpochIndex(operationAt)

  get length(): number {
    return this.#used
  }

  put(column: StateColumn, prefix: Bytes, key: Bytes, value: Bytes): void {
    this.#head(column === 'state' ? PUT_STATE : PUT_META, prefix.length + key.length, value.length)
    this.#append(prefix)
    this.#append(key)
    this.#append(value)
  }

  delete(column: StateColumn, prefix: Bytes, key: Bytes): void {
    this.#head(column === 'state' ? DELETE_STATE : DELETE_META, prefix.length + key.length, 0)
    this.#append(prefix)
    this.#append(key)
  }

  /** Changes that were gathered elsewhere, behind those gathered here. */
  append(changes: Bytes): void {
    this.#reserve(changes.length)
    this.#append(changes)
  }

  /** What was put since the last call, in a buffer of its own that may be transferred. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.copy()
    this.clear()
    return taken
  }

  /** As `take`, and all is still there. */
  copy(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#used)
  }

  clear(): void {
    this.#used = 0
    this.#index.clear()
    if (this.#bytes.length > keptBytes) this.#resize(firstBytes)
  }

  /** The last change of a row of column `state`; undefined when there is none. */
  find(key: Bytes): Change | undefined {
    return this.#used === 0 ? undefined : this.#index.find(this.#bytes.subarray(0, this.#used), key)
  }

  /** The last changes of rows of column `state` with `gte` ≤ key < `lt`, in no order. */
  within(gte: Bytes, lt: Bytes): Change[] {
    return this.#used === 0 ? [] : this.#index.within(this.#bytes.subarray(0, this.#used), gte, lt)
  }

  #reserve(bytes: number): void {
    const needed = this.#used + bytes
    if (needed > this.#bytes.length) this.#resize(Math.max(needed, this.#bytes.length * 2))
  }

  #resize(length: number): void {
    const other = new Uint8Array(length)
    other.set(this.#bytes.subarray(0, this.#used))
    this.#bytes = other
    this.#view = new DataView(other.buffer)
  }

  #head(operation: number, keyBytes: number, valueBytes: number): void {
    this.#reserve(9 + keyBytes + valueBytes)
    this.#view.setUint8(this.#used, operation)
    this.#view.setUint32(this.#used + 1, keyBytes)
    this.#view.setUint32(this.#used + 5, valueBytes)
    this.#used += 9
  }

  #append(bytes: Bytes): void {
    this.#bytes.set(bytes, this.#used)
    this.#used += bytes.length
  }
}

function operationAt(bytes: Bytes, at: number): Operation {
  const operation = bytes[at] as number
  const keyAt = at + 9
  const valueAt = keyAt + wordAt(bytes, at + 1)
  const isState = operation === PUT_STATE || operation === DELETE_STATE
  return { isState, isPut: operation === PUT_STATE || operation === PUT_META, keyAt, valueAt, end: valueAt + wordAt(bytes, at + 5) }
}

function wordAt(bytes: Bytes, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

/** Adds the changes of an epoch to a batch, in the order they were made. */
export function applyEpoch(bytes: Uint8Array, batch: WriteBatch<StateColumn>): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  while (at < bytes.length) {
    const operation = view.getUint8(at)
    const keyEnd = at + 9 + view.getUint32(at + 1)
    const end = keyEnd + view.getUint32(at + 5)
    const key = bytes.subarray(at + 9, keyEnd)
    if (operation === PUT_STATE) batch.put('state', key, bytes.subarray(keyEnd, end))
    else if (operation === PUT_META) batch.put('meta', key, bytes.subarray(keyEnd, end))
    else if (operation === DELETE_STATE) batch.delete('state', key)
    else {
      assert(operation === DELETE_META, 'an epoch holds only operations of ours')
      batch.delete('meta', key)
    }
    at = end
  }
}
