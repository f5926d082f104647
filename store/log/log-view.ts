/** The log as one thread sees it: every shard's blocks, directory and commit numbers. Reads only; any number of threads may have one. */
import { EventStoreError } from '../../event/error.ts'
import type { TextHash } from '../../event/hash.ts'
import { scopeOf } from '../../event/scope.ts'
import { partitionOf, partitionOfKey } from '../../event/stream-id.ts'
import type { ShardColumn } from '../index/keys.ts'
import { Segments } from '../index/segments.ts'
import type { TermHashes } from '../index/terms.ts'
import type { KeyValue } from '../key-value.ts'
import { Block } from './block.ts'
import { blockValues } from './block-values.ts'
import { BlockCache } from './block-cache.ts'
import { ClaimedKeys } from './claimed-keys.ts'
import { hashesOf } from './open-shard.ts'
import type { SharedHorizon } from './horizon.ts'
import type { SharedShard } from './shared.ts'

export interface ViewedShard {
  readonly kv: KeyValue<ShardColumn>
  readonly shared: SharedShard
  readonly segments: Segments
}

export interface LogViewOptions {
  readonly shards: readonly { kv: KeyValue<ShardColumn>; shared: SharedShard }[]
  readonly horizon: SharedHorizon
  readonly storeId: string
  readonly partitions: number
  readonly cacheBytes: number
}

export class LogView {
  readonly shards: readonly ViewedShard[]
  readonly horizon: SharedHorizon
  readonly storeId: string
  readonly partitions: number
  readonly streamHash: TextHash
  readonly idHash: TextHash
  readonly termHashes: TermHashes
  readonly #cache: BlockCache
  readonly #claims = new ClaimedKeys(this)

  constructor(options: LogViewOptions) {
    this.shards = options.shards.map(({ kv, shared }) => ({ kv, shared, segments: new Segments(kv, shared) }))
    this.horizon = options.horizon
    this.storeId = options.storeId
    this.partitions = options.partitions
    const hashes = hashesOf(options.storeId)
    this.streamHash = hashes.stream
    this.idHash = hashes.id
    this.termHashes = hashes.terms
    this.#cache = new BlockCache(options.cacheBytes)
  }

  shardOf(partition: number): ViewedShard {
    return this.shards[partition % this.shards.length]!
  }

  /** Commit sequence of a partition. */
  sequenceOf(partition: number): number {
    const { shared } = this.shardOf(partition)
    void shared.epoch
    return shared.sequenceOf(Math.floor(partition / this.shards.length))
  }

  partitionOf(stream: string): number {
    return partitionOf(stream, this.partitions)
  }

  /** False as long as no stream that is at home in a partition, or in another of its shard, had a key claimed for it. */
  hasClaims(partition: number): boolean {
    return this.shardOf(partition).shared.hasClaims
  }

  /** The partition key claimed for a stream, by its stored name; undefined when it goes by its own. */
  claimedKey(stream: string): string | undefined {
    return this.#claims.of(stream)
  }

  /** The partition a stream is in, or will be as far as is known now. */
  partitionHolding(stream: string): number {
    const key = this.claimedKey(stream)
    return key === undefined ? this.partitionOf(stream) : partitionOfKey(key, scopeOf(stream), this.partitions)
  }

  /** Blocks by number, in that order, through the cache. Throws DAMAGED for one that is not what was written. */
  blocks(shard: ViewedShard, numbers: readonly number[]): Block[] {
    const rank = shard.shared.data.shard
    const out: (Block | undefined)[] = numbers.map(number => this.#cache.get(rank, number))
    const missing: number[] = []
    for (let i = 0; i < out.length; i++) if (!out[i]) missing.push(i)
    if (missing.length > 0) {
      const values = blockValues(
        shard.kv,
        missing.map(i => numbers[i]!),
      )
      for (let m = 0; m < missing.length; m++) {
        const i = missing[m]!
        out[i] = this.#open(shard, numbers[i]!, values[m])
        this.#cache.offer(rank, out[i])
      }
    }
    return out as Block[]
  }

  #open(shard: ViewedShard, number: number, value: Uint8Array | undefined): Block {
    try {
      return new Block(number, value ?? new Uint8Array(0))
    } catch (error) {
      if (!(error instanceof EventStoreError)) throw error
      throw new EventStoreError('DAMAGED', `shard ${shard.shared.data.shard}: ${error.message}`, {
        shard: shard.shared.data.shard,
        block: number,
        file: `shard-${String(shard.shared.data.shard).padStart(2, '0')}`,
      })
    }
  }

  block(shard: ViewedShard, number: number): Block {
    return this.blocks(shard, [number])[0]!
  }
}
