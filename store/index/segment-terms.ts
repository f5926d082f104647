/**
 * Terms of a finished segment: rows by bucket of the hash, each a list of terms with the runs of blocks that hold them.
 *
 *     bucket row   term*: hash lo u32 · hi u32 · bytes of its runs varint · runs
 *     head row     entries u32 · runs of the blocks that are not indexed
 *
 * A type that is in every block costs some ten bytes a segment, a tag that one block holds about twelve. A segment without a head row was written
 * before there were terms: its blocks have to be read.
 */
import type { KeyValue, WriteBatch } from '../key-value.ts'
import { BUCKETS, bucketKey, bucketOf, kinds, segmentKey, type ShardColumn } from './keys.ts'
import { RunReader, RunWriter } from './runs.ts'
import type { TailTerms } from './tail-terms.ts'
import type { Term } from './terms.ts'

/** Adds the rows of a full tail's terms to a batch. */
export function sealTerms(batch: WriteBatch<ShardColumn>, segment: number, terms: TailTerms, blocks: number): void {
  const groups = groupsOf(terms)
  const byBucket = bucketOrder(terms, groups)
  const writer = new RunWriter()
  const runs = new RunWriter()
  let at = 0
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    writer.length = 0
    for (; at < groups.count; at++) {
      const group = byBucket[at]!
      const first = groups.first[group]!
      if (bucketOf(terms.hi[first]! >>> 0) !== bucket) break
      runs.length = 0
      runs.begin()
      for (let entry = groups.starts[group]!; entry < groups.starts[group + 1]!; entry++) runs.add(groups.blocks[entry]!)
      runs.end()
      writer.word(terms.lo[first]!)
      writer.word(terms.hi[first]!)
      writer.varint(runs.length)
      writer.append(runs)
    }
    if (writer.length > 0) batch.put('index', bucketKey(kinds.term, bucket, segment), writer.written)
  }
  putHead(batch, segment, terms, blocks)
}

function putHead(batch: WriteBatch<ShardColumn>, segment: number, terms: TailTerms, blocks: number): void {
  const writer = new RunWriter()
  writer.word(terms.entries)
  writer.begin()
  for (let block = 0; block < blocks; block++) if (terms.unindexed[block] === 1) writer.add(block)
  writer.end()
  batch.put('index', segmentKey(kinds.termsHead, segment), writer.written)
}

/** Entries by term: those of group g are `blocks[starts[g]…starts[g + 1])`, rising; `first[g]` is one of its entries. */
interface Groups {
  readonly count: number
  readonly first: Int32Array
  readonly starts: Uint32Array
  readonly blocks: Int32Array
}

function groupsOf(terms: TailTerms): Groups {
  const { entries, lo, hi } = terms
  const mask = (1 << (32 - Math.clz32(entries * 2 + 15))) - 1
  const slots = new Int32Array(mask + 1)
  const groupOf = new Int32Array(entries)
  const first = new Int32Array(entries)
  const starts = new Uint32Array(entries + 1)
  let count = 0
  for (let i = 0; i < entries; i++) {
    let slot = hi[i]! & mask
    let group = slots[slot]! - 1
    while (group >= 0 && (lo[first[group]!] !== lo[i] || hi[first[group]!] !== hi[i])) {
      slot = (slot + 1) & mask
      group = slots[slot]! - 1
    }
    if (group < 0) {
      group = count++
      slots[slot] = group + 1
      first[group] = i
    }
    groupOf[i] = group
    starts[group + 1]!++
  }
  for (let group = 0; group < count; group++) starts[group + 1]! += starts[group]!
  const next = starts.slice(0, count)
  const blocks = new Int32Array(entries)
  for (let i = 0; i < entries; i++) blocks[next[groupOf[i]!]!++] = terms.block[i]!
  return { count, first, starts, blocks }
}

/** Groups in the order of their buckets: a counting sort. */
function bucketOrder(terms: TailTerms, { count, first }: Groups): Int32Array {
  const next = new Uint32Array(BUCKETS + 1)
  const bucketOfGroup = (group: number): number => bucketOf(terms.hi[first[group]!]! >>> 0)
  for (let group = 0; group < count; group++) next[bucketOfGroup(group) + 1]!++
  for (let bucket = 0; bucket < BUCKETS; bucket++) next[bucket + 1]! += next[bucket]!
  const order = new Int32Array(count)
  for (let group = 0; group < count; group++) order[next[bucketOfGroup(group)]!++] = group
  return order
}

/** What a head row says: the entries of its segment, and the blocks that are not indexed. */
export interface TermsHead {
  readonly entries: number
  readonly unindexed: (found: (from: number, to: number) => void) => void
}

export function decodeTermsHead(value: Uint8Array): TermsHead {
  return {
    entries: new RunReader(value).word(),
    unindexed: found => new RunReader(value, 4).runs(value.length, found),
  }
}

/** Null when the segment was written before there were terms. */
export function readTermsHead(kv: KeyValue<ShardColumn>, segment: number): TermsHead | null {
  const value = kv.get('index', segmentKey(kinds.termsHead, segment))
  return value ? decodeTermsHead(value) : null
}

/** Calls `found` for each run of blocks of a finished segment that hold one of the terms: from inclusive, to exclusive. */
export function eachTermRun(
  kv: KeyValue<ShardColumn>,
  segment: number,
  terms: readonly Term[],
  found: (from: number, to: number) => void,
): void {
  const rows = kv.getMany(
    'index',
    terms.map(({ hi }) => bucketKey(kinds.term, bucketOf(hi), segment)),
  )
  for (const [i, row] of rows.entries()) if (row) runsWithin(row, terms[i]!, found)
}

function runsWithin(row: Uint8Array, { lo, hi }: Term, found: (from: number, to: number) => void): void {
  const reader = new RunReader(row)
  while (!reader.ended) {
    const isLow = reader.word() === lo
    const isWanted = reader.word() === hi && isLow
    const bytes = reader.varint()
    const end = reader.at + bytes
    if (isWanted) return reader.runs(end, found)
    reader.at = end
  }
}

/** How many entries a bucket row holds. */
export function entriesOfTermRow(row: Uint8Array): number {
  const reader = new RunReader(row)
  let entries = 0
  while (!reader.ended) {
    reader.at += 8
    const bytes = reader.varint()
    reader.runs(reader.at + bytes, (from, to) => {
      entries += to - from
    })
  }
  return entries
}
