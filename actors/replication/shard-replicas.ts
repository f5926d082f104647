/** The replicas of a shard, and what happens to one of them from whatever side: it loses a term, it is stopped. */
import type { RecordHead } from '../../cluster/record.ts'
import type { SharedLog } from '../../cluster/shared-log.ts'
import type { Clock } from '../../event/clock.ts'
import { EventStoreError } from '../../event/error.ts'
import type { Stamp } from '../../event/event.ts'
import type { Timers } from '../../event/timers.ts'
import { replicaKey } from '../../store/index/keys.ts'
import type { PartitionLog } from '../../store/log/partition-log.ts'
import type { ShardLog } from '../../store/log/shard-log.ts'
import type { FetchSnapshot } from './catch-up.ts'
import { Confirmations } from './confirmations.ts'
import { Replica } from './replica.ts'
import { decodeRow, noRow } from './replica-row.ts'
import type { ReplicaRole, SharedReplicas } from './shared-replicas.ts'

/** What a shard tells of its partitions to whoever decides who leads. */
export type ReplicaEvent =
  /** This node leads the term: its first record is on disk here. */
  | { readonly kind: 'started'; readonly partition: number; readonly term: number }
  /** It does not, or no longer: overtaken, or it could not tell. */
  | { readonly kind: 'lost'; readonly partition: number; readonly term: number; readonly reason: string }
  /** The last group of the term that was given up is settled. */
  | { readonly kind: 'resigned'; readonly partition: number; readonly term: number }
  /** Another node has begun a term. */
  | { readonly kind: 'record'; readonly partition: number; readonly term: number; readonly node: string }
  | { readonly kind: 'stopped'; readonly partition: number; readonly reason: string }

export interface ReplicationParts {
  readonly log: SharedLog
  readonly clock: Clock
  readonly timers: Timers
  /** The store's id. */
  readonly cluster: string
  readonly node: string
  readonly incarnation: string
  readonly replicas: SharedReplicas
  /** How long it is tried to find out what became of a commit. */
  readonly commitTimeoutMs: number
  /** A stamp above all that this node has given or seen. */
  readonly stamp: () => Stamp
  /** There is something to do: the actor is to step soon. */
  readonly wake: () => void
  readonly told: (event: ReplicaEvent) => void
  /** Asks another replica for blocks that the shared log no longer has. */
  readonly fetch: FetchSnapshot
}

export class ShardReplicas {
  readonly parts: ReplicationParts
  readonly confirmations = new Confirmations()
  log!: ShardLog
  readonly #all = new Map<number, Replica>()

  constructor(parts: ReplicationParts) {
    this.parts = parts
  }

  /** The shard was read from disk. */
  opened(log: ShardLog): void {
    this.log = log
    log.propose()
    for (const partition of log.partitions) {
      const number = partition.partition
      let replica = this.#all.get(number)
      if (!replica) this.#all.set(number, (replica = new Replica(number, this.parts.cluster)))
      const stored = log.kv.get('meta', replicaKey(number))
      const row = stored ? decodeRow(stored) : noRow
      replica.open(row ?? noRow, partition)
      if (!row) replica.stop('the row of the replica can not be read')
      this.share(replica)
    }
    log.publish()
  }

  get all(): Iterable<Replica> {
    return this.#all.values()
  }

  get partitions(): number[] {
    return [...this.#all.keys()]
  }

  find(partition: number): Replica | undefined {
    return this.#all.get(partition)
  }

  of(partition: number): Replica {
    const replica = this.#all.get(partition)
    if (!replica) throw new EventStoreError('NOT_FOUND', `partition ${partition} is not of this shard`, { partition })
    return replica
  }

  partitionLog({ partition }: Replica): PartitionLog {
    return this.log.partitions.find(log => log.partition === partition)!
  }

  /** Told to whoever asks for it at once: nothing else may happen in the partition for long. */
  become(replica: Replica, role: ReplicaRole): void {
    replica.role = role
    this.share(replica)
  }

  share(replica: Replica): void {
    this.parts.replicas.set(replica.partition, replica.role, replica.row)
  }

  /** It leads no longer, or will not. */
  loses(replica: Replica, reason: string): void {
    if (replica.role !== 'leading' && replica.role !== 'starting') return
    const { partition, claim: term } = replica
    this.become(replica, 'following')
    this.confirmations.refuse(partition)
    this.parts.told({ kind: 'lost', partition, term, reason })
  }

  /** Nothing more is taken or committed in a partition; what is there can be read. */
  stop(replica: Replica, reason: string): void {
    this.loses(replica, reason)
    replica.stop(reason)
    this.share(replica)
    this.confirmations.refuse(replica.partition)
    this.parts.told({ kind: 'stopped', partition: replica.partition, reason })
  }

  /** The head of the record behind the last that was taken. */
  head(replica: Replica, about: Pick<RecordHead, 'kind' | 'term' | 'stamp'>): RecordHead {
    const { cluster, node, incarnation } = this.parts
    const { partition, next } = replica
    const { sequence } = this.partitionLog(replica)
    return { ...about, partition, index: next.index + 1, previous: next.crc, sequence, cluster, node, incarnation }
  }
}
