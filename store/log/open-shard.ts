/** Opens the writer's side of a shard from disk: the last segment's end, the version map, and the blocks after it, with their chain checked. */
import { type AcceptedLosses, acceptLosses, type LogDamage, readAcceptedLosses } from '../damage/accepted-losses.ts'
import { TextHash } from '../../event/hash.ts'
import { EventStoreError, isEventStoreError } from '../../event/error.ts'
import type { Limits } from '../../event/limits.ts'
import { blockKey, blockNumberOf, BUCKETS, bucketKey, claimsKey, kinds, type ShardColumn } from '../index/keys.ts'
import { ENTRY_WORDS, lastSegment, wordsOf } from '../index/segment.ts'
import { Segments } from '../index/segments.ts'
import { termHashesOf } from '../index/terms.ts'
import { loadVersions, VersionDump } from '../index/version-dump.ts'
import { VersionMap } from '../index/version-map.ts'
import type { KeyValue } from '../key-value.ts'
import { Block } from './block.ts'
import { type BlockHashes, indexBlock } from './index-block.ts'
import { Conditions } from './conditions.ts'
import { blockValue } from './block-values.ts'
import { KnownIds } from './known-ids.ts'
import { ShardLog } from './shard-log.ts'
import type { SharedShard } from './shared.ts'

export interface OpenShardOptions {
  readonly kv: KeyValue<ShardColumn>
  readonly shared: SharedShard
  readonly limits: Limits
  /** 16 hexadecimal characters: the hash key, and the prefix of the node's own event ids. */
  readonly storeId: string
  /** What is damaged is accepted as lost; by rank, the sequences known to have been synced, so that no number is given twice. */
  readonly acceptLoss?: { readonly synced: Float64Array }
}

export type { LogDamage } from '../damage/accepted-losses.ts'

const BUCKETS_AT_A_TIME = 256
const BLOCKS_PER_SCAN = 256
const NOTHING = new Uint8Array(0)

/** The hashes every thread of a node must agree on. */
export function hashesOf(storeId: string): BlockHashes {
  const high = Number.parseInt(storeId.slice(0, 8), 16)
  const low = Number.parseInt(storeId.slice(8, 16), 16)
  return { stream: new TextHash(high, low), id: new TextHash(~high, low ^ 0x1d1d1d1d), terms: termHashesOf(high, low) }
}

export function openShard(options: OpenShardOptions): { log: ShardLog; damage: LogDamage[] } {
  const { kv, shared, limits, storeId } = options
  const hashes = hashesOf(storeId)
  const last = lastSegment(kv, shared.ranks)
  const baseBlock = last ? last.baseBlock + last.blocks : 0
  if (last) refuseShortLog(kv, baseBlock - 1, shared.data.shard)
  const segment = last ? last.number + 1 : 0
  const segments = new Segments(kv, shared)
  const versions = new VersionMap({
    streamsMax: limits.versionMapStreams,
    lookup: (lo, hi, check) => latestVersion(kv, shared, lo, hi, check),
  })
  const { fromSegment, generation } = loadVersions(kv, versions)
  replayIndex(kv, versions, fromSegment, segment)
  const log = new ShardLog({
    kv,
    shared,
    versions,
    dump: new VersionDump(generation),
    hashes,
    segmentEntries: limits.segmentEntries,
    requestEvents: limits.requestEvents,
  })
  log.ids = new KnownIds({
    log,
    segments,
    idHash: hashes.id,
    storeId,
    idsRemembered: limits.idsRemembered,
    blockAt: number => blockAt(kv, number),
  })
  log.conditions = new Conditions({
    log,
    kv,
    termHashes: hashes.terms,
    segments,
    blockAt: number => blockAt(kv, number),
    blocksMax: limits.conditionBlocks,
  })
  log.nextBlock = baseBlock
  for (const partition of log.partitions) {
    partition.sequence = last?.end.sequences[partition.rank] ?? 0
    partition.stamp = last?.end.stamps[partition.rank] ?? 0
    partition.crc = last?.end.crcs[partition.rank] ?? 0
  }
  shared.restore(segment, baseBlock)
  shared.hasClaims = kv.get('meta', claimsKey) !== undefined
  const accepted = readAcceptedLosses(kv)
  const damage: LogDamage[] = []
  replayTail(options, log, { hashes, accepted, damage })
  for (const partition of log.partitions) partition.sequence = accepted.endBehind(partition.partition, partition.sequence)
  if (options.acceptLoss) accept(kv, log, options.acceptLoss.synced, damage)
  log.settledBlocks = log.nextBlock
  for (const partition of log.partitions) shared.set(partition.rank, partition.sequence, partition.stamp)
  shared.publish(log.nextBlock)
  shared.opened()
  return { log, damage }
}

