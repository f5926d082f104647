/** What a member hears of its node's shards: how far they are, at each look, and what becomes of the terms they lead. */
import type { ReplicaEvent } from '../../actors/replication/shard-replicas.ts'
import type { ReplicaRole, SharedReplicas } from '../../actors/replication/shared-replicas.ts'
import type { Member } from '../../cluster/member.ts'
import type { ReaderCount } from './reader-count.ts'

export interface MemberReportsParts {
  readonly member: Member
  readonly replicas: SharedReplicas
  readonly readers: ReaderCount
  /** A partition that can not be led here now. */
  readonly isOut: (partition: number, role: ReplicaRole) => boolean
}

export class MemberReports {
  readonly #parts: MemberReportsParts
  /** By partition: the highest term that was told. */
  readonly #terms: number[]

  constructor(parts: MemberReportsParts) {
    this.#parts = parts
    this.#terms = Array.from({ length: parts.replicas.partitions }, () => 0)
  }

  /** What the shards share, for the next heartbeat. */
  look(): void {
    const { member, replicas, readers, isOut } = this.#parts
    for (const [partition, known] of this.#terms.entries()) {
      const term = replicas.termOf(partition)
      member.applied(partition, replicas.indexOf(partition))
      // A table that was lost gives no term again that is on a disk.
      if (term > known) member.record(partition, (this.#terms[partition] = term))
      member.sawStamp(replicas.stampOf(partition))
      member.stopped(partition, isOut(partition, replicas.roleOf(partition)))
    }
    member.followAll(readers.isReadHere)
  }

  heard(event: Exclude<ReplicaEvent, { kind: 'stopped' }>): void {
    const { kind, partition, term } = event
    this.#parts.member[kind](partition, term)
  }
}
