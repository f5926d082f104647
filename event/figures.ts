/** What a node says of itself: counts, bytes, and what it found when it walked through everything it holds. */
import type { ErrorCode } from './error.ts'
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

/** How long something took, ms: within an eighth, 0 when it never happened. */
export interface LatencyStats {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
}

/** Of a tenant, only how many of its events there are: the rest is the node's to know, whose partitions all tenants share. */
export interface PartitionStats extends Partial<Omit<PartitionFigures, 'partition' | 'shard' | 'events'>> {
  readonly partition: number
  readonly shard: number
  /** All that were ever stored: the last sequence. */
  readonly events: number
}

/** What is counted is counted since the node was opened, over restarts of its workers; only `events` is all there are. */
export interface PartitionFigures extends LatencyStats {
  readonly partition: number
  readonly shard: number
  readonly events: number
  /** Bytes of the data of events stored, as received. */
  readonly bytes: number
  /** Appends that were answered, whatever the answer. `p50Ms` and the others say how long their callers waited. */
  readonly requests: number
  /** Over the last second. */
  readonly eventsPerSecond: number
  readonly bytesPerSecond: number
  /** Over the last minute, or as long as the node is open. */
  readonly eventsPerSecondInMinute: number
  readonly bytesPerSecondInMinute: number
  /** Events that wait for an answer now. */
  readonly queue: number
  /** It carries more than twice the mean of all, and has for a while. */
  readonly isHot: boolean
  /** Requests that failed, by code. */
  readonly errors: ErrorCounts
}

export type ErrorCounts = { readonly [Code in ErrorCode]?: number }

/** `p50Ms` and the others say how long commits took: one write to the database with one sync, for all that waited. */
export interface ShardStats extends LatencyStats {
  readonly shard: number
  readonly condition: ShardCondition
  readonly blocks: number
  readonly segments: number
  /** Bytes of its files; 0 in memory. */
  readonly diskBytes: number
  /** Since the node was opened. */
  readonly commits: number
  readonly slowCommits: number
}

export interface NodeStats {
  readonly storeId: string
  /** Milliseconds since the epoch; left out of those of a tenant. */
  readonly openedAt?: number
  readonly events: number
  /** Bytes of all files of the store, 0 in memory; of a tenant, those of its events' `data`. */
  readonly diskBytes: number
  readonly partitions: readonly PartitionStats[]
  readonly shards: readonly ShardStats[]
  readonly topologies: readonly TopologyStatus[]
  /** Appends that were refused before any partition saw them, by code; left out of those of a tenant. */
  readonly refusals?: ErrorCounts
  /** What could not be read when the store was opened. */
  readonly damage: readonly LogDamage[]
}

/**
 * `starting`: its worker died and reads its log back in. `silent`: its worker gives no sign of life, as when a disk does not answer. `read-only`:
 * the disk refused a write. `lost`: its worker died too often.
 */
export type ShardCondition = 'writable' | 'starting' | 'silent' | 'read-only' | 'lost'

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
