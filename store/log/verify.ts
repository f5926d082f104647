/** Walks everything a shard holds: checksums, the chain of each partition, gapless sequences, and the readability of all index rows. */
import { isEventStoreError } from '../../event/error.ts'
import { blockKey, blockNumberOf, type ShardColumn } from '../index/keys.ts'
import type { Bytes, KeyValue, Rows } from '../key-value.ts'
import { Block } from './block.ts'
import { blockValue } from './block-values.ts'
import { AcceptedLosses, type LogDamage, readAcceptedLosses } from '../damage/accepted-losses.ts'
import type { SharedShard } from './shared.ts'
import { IndexCount } from './verify-index.ts'

export interface ShardReport {
  readonly blocks: number
  readonly events: number
  readonly bytes: number
  readonly damage: readonly LogDamage[]
  /** Losses that were accepted before: not damage any more. */
  readonly accepted: readonly LogDamage[]
}

const BLOCKS_PER_STEP = 128
const BYTES_PER_STEP = 4 * 1024 * 1024

interface PartitionEnd {
  sequence: number
  crc: number
  /** The block before could not be read: nothing is known of the chain. */
  broken: boolean
}

/** A generator, so that whoever runs it can do other things between its steps; each `yield` tells how many blocks were walked. */
export function* verifyShard(kv: KeyValue<ShardColumn>, shared: SharedShard): Generator<number, ShardReport> {
  const damage: LogDamage[] = []
  const accepted = acceptedOf(kv)
  const ends = new Map<number, PartitionEnd>()
  const { shard } = shared.data
  const sequences = Array.from({ length: shared.ranks }, (_, rank) => shared.sequenceOf(rank))
  const finished = shared.segment
  // The node goes on writing. A writer tells sequences before blocks; after a turn the blocks are told too.
  yield 0
  const committed = shared.committedBlocks
  const totals = { events: 0, bytes: 0 }
  const count = new IndexCount()
  let next = 0
  while (next < committed) {
    const rows = readBlocks(kv, next, Math.min(committed, next + BLOCKS_PER_STEP))
    for (const stored of rows) {
      const block = openBlock(stored, shard, accepted.hasBlock(stored.number) ? [] : damage)
      count.block(stored.number, block)
      if (block) follow(block, ends, { shard, accepted, damage }, totals)
      else for (const end of ends.values()) end.broken = true
    }
    next = Math.min(committed, next + BLOCKS_PER_STEP)
    yield next
  }
  checkEnds(shared, sequences, ends, { shard, accepted, damage })
  yield* readAll(kv, shard, { count, finished }, damage)
  return { blocks: committed, ...totals, damage, accepted: accepted.all }
}

/** A column that can not be read is named at the end of the walk. */
function acceptedOf(kv: KeyValue<ShardColumn>): AcceptedLosses {
  try {
    return readAcceptedLosses(kv)
  } catch (error) {
    if (!isEventStoreError(error, 'DAMAGED')) throw error
    return new AcceptedLosses([])
  }
}

interface StoredBlock {
  readonly number: number
  readonly value: Uint8Array | undefined
  /** What the database says of a place it can not read. */
  readonly unreadable?: string
}

function readBlocks(kv: KeyValue<ShardColumn>, from: number, to: number): StoredBlock[] {
  const numbers = Array.from({ length: to - from }, (_, i) => from + i)
  try {
    const rows = kv.scan('log', { gte: blockKey(from), lt: blockKey(to), cache: false })
    const found = new Map(rows.keys.map((key, i) => [blockNumberOf(key), rows.values[i]]))
    return numbers.map(number => ({ number, value: found.get(number) }))
  } catch (error) {
    if (!isEventStoreError(error, 'DAMAGED')) throw error
    return numbers.map(number => readOne(kv, number))
  }
}

