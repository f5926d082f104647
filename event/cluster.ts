/** A cluster as people and programs look at it and act on it: the same over a node in this process and over a wire. */
import { EventStoreError } from './error.ts'
import type { Stamp } from './event.ts'

/** `healthy`: heard of within the deadline. `draining`: leads nothing and is given nothing. `silent`: not heard of. */
export type MemberHealth = 'healthy' | 'draining' | 'silent'

export interface ClusterMember {
  readonly node: string
  readonly zone: string | null
  readonly health: MemberHealth
  /** New at each start of the node. */
  readonly incarnation: string
  /** Partitions that it leads. */
  readonly leads: number
  /** Milliseconds since it was last heard of; null for one that never was by the node that answers. */
  readonly heardMsAgo: number | null
  /** Where its front end answers, as far as it said. */
  readonly address: string | null
}

/** `stopped`: what came back from the shared log does not fit what the replica has; reads go on. `behind`: it lacks records and fetches them. */
export type ReplicaState = 'leading' | 'following' | 'starting' | 'behind' | 'stopped'

export interface ClusterPartition {
  readonly partition: number
  /** Null while nobody leads it. */
  readonly leader: string | null
  readonly term: number
  /** Nodes in the order in which they are to lead it. */
  readonly preference: readonly string[]
  /** Of the node that answers. */
  readonly state: ReplicaState
  /** Why it is stopped. */
  readonly reason: string | null
  /** Records and the last event's sequence that the answering node has on disk. */
  readonly index: number
  readonly sequence: number
  readonly stamp: Stamp
  /** Records that each healthy member lacks of the most that any has, by node. */
  readonly lag: Readonly<Record<string, number>>
}

export interface ClusterStatus {
  readonly name: string
  /** The store's id, the same on all nodes. */
  readonly id: string
  /** The node that answers. */
  readonly node: string
  readonly members: readonly ClusterMember[]
  readonly partitions: readonly ClusterPartition[]
  readonly nats: {
    readonly isConnected: boolean
    readonly servers: readonly { readonly name: string; readonly version: string; readonly sync: 'always' | 'lazy' }[]
    /** Servers that keep each record. */
    readonly replicas: number
    /** Sentences: what this NATS does not promise. */
    readonly notPromised: readonly string[]
  }
  /** Messages that were left out, by why: of another cluster, of unknown senders, not whole. */
  readonly ignored: Readonly<Record<string, number>>
}

/** What became of one partition that was to be led elsewhere. */
export interface HandedOver {
  readonly partition: number
  readonly from: string | null
  readonly to: string
  readonly term: number
  readonly tookMs: number
}

export interface Cluster {
  status(): Promise<ClusterStatus>
  /**
   * Hands partitions over to a node, which leads them until it is unhealthy or told otherwise. Resolves when it leads them. NOT_FOUND for a node or a
   * partition that is not there, INVALID for a node that can not lead now, UNREACHABLE when it did not take over in time.
   */
  failover(partition: number | 'all', to: string): Promise<HandedOver[]>
  /** Hands over all that a node leads and gives it nothing more until `resume`. Resolves when it leads nothing. NOT_FOUND, UNREACHABLE. */
  drain(node: string): Promise<HandedOver[]>
  resume(node: string): Promise<void>
  /**
   * Makes this node's copy of a partition that stopped the one that counts: opens a term behind it in the shared log, whatever that holds, and says so in
   * the node's log. What only the shared log has is not taken. INVALID when the partition is not stopped here.
   */
  repair(
    partition: number,
  ): Promise<{ readonly partition: number; readonly index: number; readonly sequence: number; readonly term: number }>
}

/** What a node says that belongs to no cluster. */
export function byItself(): EventStoreError {
  return new EventStoreError('NOT_FOUND', 'this node is one by itself: it belongs to no cluster', { cluster: null })
}
