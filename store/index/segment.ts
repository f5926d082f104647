/** Rows of a finished segment: what a tail held, sorted into buckets by hash, with the directory of its blocks. */
import type { KeyValue, WriteBatch } from '../key-value.ts'
import { BloomFilter } from './bloom.ts'
import { blockNumberOf, BUCKETS, bucketKey, bucketOf, kinds, segmentKey, segmentOf, type ShardColumn } from './keys.ts'
import { sealTerms } from './segment-terms.ts'
import type { BlockDirectory, Tail } from './tail.ts'

/** Words of an entry: hash lo, hi, check, block − base block, last version. */
export const ENTRY_WORDS = 5

/** Where each partition of the shard stands at a segment's end, by rank. */
export interface ShardEnd {
  readonly sequences: Float64Array
  readonly stamps: Float64Array
  readonly crcs: Float64Array
}

export interface Segment extends BlockDirectory {
  readonly number: number
  readonly blocks: number
  readonly end: ShardEnd
}

/** Adds the rows of a full tail to the batch that also holds its last blocks. */
export function sealSegment(batch: WriteBatch<ShardColumn>, segment: number, tail: Tail, end: ShardEnd): void {
  putEntries(batch, kinds.stream, segment, tail, false)
  const ids = putEntries(batch, kinds.id, segment, tail, true)
  if (ids > 0) batch.put('index', segmentKey(kinds.bloom, segment), bloomOf(tail, ids).bytes)
  sealTerms(batch, segment, tail.terms, tail.blocks)
  batch.put('index', segmentKey(kinds.directory, segment), encodeDirectory(tail, end))
}

/** Counting sort by bucket, then one row a bucket. Returns how many entries there were of this kind. */
function putEntries(batch: WriteBatch<ShardColumn>, kind: number, segment: number, tail: Tail, ids: boolean): number {
  const starts = new Uint32Array(BUCKETS + 1)
  for (let i = 0; i < tail.entries; i++) if (tail.block[i]! < 0 === ids) starts[bucketOf(tail.hi[i]!) + 1]!++
  for (let b = 0; b < BUCKETS; b++) starts[b + 1]! += starts[b]!
  const total = starts[BUCKETS]!
  if (total === 0) return 0
  const next = starts.slice(0, BUCKETS)
  const words = new Uint32Array(total * ENTRY_WORDS)
  for (let i = 0; i < tail.entries; i++) {
    const block = tail.block[i]!
    if (block < 0 !== ids) continue
    const at = next[bucketOf(tail.hi[i]!)]!++ * ENTRY_WORDS
    words[at] = tail.lo[i]!
    words[at + 1] = tail.hi[i]!
    words[at + 2] = tail.check[i]!
    words[at + 3] = block & 0x7fffffff
    words[at + 4] = tail.version[i]!
  }
  const bytes = new Uint8Array(words.buffer)
  const entryBytes = ENTRY_WORDS * 4
  for (let b = 0; b < BUCKETS; b++) {
    if (starts[b] === starts[b + 1]) continue
    batch.put('index', bucketKey(kind, b, segment), bytes.subarray(starts[b]! * entryBytes, starts[b + 1]! * entryBytes))
  }
  return total
}

function bloomOf(tail: Tail, ids: number): BloomFilter {
  const bloom = new BloomFilter(ids)
  for (let i = 0; i < tail.entries; i++) if (tail.block[i]! < 0) bloom.add(tail.lo[i]! >>> 0, tail.hi[i]! >>> 0)
  return bloom
}

