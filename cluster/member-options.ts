/** What a member of the cluster is given, and what it tells. */
import type { Clock } from '../event/clock.ts'
import type { EventStoreError } from '../event/error.ts'
import type { Timers } from '../event/timers.ts'
import type { Bus } from './bus.ts'
import type { MemberStatus } from './member-status.ts'
import type { TermCalls } from './partition-terms.ts'
import type { Registry } from './registry.ts'
import type { TermOptions } from './term-state.ts'

export interface MemberCalls extends TermCalls {
  /** Somebody came, changed, fell silent or is heard again. */
  members(members: readonly MemberStatus[]): void
  /** A node has seen this stamp; this node's clock must be above it. */
  stamp(stamp: number): void
  /** Whether some node reads all partitions in order, so that leaders must close idle ones. */
  followsAll(isFollowed: boolean): void
  /** Another process has this node's place. The node must stop; CLOSED. */
  failed(error: EventStoreError): void
}

export interface MemberLimits {
  readonly heartbeatMs: number
  /** Silence after which a node is dead. */
  readonly deadlineMs: number
  /** Records that a node may be behind and still be asked to lead. */
  readonly lagRecords: number
  /** How long a node that is asked who it is may take. */
  readonly askMs: number
  /** How long a command may take. */
  readonly commandMs: number
}

export const memberLimits: MemberLimits = { heartbeatMs: 100, deadlineMs: 1_000, lagRecords: 1_000, askMs: 1_000, commandMs: 10_000 }

export interface MemberOptions {
  readonly bus: Bus
  readonly registry: Registry
  readonly clock: Clock
  readonly timers: Timers
  /** The id of the cluster. */
  readonly cluster: string
  readonly node: string
  /** New for each start of the node. */
  readonly incarnation: string
  readonly zone: string
  /** Of records and words; nodes of different formats refuse each other. */
  readonly format: number
  /** The id of the store's directory. */
  readonly disk: string
  readonly partitions: number
  readonly calls: MemberCalls
  readonly limits?: Partial<MemberLimits>
  readonly terms?: Partial<TermOptions>
}
