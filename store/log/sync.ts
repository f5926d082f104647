/** Puts on disk what was only written: a sync goes with a write, so a row that says nothing is written. */
import type { KeyValue } from '../key-value.ts'

const SYNC_KEY = Buffer.from('sync')

/** All that was written before is on disk when it returns. READ_ONLY when the disk refuses. */
export function syncAll(kv: KeyValue<'meta'>): void {
  const batch = kv.batch()
  batch.put('meta', SYNC_KEY, new Uint8Array(0))
  kv.write(batch, { sync: true })
}
