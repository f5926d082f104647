/** Commits what the partitions of a prepared group have for others to the shared log: one record a partition, all at once. */
import { commitRecord } from '../../cluster/commit.ts'
import { encodeRecord, type RecordHead } from '../../cluster/record.ts'
import { replicaKey } from '../../store/index/keys.ts'
import type { Proposal } from '../../store/log/proposals.ts'
import type { GroupResult } from '../shard-parts.ts'
import type { AwaitedRecords } from './awaited-records.ts'
import { type Arrival, type Replica, rowAfter } from './replica.ts'
import { encodeRow } from './replica-row.ts'
import type { ShardReplicas } from './shard-replicas.ts'

const nothing: Proposal = { blocks: [], rows: [] }

export class GroupCommit {
  readonly #replicas: ShardReplicas
  readonly #awaited: AwaitedRecords
  /** Committed in a group that was not committed whole. */
  #owed: { readonly replica: Replica; readonly index: number }[] = []

  constructor(replicas: ShardReplicas, awaited: AwaitedRecords) {
    this.#replicas = replicas
    this.#awaited = awaited
  }

  /** Something that was committed is not on this disk yet. */
  get owes(): boolean {
    return this.#owed.some(({ replica, index }) => replica.role !== 'stopped' && replica.row.index < index)
  }

  async commit(): Promise<GroupResult> {
    try {
      return await this.#commitAll()
    } finally {
      this.#awaited.clear()
    }
  }

  async #commitAll(): Promise<GroupResult> {
    const { log, confirmations } = this.#replicas
    const closing = confirmations.begin(partition => this.#replicas.of(partition).role === 'leading')
    const failed = new Map<number, 'conflict' | 'unknown'>()
    const committed: Arrival[] = []
    await Promise.all(
      Array.from(new Set([...log.proposals.keys(), ...closing]), async partition => {
        const result = await this.#commitOne(this.#replicas.of(partition), log.proposals.get(partition) ?? nothing)
        if (typeof result === 'string') failed.set(partition, result)
        else committed.push(result)
      }),
    )
    // All of the group is read back as it was; what is committed is then taken like any other record.
    if (failed.size > 0) {
      this.#owed = committed.map(arrival => this.#owe(arrival))
      return { failed }
    }
    for (const arrival of committed) {
      const replica = this.#replicas.of(arrival.record.partition)
      replica.next = rowAfter(arrival, replica.next)
      replica.marks.took(arrival.record.index, arrival.logSequence, arrival.record.bytes)
      log.putMeta(replicaKey(replica.partition), encodeRow(replica.next))
    }
    return 'committed'
  }

  #owe(arrival: Arrival): { replica: Replica; index: number } {
    const replica = this.#replicas.of(arrival.record.partition)
    replica.push(arrival)
    return { replica, index: arrival.record.index }
  }

  async #commitOne(replica: Replica, proposal: Proposal): Promise<Arrival | 'conflict' | 'unknown'> {
    const { partition, next } = replica
    const { parts, confirmations } = this.#replicas
    const own = this.#replicas.partitionLog(replica)
    own.close(confirmations.stampOf(partition))
    const kind = proposal.blocks.length > 0 ? 'blocks' : 'closed'
    const head = this.#replicas.head(replica, { kind, term: next.term, stamp: own.stamp })
    const { messages, crc } = encodeRecord(head, proposal.rows, proposal.blocks)
    const deadlineMs = parts.clock.monotonic() + parts.commitTimeoutMs
    const awaited = this.#awaited.await(partition, { index: head.index, crc })
    const { index } = head
    const commitment = await commitRecord(parts, { partition, after: next.logSequence, messages, index, crc, deadlineMs })
    if (commitment.kind === 'committed') return arrivalOf(head, { crc, proposal, messages }, commitment.sequence)
    this.#replicas.loses(replica, commitment.kind === 'unknown' ? commitment.reason : 'another leader has written')
    const found = await awaited.within(deadlineMs, parts)
    if (!found) return 'unknown'
    return found.crc === crc ? arrivalOf(head, { crc, proposal, messages }, found.sequence) : 'conflict'
  }
}

function arrivalOf(
  head: RecordHead,
  { crc, proposal, messages }: { crc: number; proposal: Proposal; messages: readonly Uint8Array[] },
  logSequence: number,
): Arrival {
  const bytes = messages.reduce((sum, message) => sum + message.length, 0)
  return { record: { ...head, crc, bytes, rows: proposal.rows, blocks: proposal.blocks }, logSequence }
}
