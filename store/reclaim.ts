/**
 * Gives the room of deleted rows back to the disk soon. The binding can not compact; what it can do is to make RocksDB want to: each full buffer
 * becomes a table on the first level, and with so many of them they are merged with the tables below, which drops what was deleted.
 */
import type { KeyValue } from './key-value.ts'

/** RocksDB's default write buffer, which `rising` columns have. */
const BUFFER_BYTES = 64 * 1024 * 1024
/** One more than makes RocksDB merge the first level. */
const TABLES = 5
/**
 * Before and behind every key of ours, and put and deleted in one batch: nobody ever sees them. Tables that span all others can not be moved past
 * them, only merged.
 */
const FIRST_KEY = Uint8Array.of(0)
const LAST_KEY = Buffer.concat([new Uint8Array(16).fill(255), Buffer.from('reclaim')])

/** Writes about 320 MiB to the write-ahead files of a `rising` column; its rows stay as they are. */
export function reclaim<Column extends string>(kv: KeyValue<Column>, column: Column): void {
  if (!kv.supports.durable) return
  const full = new Uint8Array(BUFFER_BYTES)
  for (let table = 0; table < TABLES; table++) {
    const batch = kv.batch()
    batch.put(column, LAST_KEY, full)
    for (const key of [FIRST_KEY, LAST_KEY]) batch.delete(column, key)
    kv.write(batch, { sync: false })
    batch.clear()
  }
}