/** An index that knows of a block that is not there would hide from the witness that the log is short. */
function refuseShortLog(kv: KeyValue<ShardColumn>, lastIndexed: number, shard: number): void {
  try {
    if (blockValue(kv, lastIndexed)) return
  } catch (error) {
    if (!isEventStoreError(error, 'DAMAGED')) throw error
    // It is there, though nobody can read it: who asks for it is told.
    return
  }
  const message = `shard ${shard}: the index knows block ${lastIndexed}, but the log ends before it; restore the files, or open with acceptLoss`
  throw new EventStoreError('DAMAGED', message, { shard, block: lastIndexed })
}

/** Numbers that were given to events are never given again, though the events are lost. */
function accept(kv: KeyValue<ShardColumn>, log: ShardLog, synced: Float64Array, damage: LogDamage[]): void {
  for (const partition of log.partitions) {
    const last = synced[partition.rank] ?? 0
    if (last <= partition.sequence) continue
    const sequences = [partition.sequence + 1, last] as const
    damage.push({
      shard: log.shared.data.shard,
      block: -1,
      partition: partition.partition,
      sequences,
      reason: 'sequences are missing at the end of the partition',
    })
    partition.sequence = last
  }
  if (damage.length > 0) acceptLosses(kv, damage)
}

/** A stored block; throws DAMAGED when it is missing or not whole. */
export function blockAt(kv: KeyValue<ShardColumn>, number: number): Block {
  const value = blockValue(kv, number)
  return new Block(number, value ?? new Uint8Array(0))
}

function latestVersion(kv: KeyValue<ShardColumn>, shared: SharedShard, lo: number, hi: number, check: number): number {
  let latest = 0
  const { tail, segment } = shared
  tail.each(lo, hi, false, (_, version) => {
    latest = version
    return false
  })
  if (latest > 0) return latest
  const rows = kv.scan('index', {
    gte: bucketKey(kinds.stream, hi >>> 20, 0),
    lt: bucketKey(kinds.stream, hi >>> 20, segment),
    reverse: true,
  })
  for (const value of rows.values) {
    const words = wordsOf(value)
    for (let at = words.length - ENTRY_WORDS; at >= 0; at -= ENTRY_WORDS) {
      if (words[at] === lo && words[at + 1] === hi && words[at + 2] === check) return words[at + 4]!
    }
  }
  return 0
}

/** Raises the versions of all streams in segments that no dump covers. By key: a scan a bucket would cost more than its few rows. */
function replayIndex(kv: KeyValue<ShardColumn>, versions: VersionMap, fromSegment: number, segment: number): void {
  for (let number = fromSegment; number < segment; number++) {
    for (let bucket = 0; bucket < BUCKETS; bucket += BUCKETS_AT_A_TIME) {
      const keys = Array.from({ length: BUCKETS_AT_A_TIME }, (_, i) => bucketKey(kinds.stream, bucket + i, number))
      for (const value of kv.getMany('index', keys)) if (value) raiseAll(versions, wordsOf(value))
      versions.shrink()
    }
  }
}