function encodeDirectory(tail: Tail, end: ShardEnd): Uint8Array {
  const { blocks } = tail
  const ranks = end.sequences.length
  const floats = 2 + ranks * 3 + blocks * 2
  const buffer = new ArrayBuffer(floats * 8 + blocks * 3)
  const numbers = new Float64Array(buffer, 0, floats)
  numbers[0] = blocks
  numbers[1] = tail.baseBlock
  numbers.set(end.sequences, 2)
  numbers.set(end.stamps, 2 + ranks)
  numbers.set(end.crcs, 2 + ranks * 2)
  numbers.set(tail.firstSequences.subarray(0, blocks), 2 + ranks * 3)
  numbers.set(tail.lastStamps.subarray(0, blocks), 2 + ranks * 3 + blocks)
  new Uint16Array(buffer, floats * 8, blocks).set(tail.partitions.subarray(0, blocks))
  new Uint8Array(buffer, floats * 8 + blocks * 2, blocks).set(tail.counts.subarray(0, blocks))
  return new Uint8Array(buffer)
}

function decodeDirectory(number: number, value: Uint8Array, ranks: number): Segment {
  const { buffer } = value.slice()
  const head = new Float64Array(buffer, 0, 2)
  const blocks = head[0]!
  const floats = 2 + ranks * 3 + blocks * 2
  const numbers = new Float64Array(buffer, 0, floats)
  const end = {
    sequences: numbers.subarray(2, 2 + ranks),
    stamps: numbers.subarray(2 + ranks, 2 + ranks * 2),
    crcs: numbers.subarray(2 + ranks * 2, 2 + ranks * 3),
  }
  return {
    number,
    blocks,
    end,
    baseBlock: head[1]!,
    firstSequences: numbers.subarray(2 + ranks * 3, 2 + ranks * 3 + blocks),
    lastStamps: numbers.subarray(2 + ranks * 3 + blocks),
    partitions: new Uint16Array(buffer, floats * 8, blocks),
    counts: new Uint8Array(buffer, floats * 8 + blocks * 2, blocks),
  }
}

export function readSegment(kv: KeyValue<ShardColumn>, number: number, ranks: number): Segment | null {
  const value = kv.get('index', segmentKey(kinds.directory, number))
  return value ? decodeDirectory(number, value, ranks) : null
}

/** The newest finished segment, or null in a young shard. */
export function lastSegment(kv: KeyValue<ShardColumn>, ranks: number): Segment | null {
  const rows = kv.scan('index', {
    gte: segmentKey(kinds.directory, 0),
    lte: segmentKey(kinds.directory, 0xffffffff),
    reverse: true,
    limit: 1,
  })
  return rows.keys.length === 0 ? null : decodeDirectory(segmentOf(rows.keys[0]!), rows.values[0]!, ranks)
}

/** Number of the newest block that the database holds, −1 when it holds none. */
export function lastLogBlock(kv: KeyValue<ShardColumn>): number {
  const { keys } = kv.scan('log', { reverse: true, limit: 1 })
  return keys.length === 0 ? -1 : blockNumberOf(keys[0]!)
}

/** Entries of a hash in finished segments before `before`: calls `found` for each, oldest first (newest first with `newest`), until it answers false. */
export function eachEntry(
  kv: KeyValue<ShardColumn>,
  query: { kind: number; lo: number; hi: number; before: number; from?: number; newest?: boolean },
  found: (segment: number, block: number, version: number) => boolean,
): void {
  const bucket = bucketOf(query.hi)
  if (query.before === 0) return
  const rows = kv.scan('index', {
    gte: bucketKey(query.kind, bucket, query.from ?? 0),
    lt: bucketKey(query.kind, bucket, query.before),
    reverse: query.newest ?? false,
  })
  for (let r = 0; r < rows.keys.length; r++) {
    const segment = segmentOf(rows.keys[r]!)
    const words = wordsOf(rows.values[r]!)
    const count = words.length / ENTRY_WORDS
    for (let n = 0; n < count; n++) {
      const at = (query.newest ? count - 1 - n : n) * ENTRY_WORDS
      if (words[at] === query.lo && words[at + 1] === query.hi && !found(segment, words[at + 3]!, words[at + 4]!)) return
    }
  }
}

export function wordsOf(value: Uint8Array): Uint32Array {
  const bytes = value.byteOffset & 3 ? value.slice() : value
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2)
}
