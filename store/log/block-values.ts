/**
 * Where the bytes of a block lie: under its number, or, once events were taken out of it, right behind that under a key of its own. The old row
 * is deleted and not overwritten, because deletions are what makes RocksDB give room back: it merges a table with those below it when twice the
 * deletions in it are more than all its rows. Two deletions of what never was make them so.
 */
import { blockKey, type ShardColumn } from '../index/keys.ts'
import type { Bytes, KeyValue, WriteBatch } from '../key-value.ts'

/** Sorts behind the block's own key and before that of the next. */
function leftKey(number: number, nth = 1): Buffer {
  return Buffer.concat([blockKey(number), Uint8Array.of(nth)])
}

/** By number, in that order; undefined where there is none. */
export function blockValues(kv: Pick<KeyValue<ShardColumn>, 'getMany'>, numbers: readonly number[]): (Bytes | undefined)[] {
  const values = kv.getMany('log', numbers.map(blockKey))
  if (!values.includes(undefined)) return values
  const missing = values.flatMap((value, i) => (value === undefined ? [i] : []))
  const left = kv.getMany(
    'log',
    missing.map(i => leftKey(numbers[i]!)),
  )
  missing.forEach((i, at) => (values[i] = left[at]))
  return values
}

export function blockValue(kv: Pick<KeyValue<ShardColumn>, 'getMany'>, number: number): Bytes | undefined {
  return blockValues(kv, [number])[0]
}

/** Puts what is left of a block in its place. */
export function replaceBlock(batch: WriteBatch<ShardColumn>, number: number, left: Bytes): void {
  batch.delete('log', blockKey(number))
  batch.put('log', leftKey(number), left)
  for (const nth of [2, 3]) batch.delete('log', leftKey(number, nth))
}