function readOne(kv: KeyValue<ShardColumn>, number: number): StoredBlock {
  try {
    return { number, value: blockValue(kv, number) }
  } catch (error) {
    if (!isEventStoreError(error, 'DAMAGED')) throw error
    return { number, value: undefined, unreadable: error.message }
  }
}

function openBlock({ number, value, unreadable }: StoredBlock, shard: number, damage: LogDamage[]): Block | null {
  try {
    if (!value) throw new Error(unreadable ?? 'block is missing')
    const block = new Block(number, value)
    void block.bytes
    return block
  } catch (error) {
    damage.push({ shard, block: number, reason: (error as Error).message })
    return null
  }
}

interface Findings {
  readonly shard: number
  readonly accepted: AcceptedLosses
  readonly damage: LogDamage[]
}

function follow(block: Block, ends: Map<number, PartitionEnd>, findings: Findings, totals: { events: number; bytes: number }): void {
  const { partition } = block
  const { shard, accepted, damage } = findings
  totals.events += block.alive
  totals.bytes += block.storedBytes
  const end = ends.get(partition) ?? { sequence: 0, crc: 0, broken: false }
  if (block.firstSequence !== end.sequence + 1) {
    const sequences = [end.sequence + 1, block.firstSequence - 1] as const
    if (accepted.endBehind(partition, end.sequence) < sequences[1])
      damage.push({ shard, block: block.number, partition, sequences, reason: 'sequences are missing before this block' })
  } else if (block.previousCrc !== end.crc && !end.broken) {
    damage.push({ shard, block: block.number, partition, reason: 'the block before is not the one this block was written after' })
  }
  ends.set(partition, { sequence: block.lastSequence, crc: block.crc, broken: false })
}

/** `sequences`: where each partition ended when the walk began. */
function checkEnds(shared: SharedShard, sequences: readonly number[], ends: Map<number, PartitionEnd>, findings: Findings): void {
  const { shard, shards } = shared.data
  const { accepted, damage } = findings
  for (const [rank, committed] of sequences.entries()) {
    const partition = rank * shards + shard
    const sequence = accepted.endBehind(partition, ends.get(partition)?.sequence ?? 0)
    if (sequence < committed)
      damage.push({
        shard,
        block: -1,
        partition,
        sequences: [sequence + 1, committed],
        reason: 'sequences are missing at the end of the partition',
      })
  }
}

/** The database checks what it reads; so all of it is read, and the index is counted against the log. */
function* readAll(
  kv: KeyValue<ShardColumn>,
  shard: number,
  index: { count: IndexCount; finished: number },
  damage: LogDamage[],
): Generator<number> {
  const before = damage.length
  for (const column of ['index', 'meta'] as const) {
    const met = column === 'index' ? (key: Bytes, value: Bytes): void => index.count.row(key, value) : undefined
    for (const found of readColumn(kv, column, met)) {
      if (found !== null) damage.push({ shard, block: -1, reason: `${column}: ${found}` })
      yield 0
    }
  }
  if (damage.length > before) return
  for (const reason of index.count.disagreements(index.finished)) damage.push({ shard, block: -1, reason: `index: ${reason}` })
}

/** Reads a column to its end, a step at a time; yields what is wrong with it, or null. */
export function* readColumn<Column extends string>(
  kv: KeyValue<Column>,
  column: Column,
  met?: (key: Bytes, value: Bytes) => void,
): Generator<string | null> {
  let last: Uint8Array | undefined
  for (;;) {
    let rows: Rows
    try {
      rows = kv.scan(column, { ...(last ? { gt: last } : {}), bytes: BYTES_PER_STEP, cache: false })
    } catch (error) {
      if (!isEventStoreError(error, 'DAMAGED')) throw error
      yield error.message
      return
    }
    if (rows.keys.length === 0) return
    last = rows.keys[rows.keys.length - 1]!
    if (met) for (let i = 0; i < rows.keys.length; i++) met(rows.keys[i]!, rows.values[i]!)
    yield null
  }
}
