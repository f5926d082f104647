/** Puts records that others have committed into the group that a shard is building: those that fit, in their order. */
import { replicaKey } from '../../store/index/keys.ts'
import type { Block } from '../../store/log/block.ts'
import { GROUP_EVENTS_MAX } from '../../store/log/shared.ts'
import { snapshotBlocks, snapshotReached } from './catch-up.ts'
import { type Arrival, beginsTerm, type Replica, rowAfter } from './replica.ts'
import { encodeRow } from './replica-row.ts'
import type { ShardReplicas } from './shard-replicas.ts'

const GROUP_BYTES = 8 * 1024 * 1024

export class GroupTaking {
  /** The group being built holds something of the shared log. */
  hasTaken = false
  readonly #replicas: ShardReplicas
  readonly #behind: (replica: Replica) => void

  /** `behind`: told of a replica that lacks records which the shared log no longer has. */
  constructor(replicas: ShardReplicas, behind: (replica: Replica) => void) {
    this.#replicas = replicas
    this.#behind = behind
  }

  take(): void {
    for (const replica of this.#replicas.all) {
      while (replica.taken < replica.arrivals.length && this.#hasRoom()) {
        if (!this.#takeOne(replica, replica.arrivals[replica.taken]!)) break
      }
    }
  }

  #hasRoom(): boolean {
    const { groupBytes, groupEvents, tailFull } = this.#replicas.log
    return groupBytes < GROUP_BYTES && groupEvents < GROUP_EVENTS_MAX && !tailFull
  }

  /** False when the rest has to wait. */
  #takeOne(replica: Replica, arrival: Arrival): boolean {
    const { record } = arrival
    if (record.kind === 'snapshot') return this.#takeSnapshot(replica, arrival)
    const fit = replica.fit(arrival, this.#replicas.partitionLog(replica))
    if (fit === 'known') replica.taken++
    else if (fit === 'hole') {
      this.#replicas.loses(replica, 'records are missing before what the shared log has')
      this.#behind(replica)
    } else if ('misfit' in fit) this.#replicas.stop(replica, fit.misfit)
    else this.#write(replica, arrival, fit.blocks)
    return fit === 'known' || (fit !== 'hole' && 'blocks' in fit)
  }

  #write(replica: Replica, arrival: Arrival, blocks: readonly Block[]): void {
    const { record } = arrival
    if (beginsTerm(record.kind)) this.#termBegan(replica, record)
    const { log } = this.#replicas
    const { partition } = replica
    for (const [at, block] of blocks.entries()) log.take(partition, record.blocks[at]!, block)
    log.takeRows(partition, record.rows)
    this.#replicas.partitionLog(replica).close(record.stamp)
    replica.next = rowAfter(arrival, replica.next)
    log.putMeta(replicaKey(partition), encodeRow(replica.next))
    replica.taken++
    this.hasTaken = true
  }

  #takeSnapshot(replica: Replica, { record }: Arrival): boolean {
    const { log } = this.#replicas
    const own = this.#replicas.partitionLog(replica)
    const blocks = snapshotBlocks(record, own)
    if (typeof blocks === 'string') {
      this.#replicas.stop(replica, blocks)
      return false
    }
    for (const [at, block] of blocks.entries()) log.take(replica.partition, record.blocks[at]!, block)
    const reached = snapshotReached(record, own)
    if (reached) {
      log.takeRows(replica.partition, record.rows.slice(1))
      own.close(reached.stamp)
      replica.next = reached
      log.putMeta(replicaKey(replica.partition), encodeRow(reached))
    }
    replica.taken++
    this.hasTaken = true
    return true
  }

  #termBegan(replica: Replica, { incarnation, node, term }: Arrival['record']): void {
    const { partition } = replica
    const isOwn = incarnation === this.#replicas.parts.incarnation && term === replica.claim
    if (isOwn && replica.role === 'starting') replica.role = 'leading'
    if (isOwn) return
    this.#replicas.loses(replica, `node ${node} has begun term ${term}`)
    this.#replicas.parts.told({ kind: 'record', partition, term, node })
  }
}
