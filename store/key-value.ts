/** The contract of a key-value backend: ordered bytes, columns, atomic batches. Synchronous, because the log's writer owns its thread. */
import { compareBytes } from '../event/compare-bytes.ts'

export type Bytes = Uint8Array

/**
 * How a column is written. `rising`: much data under keys that only grow (never rewritten on disk).
 * `scattered`: rows anywhere, updated now and then. `small`: few rows, often overwritten.
 */
export type ColumnProfile = 'rising' | 'scattered' | 'small'

/** Keys are one byte or longer, ordered byte by byte; values may be empty. */
export interface Range {
  /** At most one of `gte` and `gt`, and at most one of `lt` and `lte`. */
  readonly gte?: Bytes
  readonly gt?: Bytes
  readonly lt?: Bytes
  readonly lte?: Bytes
  readonly reverse?: boolean
  /** Rows at most; all when left out. */
  readonly limit?: number
  /** Stop once this many bytes of keys and values were gathered (the row that passes it is included). */
  readonly bytes?: number
  /** False for long scans that should not push hot blocks out of the cache. Default true. */
  readonly cache?: boolean
}

/** Rows of a scan: `keys[i]` holds `values[i]`. Neither may be changed by the caller. */
export interface Rows {
  readonly keys: readonly Bytes[]
  readonly values: readonly Bytes[]
}

/** Changes that happen together or not at all. Bytes are copied when put. Reusable after `clear`. */
export interface WriteBatch<Column extends string = string> {
  put(column: Column, key: Bytes, value: Bytes): void
  delete(column: Column, key: Bytes): void
  readonly length: number
  clear(): void
}

/** What a backend can do: tests follow this data. */
export interface Supports {
  /** A synced write survives the process and the power. */
  readonly durable: boolean
  /** Other threads of the process may attach by `handle`. */
  readonly handles: boolean
}

/** A database seen by a thread that does not own it. Every call after the owner said `closed` throws CLOSED. */
export interface KeyValue<Column extends string = string> {
  readonly supports: Supports
  get(column: Column, key: Bytes): Bytes | undefined
  getMany(column: Column, keys: readonly Bytes[]): (Bytes | undefined)[]
  scan(column: Column, range: Range): Rows
  batch(): WriteBatch<Column>
  /** Atomic; with `sync` on disk when it returns. Throws READ_ONLY when the disk refuses. */
  write(batch: WriteBatch<Column>, options: { sync: boolean }): void
  /** Removes all rows of `gte` ≤ key < `lt`. Not atomic with a batch. */
  deleteRange(column: Column, gte: Bytes, lt: Bytes): void
}

/** A database seen by the thread that opened it. */
export interface OwnedKeyValue<Column extends string = string> extends KeyValue<Column> {
  /** What another thread attaches with; undefined when `supports.handles` is false. */
  readonly handle: bigint | undefined
  /** Bytes the database takes on disk; 0 in memory. */
  sizeBytes(): number
  /** Once, last, after every attached thread has exited. A second call is answered by the first. */
  close(): Promise<void>
}

/** True when no key can lie in the range, because its ends are crossed. */
export function isCrossed(range: Range): boolean {
  const low = range.gte ?? range.gt
  const high = range.lte ?? range.lt
  if (low === undefined || high === undefined) return false
  const order = compareBytes(low, high)
  return order > 0 || (order === 0 && (range.gt !== undefined || range.lt !== undefined))
}
