/** The writer's side of a shard: its partitions, its version map, and the one batch that holds what all of them have ready. No clock, no thread. */
import { KEY_CLAIMED, type Outcome } from '../../event/outcome.ts'
import { idSliceOf } from '../../event/payload.ts'
import { CLAIM, IDS, KEYED, PRODUCER } from '../../event/request.ts'
import { type RequestView } from '../../event/request-view.ts'
import { blockKey, claimsKey, isRowOf, kinds, type ShardColumn } from '../index/keys.ts'
import { sealSegment, type ShardEnd } from '../index/segment.ts'
import { ID_ENTRY } from '../index/tail.ts'
import type { VersionDump } from '../index/version-dump.ts'
import type { VersionMap } from '../index/version-map.ts'
import type { KeyValue, WriteBatch } from '../key-value.ts'
import { EventStoreError } from '../../event/error.ts'
import { claimStreamOf } from '../../event/stream-id.ts'
import { Block } from './block.ts'
import type { Conditions } from './conditions.ts'
import { eachTerm } from './block-terms.ts'
import { type BlockHashes, indexBlock } from './index-block.ts'
import type { KnownIds } from './known-ids.ts'
import { type PartitionHost, PartitionLog } from './partition-log.ts'
import { ProducerRows } from './producer-rows.ts'
import { type Proposal, Proposals } from './proposals.ts'
import type { SharedShard } from './shared.ts'
import { TenantCounts } from './tenant-counts.ts'

export interface ShardLogParts {
  readonly kv: KeyValue<ShardColumn>
  readonly shared: SharedShard
  readonly versions: VersionMap
  readonly dump: VersionDump
  readonly hashes: BlockHashes
  readonly segmentEntries: number
  /** Events of one request at most. */
  readonly requestEvents: number
}

/** `later`: the answer hangs on events of this very group; commit first, then ask again. */
export type Applied = 'answered' | 'stored' | 'later'

/** Segments after which the version map is dumped anew. */
const DUMP_EVERY_SEGMENTS = 2
const NOTHING = new Uint8Array(0)

export class ShardLog implements PartitionHost {
  readonly partitions: readonly PartitionLog[]
  readonly versions: VersionMap
  readonly kv: KeyValue<ShardColumn>
  readonly shared: SharedShard
  /** Number of the next block; provisional until the commit settles. */
  nextBlock = 0
  /** Blocks below are committed and can be read back, though perhaps not yet published. */
  settledBlocks = 0
  /** Whether blocks of this group are tried with zstd. */
  compress = true
  /** Bytes of blocks, and events, in the current group. */
  groupBytes = 0
  groupEvents = 0
  ids!: KnownIds
  conditions!: Conditions
  /** Blocks of this group, by number. */
  readonly groupBlocks = new Map<number, Buffer>()
  readonly #batch: WriteBatch<ShardColumn>
  readonly #parts: ShardLogParts
  readonly #shards: number
  readonly #producers: ProducerRows
  readonly #tenantCounts: TenantCounts
  #proposals: Proposals | null = null
  #sealing = false
  #segmentsSinceDump = 0

