/** What a node says of itself: counts, bytes, and what it found when it walked through everything it holds. */
import type { TopologyStatus } from './topologies.ts'

/** A place in the log that can not be read. */
export interface LogDamage {
  readonly shard: number
  /** −1 when it is not one block. */
  readonly block: number
  readonly partition?: number
  /** Sequences known to be lost, inclusive. */
  readonly sequences?: readonly [first: number, last: number]
  readonly reason: string
}

export interface PartitionStats {
  readonly partition: number
  readonly shard: number
  readonly events: number
}

export interface NodeStats {
  readonly storeId: string
  readonly events: number
  /** Bytes of all files of the store, 0 in memory; of a tenant, those of its events' `data`. */
  readonly diskBytes: number
  readonly partitions: readonly PartitionStats[]
  readonly shards: readonly { readonly shard: number; readonly blocks: number; readonly segments: number; readonly diskBytes: number }[]
  readonly topologies: readonly TopologyStatus[]
  /** What could not be read when the store was opened. */
  readonly damage: readonly LogDamage[]
}

/** How much a tenant holds. */
export interface TenantStats {
  readonly name: string
  readonly events: number
  /** Of `data` as received. */
  readonly bytes: number
}

export interface VerifyReport {
  readonly blocks: number
  readonly events: number
  /** Bytes of blocks as stored. */
  readonly bytes: number
  readonly damage: readonly LogDamage[]
  /** What was lost and accepted as lost at an earlier open. */
  readonly accepted: readonly LogDamage[]
}
