/** What the actor of a shard is given: where its requests come from, where its groups are committed, and what makes it one of several. */
import type { Clock } from '../event/clock.ts'
import type { ShardColumn } from '../store/index/keys.ts'
import type { WriteBatch } from '../store/key-value.ts'
import type { ShardLog } from '../store/log/shard-log.ts'
import type { AnswerSink, RequestSource } from './port.ts'
import type { ShardFigures } from './shard-figures.ts'

/** What became of a group: it is in the log, it certainly is not, or nobody knows. */
export type CommitResult = 'committed' | 'conflict' | 'unknown'

/** Puts a group's batch into the log. Replaceable: a cluster commits elsewhere. */
export type Commit = (batch: WriteBatch<ShardColumn>, options: { sync: boolean }) => CommitResult | Promise<CommitResult>

/** `failed`: what became of the partitions whose part of the group is not known to be committed. */
export type GroupResult = 'committed' | { readonly failed: ReadonlyMap<number, 'conflict' | 'unknown'> }

/** What makes a shard one of several that hold the same partitions; `replication/replication.ts`. */
export interface ShardReplication {
  /** Whether requests to a partition are numbered here. */
  leads(partition: number): boolean
  /** Something is answered that is only true if this node still leads: the group must prove it. */
  prove(partition: number): void
  /** The group holds more than requests. */
  readonly due: boolean
  /** Puts what others have committed into the group. */
  take(): void
  /** Commits what the prepared group has for others. */
  commit(): Promise<GroupResult>
  /** Something that was committed is not on this disk yet. */
  readonly owes: boolean
  /** The group is on disk, and readers see it. */
  settled(): void
  /** The shard was read from disk anew. */
  opened(log: ShardLog): void
  /** This disk takes nothing more. */
  failed(reason: string): void
}

export interface ShardActorParts {
  /** Left out by a node that is one by itself. */
  readonly replication?: ShardReplication
  readonly log: ShardLog
  readonly source: RequestSource
  readonly answers: AnswerSink
  readonly commit: Commit
  /** Opens the log anew after a commit that did not settle as committed. */
  readonly reopen: () => ShardLog
  /** The store's own durability. */
  readonly durability: 'memory' | 'os' | 'disk'
  readonly compression: 'auto' | 'none'
  readonly clock?: Clock
  /** Where it counts what it does. */
  readonly figures?: ShardFigures
  /** A commit that takes longer is counted as slow. Default 1,000. */
  readonly slowCommitMs?: number
}