  constructor(parts: ShardLogParts) {
    this.#parts = parts
    this.kv = parts.kv
    this.shared = parts.shared
    this.versions = parts.versions
    this.#shards = parts.shared.data.shards
    this.partitions = Array.from(
      { length: parts.shared.ranks },
      (_, rank) => new PartitionLog(rank * this.#shards + parts.shared.data.shard, rank, this),
    )
    this.#batch = parts.kv.batch()
    this.#producers = new ProducerRows(parts.kv)
    this.#tenantCounts = new TenantCounts(parts.kv)
  }

  /** Checks one request against everything before it, and stores it provisionally when nothing speaks against it. */
  apply(request: RequestView, outcome: Outcome): Applied {
    const partition = this.partitions[(request.partition / this.#shards) | 0]!
    outcome.versions = null
    if (this.shared.hasClaims && !(request.flags & (KEYED | CLAIM)) && this.#isElsewhere(request, outcome)) return 'answered'
    if (request.flags & PRODUCER && partition.answersProducer(request, outcome)) return 'answered'
    if (request.flags & IDS) {
      const known = this.ids.find(request, partition, outcome)
      if (known !== 'new') return known
    }
    if (!partition.expects(request, outcome)) return 'answered'
    if (request.termsBytes > 0 && !this.conditions.hold(request, partition, outcome)) return 'answered'
    if (request.flags & CLAIM) this.#noteClaims(request.partition)
    partition.store(request, outcome)
    this.groupEvents += request.events
    return 'stored'
  }

  /** True when a key was claimed for a stream without events here: whoever sent this did not know of it. */
  #isElsewhere(request: RequestView, outcome: Outcome): boolean {
    const { words, streams, streamTable } = request
    const { stream: streamHash } = this.#parts.hashes
    for (let stream = 0; stream < streams; stream++) {
      const s = streamTable + stream * 4
      if (this.versions.of(words[s]!, words[s + 1]!, words[s + 2]!) > 0) continue
      const { lo, hi, check } = streamHash.text(claimStreamOf(request.streamName(stream)))
      if (this.versions.peek(lo, hi, check) === 0) continue
      outcome.status = KEY_CLAIMED
      outcome.firstVersion = stream
      return true
    }
    return false
  }

  /** Readers look for claims from now on, and after the next start because of a row beside the first claim. */
  #noteClaims(partition: number): void {
    this.#proposals?.row(partition, claimsKey, NOTHING)
    if (this.shared.hasClaims) return
    this.#batch.put('meta', claimsKey, NOTHING)
    this.shared.hasClaims = true
  }

  /** From now on what is stored here is gathered a partition, to be committed elsewhere first. */
  propose(): void {
    this.#proposals = new Proposals()
  }

  /** What each partition has to commit of the prepared batch. */
  get proposals(): ReadonlyMap<number, Proposal> {
    return this.#proposals!.all
  }

  putMeta(key: Uint8Array, value: Uint8Array): void {
    this.#batch.put('meta', key, value)
  }

  /**
   * Takes a block of a partition that another writer built and that is committed: its bytes as they are. DAMAGED when it is not the one that follows
   * the partition's last. `block`: the same as one that was looked into already.
   */
  take(number: number, value: Uint8Array, block = new Block(this.nextBlock, value)): void {
    const partition = this.partitions[(number / this.#shards) | 0]!
    const { sequence, crc } = partition
    if (block.partition !== number || block.firstSequence !== sequence + 1 || block.previousCrc !== crc)
      throw new EventStoreError('DAMAGED', `partition ${number}: a block does not follow its sequence ${sequence}`, { partition: number })
    const { versions, shared } = this
    this.groupBlocks.set(this.nextBlock, value as Buffer)
    this.#batch.put('log', blockKey(this.nextBlock++), value)
    this.groupBytes += value.length
    this.groupEvents += block.count
    const at = shared.tail.addBlock(number, block.firstSequence, block.lastStamp, block.count)
    indexBlock(block, at, { tail: shared.tail, hashes: this.#parts.hashes, raise: versions.raise.bind(versions) })
    partition.took(block)
  }

  /** Takes the rows that go with those blocks; keys that are not of the partition are left out. */
  takeRows(number: number, rows: readonly (readonly [Uint8Array, Uint8Array])[]): void {
    for (const [key, value] of rows) {
      if (!isRowOf(number, key)) continue
      if (key[0] === kinds.claims) this.shared.hasClaims = true
      this.#batch.put('meta', key, value)
    }
    // What was known of them may be older than they are.
    if (rows.length === 0) return
    this.#tenantCounts.forget()
    this.partitions[(number / this.#shards) | 0]!.forgetProducers()
  }

  blockReady(partition: PartitionLog): void {
    const { builder } = partition
    const { tail } = this.shared
    const value = builder.seal(partition.crc, this.compress)
    partition.crc = value.readUInt32LE(4)
    this.groupBlocks.set(this.nextBlock, value)
    this.#proposals?.block(partition.partition, value)
    this.#batch.put('log', blockKey(this.nextBlock++), value)
    this.groupBytes += value.length
    const block = tail.addBlock(partition.partition, builder.firstSequence, builder.lastStamp, builder.count)
    for (let i = 0; i < builder.streams; i++)
      tail.addEntry(builder.streamLo[i]!, builder.streamHi[i]!, builder.streamCheck[i]!, block, builder.streamVersion[i]!)
    eachTerm(builder.parts, this.#parts.hashes.terms, (lo, hi) => tail.terms.add(lo, hi, block))
    const { openIds } = partition
    for (let i = 0; i < openIds.length; i += 3) tail.addEntry(openIds[i]!, openIds[i + 1]!, openIds[i + 2]!, block | ID_ENTRY, 0)
  }

  producerHighest(partition: number, producer: string): number {
    return this.#producers.highest(partition, producer)
  }

  producerMoved(partition: number, producer: string, highest: number): void {
    this.#producers.moved(partition, producer, highest)
  }

  requestStored(partition: number, request: RequestView): void {
    this.#tenantCounts.stored(partition, request)
  }

  idAdded(partition: PartitionLog, request: RequestView, extrasStart: number, extrasBytes: number): void {
    const id = idSliceOf(request.bytes, extrasStart, extrasStart + extrasBytes)
    if (!id) return
    const hash = this.#parts.hashes.id.bytes(request.bytes, id.start, id.end)
    partition.openIds.push(hash.lo, hash.hi, hash.check)
    this.ids.opened(hash)
  }

  /** Nothing was stored since the last commit. */
  get clean(): boolean {
    return this.groupEvents === 0
  }

  /** True when the tail can not surely take another request's entries; of terms what does not fit is only looked for in its blocks. */
  get tailFull(): boolean {
    const { tail, data } = this.shared
    const { requestEvents, segmentEntries } = this.#parts
    return (
      tail.terms.entries > (segmentEntries + data.tail.terms) / 2 ||
      tail.entries + 2 * (this.groupEvents + requestEvents) > data.tail.entries ||
      tail.blocks + this.groupEvents + requestEvents > data.tail.blocks
    )
  }

  /** The tail is to be written out as a segment. */
  get tailDue(): boolean {
    const { tail } = this.shared
    const { segmentEntries } = this.#parts
    return tail.entries >= segmentEntries || tail.terms.entries >= segmentEntries || tail.blocks * 8 >= segmentEntries
  }

  /** While opening: writes the tail out before it overflows, as when the store was written with longer segments. */
  sealNow(): void {
    sealSegment(this.#batch, this.shared.segment, this.shared.tail, this.#end())
    this.kv.write(this.#batch, { sync: false })
    this.#batch.clear()
    this.shared.nextSegment(this.nextBlock)
  }

  /** The batch of all that was stored provisionally; its blocks, index rows and producers. */
  prepare(): WriteBatch<ShardColumn> {
    for (const partition of this.partitions) partition.sealBlock()
    for (const rows of [this.#producers, this.#tenantCounts]) rows.each((...row) => this.#putRow(...row))
    const { tail, segment } = this.shared
    this.#sealing = this.tailDue
    if (this.#sealing) {
      sealSegment(this.#batch, segment, tail, this.#end())
      this.#segmentsSinceDump++
      const due = Math.max(DUMP_EVERY_SEGMENTS, this.versions.size / this.#parts.segmentEntries)
      if (!this.#parts.dump.active && this.#segmentsSinceDump >= due && !this.versions.overflowed) {
        this.#parts.dump.begin(segment + 1)
        this.#segmentsSinceDump = 0
      }
    }
    this.#parts.dump.step(this.#batch, this.versions)
    return this.#batch
  }

  #putRow(partition: number, key: Buffer, value: Buffer): void {
    this.#batch.put('meta', key, value)
    this.#proposals?.row(partition, key, value)
  }

  #end(): ShardEnd {
    return {
      sequences: Float64Array.from(this.partitions, partition => partition.sequence),
      stamps: Float64Array.from(this.partitions, partition => partition.stamp),
      crcs: Float64Array.from(this.partitions, partition => partition.crc),
    }
  }

  /** The prepared batch is committed: what was provisional is now so. */
  settled(): void {
    this.#batch.clear()
    this.#proposals?.clear()
    if (this.#sealing) this.ids.sealed(this.shared.segment, this.shared.tail)
    if (this.#sealing) this.shared.nextSegment(this.nextBlock)
    this.#sealing = false
    this.settledBlocks = this.nextBlock
    this.groupBytes = 0
    this.groupEvents = 0
    this.groupBlocks.clear()
    this.ids.settled()
    this.#tenantCounts.settled()
    if (this.versions.shrink()) this.#parts.dump.cancel()
  }

  /** Lets readers see all that is committed. */
  publish(): void {
    for (const partition of this.partitions) {
      if (!partition.dirty) continue
      partition.dirty = false
      this.shared.set(partition.rank, partition.sequence, partition.stamp)
    }
    this.shared.publish(this.nextBlock)
  }
}
