/**
 * Indexes of projections: for each field that is indexed a row `value, key` beside the row itself, changed by the same epoch. A value takes at most
 * 256 bytes of it, and a row that was found is always looked at again, so that neither a cut value nor a read while epochs are written gives a wrong one.
 */
import type { Bytes } from './key-value.ts'
import { decodeRowKey, encodeRowKey } from './row-key.ts'
import { indexPrefix, joinBytes, type ProjectionRow, projectionPrefix, rowRange, scanRange, type StateStore } from './state.ts'

/** Bytes of a value that are part of the key. */
const VALUE_BYTES_MAX = 256
/** Rows looked up at a time. */
const ROWS_AT_A_TIME = 256

/** What a row has in a field, as bytes that are equal when the values are; a field that it does not have is null. */
export function indexValue(value: unknown, field: string): Bytes {
  const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, field)
  return encodeRowKey([isThere ? (value as Readonly<Record<string, unknown>>)[field] : null])
}

/** The row of an index for a row of the projection, `key` being the bytes of its key. */
export function indexKey(projection: string, field: string, parts: { readonly value: Bytes; readonly key: Bytes }): Bytes {
  return joinBytes(indexPrefix(projection, field), cut(parts.value), parts.key)
}

function cut(value: Bytes): Bytes {
  return value.length > VALUE_BYTES_MAX ? value.subarray(0, VALUE_BYTES_MAX) : value
}

export interface IndexedRange {
  readonly field: string
  /** What stands in it, by `indexValue`. */
  readonly value: Bytes
  readonly prefix?: readonly unknown[]
  readonly after?: readonly unknown[]
}

/** Rows of a projection that may have a value in a field, in the order of their keys; whether they do is the caller's to see. */
export function* readIndexed(store: StateStore, projection: string, range: IndexedRange): Generator<ProjectionRow> {
  const own = joinBytes(indexPrefix(projection, range.field), cut(range.value))
  const rows = projectionPrefix(projection)
  let keys: Bytes[] = []
  for (const [key] of scanRange(store, 'state', ...rowRange(own, range))) {
    keys.push(key.subarray(own.length))
    if (keys.length < ROWS_AT_A_TIME) continue
    yield* rowsOf(store, rows, keys)
    keys = []
  }
  yield* rowsOf(store, rows, keys)
}

function* rowsOf(store: StateStore, prefix: Bytes, keys: readonly Bytes[]): Generator<ProjectionRow> {
  if (keys.length === 0) return
  const values = store.getMany(
    'state',
    keys.map(key => joinBytes(prefix, key)),
  )
  const decoder = new TextDecoder()
  for (const [index, value] of values.entries()) if (value) yield { key: decodeRowKey(keys[index]!), text: decoder.decode(value) }
}
