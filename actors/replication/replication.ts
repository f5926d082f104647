/**
 * The part of a shard that makes it one of several: takes what other writers have committed into its groups, and commits its own to the shared log
 * before they are written. Everything here happens between the steps of the shard's actor or for one of them.
 */
import type { Following, LogMessage } from '../../cluster/shared-log.ts'
import type { Stamp } from '../../event/event.ts'
import type { ShardLog } from '../../store/log/shard-log.ts'
import type { GroupResult, ShardReplication } from '../shard-parts.ts'
import { AwaitedRecords } from './awaited-records.ts'
import { CatchUp } from './catch-up.ts'
import { type Confirmed, notLeader } from './confirmations.ts'
import { GroupCommit } from './group-commit.ts'
import { GroupTaking } from './group-taking.ts'
import type { Replica } from './replica.ts'
import { type ReplicaEvent, type ReplicationParts, ShardReplicas } from './shard-replicas.ts'
import { repairTerm, startTerm } from './start-term.ts'

/** Records that wait for the disk before no more are taken from the log. */
const ARRIVED_BYTES_MAX = 16 * 1024 * 1024

export class Replication implements ShardReplication {
  readonly #parts: ReplicationParts
  readonly #replicas: ShardReplicas
  readonly #awaited = new AwaitedRecords()
  readonly #taking: GroupTaking
  readonly #committing: GroupCommit
  readonly #catchUp: CatchUp
  #following: Following | null = null
  /** Partitions whose messages have lower numbers in the shared log than the record that was taken last. */
  readonly #renumbered = new Set<number>()
  #generation = 0
  #room: (() => void)[] = []
  #resigned: ReplicaEvent[] = []
  #closed = false

  constructor(parts: ReplicationParts) {
    this.#parts = parts
    this.#replicas = new ShardReplicas(parts)
    this.#taking = new GroupTaking(this.#replicas, replica => this.#behind(replica))
    this.#committing = new GroupCommit(this.#replicas, this.#awaited)
    this.#catchUp = new CatchUp({ ...parts, done: replica => this.#caughtUp(replica) })
  }

  opened(log: ShardLog): void {
    this.#taking.hasTaken = false
    this.#replicas.opened(log)
  }

  /** Follows the shared log from where the disk ends. */
  start(): void {
    void this.#findEnds().then(() => this.#follow())
    for (const replica of this.#replicas.all) {
      if (replica.role === 'behind') this.#behind(replica)
      if (replica.role === 'stopped') this.#replicas.stop(replica, replica.stoppedBy)
    }
  }

