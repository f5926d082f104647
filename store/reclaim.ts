/**
 * Gives the room of deleted rows back to the disk soon. The binding can neither flush nor compact; but a full buffer is flushed to a table, and
 * a table that holds mostly deletions is merged by RocksDB with those below it, which drops what was deleted.
 */
import type { KeyValue } from './key-value.ts'

/** RocksDB's default write buffer, which `rising` columns have. */
const BUFFER_BYTES = 64 * 1024 * 1024
/** Behind every key of ours, and put and deleted in one batch: nobody ever sees it. */
const FILL_KEY = Buffer.concat([new Uint8Array(16).fill(255), Buffer.from('reclaim')])

/** Writes about 128 MiB to the write-ahead files of a `rising` column; its rows stay as they are. */
export function reclaim<Column extends string>(kv: KeyValue<Column>, column: Column): void {
  if (!kv.supports.durable) return
  const full = new Uint8Array(BUFFER_BYTES)
  // One fills the buffer that holds the deletions, the next makes RocksDB put it away.
  for (let round = 0; round < 2; round++) {
    const batch = kv.batch()
    batch.put(column, FILL_KEY, full)
    batch.delete(column, FILL_KEY)
    kv.write(batch, { sync: false })
    batch.clear()
  }
}
