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
  /** Bytes of all files of the store; 0 in memory. */
  readonly diskBytes: number
  readonly partitions: readonly PartitionStats[]
  readonly shards: readonly { readonly shard: number; readonly blocks: number; readonly segments: number; readonly diskBytes: number }[]
  readonly topologies: readonly TopologyStatus[]
  /** What could not be read when the store was opened. */
  readonly damage: readonly LogDamage[]
}

/** `starting`: its worker died and reads its log back in. `read-only`: the disk refused a write. `lost`: its worker died too often. */
export type ShardCondition = 'writable' | 'starting' | 'read-only' | 'lost'

export interface ShardHealth {
  readonly shard: number
  readonly condition: ShardCondition
}

/** Whether the process is of any use; if not, another one should take its place. */
export interface Health {
  readonly alive: boolean
  readonly shards: readonly ShardHealth[]
  /** What is wrong, a sentence each; empty when nothing is. */
  readonly reasons: readonly string[]
}

/** Whether requests should be sent here now. */
export interface Readiness {
  readonly ready: boolean
  /** What stands in the way, a sentence each; empty when ready. */
  readonly reasons: readonly string[]
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
