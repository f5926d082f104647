/** What an epoch changes in the indexes of a projection: the rows it changes are compared with what the epoch before has left. */
import { indexKey, indexValue } from '../store/state-index.ts'
import type { Bytes } from '../store/key-value.ts'
import { joinBytes, projectionPrefix, type StateStore } from '../store/state.ts'
import { type FoldedRows, rowKeyBytes } from './projection.ts'

export interface IndexChange {
  readonly isDeleted: boolean
  readonly key: Bytes
}

export interface Indexed {
  readonly store: StateStore
  /** Its stored name. */
  readonly projection: string
  readonly fields: readonly string[]
}

/** Rows read at a time. */
const ROWS_AT_A_TIME = 1024

/** All epochs before must be in the database. */
export function* indexChanges(indexed: Indexed, rows: FoldedRows): Generator<IndexChange> {
  const all = [...rows]
  for (let at = 0; at < all.length; at += ROWS_AT_A_TIME) yield* changesOf(indexed, all.slice(at, at + ROWS_AT_A_TIME))
}

function* changesOf(
  { store, projection, fields }: Indexed,
  rows: readonly (readonly [string, { text: string | undefined }])[],
): Generator<IndexChange> {
  const keys = rows.map(([keyText]) => rowKeyBytes(keyText))
  const prefix = projectionPrefix(projection)
  const stored = store.getMany(
    'state',
    keys.map(key => joinBytes(prefix, key)),
  )
  for (const [index, [, { text }]] of rows.entries()) {
    const bytes = stored[index]
    const before: unknown = bytes && JSON.parse(Buffer.from(bytes).toString())
    const now: unknown = text === undefined ? undefined : JSON.parse(text)
    const key = keys[index]!
    for (const field of fields) {
      const old = bytes && indexValue(before, field)
      const value = text === undefined ? undefined : indexValue(now, field)
      if (old && value && Buffer.compare(old, value) === 0) continue
      // Two values that are cut to the same bytes have one row between them: deleted first, then put again.
      if (old) yield { isDeleted: true, key: indexKey(projection, field, { value: old, key }) }
      if (value) yield { isDeleted: false, key: indexKey(projection, field, { value, key }) }
    }
  }
}