  /** A log that was lost and made anew numbers its messages anew. */
  async #findEnds(): Promise<void> {
    await Promise.all(
      Array.from(this.#replicas.all, async replica => {
        const { logSequence } = replica.row
        const last = logSequence > 0 ? await this.#parts.log.last(replica.partition).catch(() => undefined) : undefined
        if (last !== undefined && (last?.sequence ?? 0) < logSequence) this.#renumbered.add(replica.partition)
      }),
    )
  }

  #follow(): void {
    void this.#following?.close()
    if (this.#closed) return
    const generation = ++this.#generation
    this.#following = this.#parts.log.follow({
      partitions: this.#replicas.partitions,
      after: partition => (this.#renumbered.has(partition) ? 0 : this.#replicas.of(partition).next.logSequence),
      message: message => (generation === this.#generation ? this.#message(message) : undefined),
    })
  }

  #message(message: LogMessage): void | Promise<void> {
    const replica = this.#replicas.find(message.partition)
    if (!replica) return
    try {
      const isOwn = this.#awaited.delivered(message)
      if (replica.arrived(message, isOwn)) this.#parts.wake()
    } catch (error) {
      this.#replicas.stop(replica, (error as Error).message)
    }
    if (replica.arrivedBytes > ARRIVED_BYTES_MAX) return new Promise(resolve => this.#room.push(resolve))
  }

  #behind(replica: Replica): void {
    replica.clear()
    this.#replicas.become(replica, 'behind')
    this.#catchUp.begin(replica, () => this.#replicas.partitionLog(replica))
  }

  #caughtUp(replica: Replica): void {
    this.#replicas.become(replica, 'following')
    this.#follow()
  }

  /** Only once the term's first record is on disk: what was sent before it is refused, and comes again in the order of calls. */
  leads(partition: number): boolean {
    const { role, row, claim } = this.#replicas.of(partition)
    return role === 'leading' && row.term === claim
  }

  prove(partition: number): void {
    this.#replicas.confirmations.need(partition)
  }

  get due(): boolean {
    return this.#taking.hasTaken || this.#replicas.confirmations.isWaiting
  }

  take(): void {
    for (const event of this.#resigned.splice(0)) this.#parts.told(event)
    this.#taking.take()
  }

  commit(): Promise<GroupResult> {
    return this.#committing.commit()
  }

  get owes(): boolean {
    return this.#committing.owes
  }

  settled(): void {
    this.#taking.hasTaken = false
    for (const replica of this.#replicas.all) {
      if (replica.next === replica.row && replica.taken === 0) continue
      const before = replica.row
      replica.settled()
      this.#replicas.share(replica)
      if (replica.role === 'leading' && before.term < replica.claim)
        this.#parts.told({ kind: 'started', partition: replica.partition, term: replica.claim })
    }
    this.#replicas.confirmations.settled(partition => {
      const { sequence, stamp } = this.#replicas.of(partition).row
      return { partition, sequence, stamp }
    })
    for (const made of this.#room.splice(0)) made()
  }

  failed(reason: string): void {
    for (const replica of this.#replicas.all) this.#replicas.stop(replica, reason)
  }

  /** Takes a term that this node was given; told `started` or `lost`. */
  lead(partition: number, term: number, timeoutMs: number): void {
    const replica = this.#replicas.of(partition)
    const refusal = refusalOf(replica, term)
    if (refusal !== null) return this.#parts.told({ kind: 'lost', partition, term, reason: refusal })
    this.#begin(replica, term, startTerm(this.#replicas, this.#claimed(replica, term), this.#deadline(timeoutMs)))
  }

  /** As `lead`, for a replica that was stopped: what it has is what counts from now on, whatever the shared log holds. */
  repair(partition: number, term: number, timeoutMs: number): void {
    const replica = this.#replicas.of(partition)
    this.#begin(replica, term, repairTerm(this.#replicas, this.#claimed(replica, term), this.#deadline(timeoutMs)))
  }

  #claimed(replica: Replica, term: number): Replica {
    replica.claim = term
    this.#replicas.become(replica, 'starting')
    return replica
  }

  #deadline(timeoutMs: number): number {
    return this.#parts.clock.monotonic() + timeoutMs
  }

  #begin(replica: Replica, term: number, begun: Promise<string | null>): void {
    void begun.then(reason => {
      if (reason !== null && replica.claim === term) this.#replicas.loses(replica, reason)
    })
  }

  /** Gives up a term: what is in flight is settled, nothing more is taken. Told `resigned` when it is. */
  resign(partition: number): void {
    const replica = this.#replicas.of(partition)
    if (replica.role !== 'leading' && replica.role !== 'starting') return
    this.#replicas.become(replica, 'following')
    this.#replicas.confirmations.refuse(partition)
    this.#resigned.push({ kind: 'resigned', partition, term: replica.claim })
    this.#parts.wake()
  }

  /** Proves that this node leads, by a record that is committed after this call; `stamp`: the partition is closed at it. NOT_LEADER. */
  confirm(partition: number, stamp: Stamp = 0): Promise<Confirmed> {
    if (!this.leads(partition)) return Promise.reject(notLeader(partition))
    const confirmed = this.#replicas.confirmations.add(partition, stamp)
    this.#parts.wake()
    return confirmed
  }

  /** Has the shared log forget what every replica that counts has, those up to this index, but for a margin. */
  trim(partition: number, index: number): void {
    if (!this.leads(partition)) return
    const before = this.#replicas.of(partition).marks.before(index)
    // What fails is done with the next one.
    if (before !== null) void this.#parts.log.trim(partition, before).catch(() => undefined)
  }

  /** Nothing is followed or confirmed any more. */
  async close(): Promise<void> {
    this.#closed = true
    this.#catchUp.close()
    this.#replicas.confirmations.refuseAll()
    for (const made of this.#room.splice(0)) made()
    await this.#following?.close()
  }
}

function refusalOf({ role, stoppedBy, next }: Replica, term: number): string | null {
  if (role === 'stopped') return stoppedBy
  if (role === 'behind') return 'it lacks records'
  return term <= next.term ? `term ${next.term} has begun` : null
}