function raiseAll(versions: VersionMap, words: Uint32Array): void {
  for (let at = 0; at < words.length; at += ENTRY_WORDS) {
    if (versions.overflowed) versions.known(words[at]!, words[at + 1]!)
    else versions.raise(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 4]!)
  }
}

interface Replay {
  readonly hashes: BlockHashes
  readonly accepted: AcceptedLosses
  /** Gathers what is damaged and not accepted. */
  readonly damage: LogDamage[]
}

/** Reads the blocks after the last segment into the tail. */
function replayTail(options: OpenShardOptions, log: ShardLog, replay: Replay): void {
  for (;;) {
    const first = log.nextBlock
    let rows
    try {
      rows = options.kv.scan('log', { gte: blockKey(first), limit: BLOCKS_PER_SCAN, cache: false })
    } catch (error) {
      if (!isEventStoreError(error, 'DAMAGED')) throw error
      rows = oneByOne(options.kv, first)
    }
    if (rows.keys.length === 0) return
    for (let i = 0; i < rows.keys.length; i++) {
      const number = blockNumberOf(rows.keys[i]!)
      replayBlock(number, rows.values[i]!, log, replay)
      if (log.tailDue) log.sealNow()
    }
  }
}

/** Around a place that the database can not read: each block by itself, one that is missing or can not be read as no bytes. */
function oneByOne(kv: KeyValue<ShardColumn>, first: number): { keys: Buffer[]; values: Uint8Array[] } {
  const keys: Buffer[] = []
  const values: Uint8Array[] = []
  for (let number = first; keys.length < BLOCKS_PER_SCAN && isAnyFrom(kv, number); number++) {
    keys.push(blockKey(number))
    values.push(valueOf(kv, number))
  }
  return { keys, values }
}

function valueOf(kv: KeyValue<ShardColumn>, number: number): Uint8Array {
  try {
    return blockValue(kv, number) ?? NOTHING
  } catch (error) {
    if (!isEventStoreError(error, 'DAMAGED')) throw error
    return NOTHING
  }
}

/** True also when the database can not tell. */
function isAnyFrom(kv: KeyValue<ShardColumn>, number: number): boolean {
  try {
    return kv.scan('log', { gte: blockKey(number), limit: 1, cache: false }).keys.length > 0
  } catch (error) {
    if (!isEventStoreError(error, 'DAMAGED')) throw error
    return true
  }
}

function replayBlock(number: number, value: Uint8Array, log: ShardLog, { hashes, accepted, damage }: Replay): void {
  const { tail, data } = log.shared
  const lacks = (block: number, reason: string): void => {
    if (!accepted.hasBlock(block)) damage.push({ shard: data.shard, block, reason })
    tail.addBlock(0xffff, 0, 0, 0)
  }
  let block: Block
  while (log.nextBlock < number) lacks(log.nextBlock++, 'block is missing')
  log.nextBlock = number + 1
  try {
    block = new Block(number, value.slice())
    void block.bytes
  } catch (error) {
    return lacks(number, (error as Error).message)
  }
  const partition = log.partitions[Math.floor(block.partition / data.shards)]!
  if (block.firstSequence !== partition.sequence + 1) {
    if (accepted.endBehind(block.partition, partition.sequence) < block.firstSequence - 1)
      damage.push({
        shard: data.shard,
        block: number,
        partition: block.partition,
        sequences: [partition.sequence + 1, block.firstSequence - 1],
        reason: 'sequences are missing before this block',
      })
  } else if (block.previousCrc !== partition.crc && damage.length === 0) {
    damage.push({
      shard: data.shard,
      block: number,
      partition: block.partition,
      reason: 'the block before is not the one this block was written after',
    })
  }
  partition.sequence = block.lastSequence
  partition.stamp = block.lastStamp
  partition.crc = block.crc
  const at = tail.addBlock(block.partition, block.firstSequence, block.lastStamp, block.count)
  const { versions } = log
  const raise = versions.overflowed ? versions.known.bind(versions) : versions.raise.bind(versions)
  indexBlock(block, at, { tail, hashes, raise })
}
