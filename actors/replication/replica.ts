/** One partition of this node as a replica of it: how far it has taken the shared log, what waits, and whether what came fits. Steps only. */
import { type LogRecord, pieceHead, type RecordKind, RecordReader } from '../../cluster/record.ts'
import type { LogMessage } from '../../cluster/shared-log.ts'
import { EventStoreError } from '../../event/error.ts'
import { Block } from '../../store/log/block.ts'
import { BodyRoom } from '../../store/log/body-room.ts'
import type { PartitionLog } from '../../store/log/partition-log.ts'
import { noRow, type ReplicaRow } from './replica-row.ts'
import type { ReplicaRole } from './shared-replicas.ts'
import { TrimMarks } from './trim-marks.ts'

/** A record that waits to be taken. */
export interface Arrival {
  readonly record: LogRecord
  /** In the shared log; of its last message. */
  readonly logSequence: number
}

/** The next record, with its blocks looked into; `known` already; a `hole` before it; else why it can not be the next record. */
export type Fit = { readonly blocks: readonly Block[] } | 'known' | 'hole' | { readonly misfit: string }

export class Replica {
  readonly partition: number
  role: ReplicaRole = 'following'
  /** Why it is stopped. */
  stoppedBy = ''
  /** Term that this node was told to take, or leads. */
  claim = 0
  /** On disk. */
  row: ReplicaRow = noRow
  /** With what the group being built has taken; becomes `row` when that is on disk. */
  next: ReplicaRow = noRow
  readonly arrivals: Arrival[] = []
  /** Of the arrivals, those that are in the group being built. */
  taken = 0
  arrivedBytes = 0
  readonly marks = new TrimMarks()
  /** The highest index that was seen in the shared log. */
  seenIndex = 0
  readonly #cluster: string
  readonly #reader = new RecordReader()

  constructor(partition: number, cluster: string) {
    this.partition = partition
    this.#cluster = cluster
  }

  /** What the disk says, at open. Blocks beyond the row are part of a snapshot that did not come to its end. */
  open(row: ReplicaRow, partition: PartitionLog): void {
    this.row = this.next = row
    this.taken = 0
    partition.close(row.stamp)
    if (this.role === 'stopped') return
    if (partition.sequence < row.sequence) this.stop(`its log ends at sequence ${partition.sequence}, but ${row.sequence} were taken`)
    else if (partition.sequence > row.sequence) this.role = 'behind'
  }

  stop(reason: string): void {
    this.role = 'stopped'
    this.stoppedBy = reason
    this.clear()
  }

  /** Forgets what waits. */
  clear(): void {
    this.arrivals.length = 0
    this.taken = 0
    this.arrivedBytes = 0
    this.#reader.clear()
  }

  /**
   * A message of the log; true when it completes a record that is to be taken. `isOwn`: it completes one that the commit under way takes by itself,
   * which is most of what comes while this node leads. Throws DAMAGED for what is no record, or not the one that was taken.
   */
  arrived(message: LogMessage, isOwn = false): boolean {
    const head = pieceHead(message.bytes)
    this.seenIndex = Math.max(this.seenIndex, head.index)
    if (this.role === 'stopped') return this.#repairs(message)
    const { next } = this
    if (head.index === next.index && head.crc !== next.crc && next.index > 0)
      throw new EventStoreError('DAMAGED', `the shared log holds another record ${head.index} than the one that was taken`)
    if (head.index <= next.index || this.role === 'behind') return false
    if (isOwn) {
      this.#reader.clear()
      return false
    }
    const record = this.#reader.add(message.bytes)
    if (!record) return false
    this.push({ record, logSequence: message.sequence })
    return true
  }

  /** What makes a stopped replica go on: a term that was opened behind a copy that people chose. */
  #repairs(message: LogMessage): boolean {
    const record = this.#reader.add(message.bytes)
    if (!record || !this.#isRepair(record)) return false
    this.role = 'following'
    this.stoppedBy = ''
    this.push({ record, logSequence: message.sequence })
    return true
  }

  /** Its index is above all that anybody had. Of its term nothing is asked: the table of terms may have been lost with the log. */
  #isRepair({ kind, index, cluster, partition }: LogRecord): boolean {
    return kind === 'repaired' && index > this.next.index && cluster === this.#cluster && partition === this.partition
  }

  /** The events of the copy that counts now are those here, or more; records that held none do not matter. */
  #fitsRepair({ index, sequence, previous }: LogRecord, partition: PartitionLog): Fit {
    if (sequence > partition.sequence) return 'hole'
    if (sequence === partition.sequence && previous === partition.crc) return { blocks: [] }
    return {
      misfit: `record ${index} repairs the partition behind a copy that has other events than this one; start with an empty directory`,
    }
  }

  push(arrival: Arrival): void {
    const { arrivals, taken } = this
    const { index, bytes } = arrival.record
    let at = arrivals.length
    while (at > taken && arrivals[at - 1]!.record.index >= index) at--
    // Comes twice when the log delivers again, and when this node has committed it itself.
    if (arrivals[at]?.record.index === index && arrivals[at]!.record.crc === arrival.record.crc) return
    arrivals.splice(at, 0, arrival)
    this.arrivedBytes += bytes
  }

  fit({ record }: Arrival, partition: PartitionLog): Fit {
    const { next } = this
    const { index, term } = record
    if (record.cluster !== this.#cluster) return { misfit: `record ${index} is of another cluster` }
    if (record.partition !== this.partition) return { misfit: `record ${index} is of partition ${record.partition}` }
    if (index < next.index) return 'known'
    if (index === next.index) return record.crc === next.crc ? 'known' : { misfit: `there are two records ${index}` }
    if (this.#isRepair(record)) return this.#fitsRepair(record, partition)
    if (index > next.index + 1) return 'hole'
    if (record.previous !== next.crc) return { misfit: `record ${index} was not written behind the record ${next.index} that was taken` }
    if (beginsTerm(record.kind) ? term <= next.term : term !== next.term)
      return { misfit: `record ${index} (${record.kind}) is of term ${term}, behind one of term ${next.term}` }
    if (record.stamp < next.stamp) return { misfit: `record ${index} goes back in time` }
    const blocks = nextBlocks(record.blocks, partition)
    if (typeof blocks === 'string') return { misfit: `record ${index}: ${blocks}` }
    const sequence = blocks.at(-1)?.lastSequence ?? partition.sequence
    return sequence === record.sequence ? { blocks } : { misfit: `record ${index} ends at sequence ${sequence}, not ${record.sequence}` }
  }

  /** The group is on disk. */
  settled(): void {
    this.row = this.next
    for (const { record, logSequence } of this.arrivals.splice(0, this.taken)) {
      this.arrivedBytes -= record.bytes
      if (logSequence > 0) this.marks.took(record.index, logSequence, record.bytes)
    }
    this.taken = 0
  }
}

export const beginsTerm = (kind: RecordKind): boolean => kind === 'started' || kind === 'repaired'

/** The row after a record. */
export function rowAfter({ record, logSequence }: Arrival, before: ReplicaRow): ReplicaRow {
  const { index, term, crc, stamp, sequence, kind, node } = record
  return { index, term, crc, stamp, sequence, logSequence, leader: beginsTerm(kind) ? node : before.leader }
}

const bodies = new BodyRoom()

/**
 * The blocks, each checked and decompressed once, when they are the next ones of a partition; else why they can not be. They are to be taken before
 * this is called again: their bodies lie where those of the next ones will.
 */
export function nextBlocks(values: readonly Uint8Array[], partition: PartitionLog): Block[] | string {
  let { sequence, crc } = partition
  const blocks: Block[] = []
  bodies.reset()
  for (const value of values) {
    try {
      const block = new Block(-1, value)
      if (block.partition !== partition.partition || block.firstSequence !== sequence + 1 || block.previousCrc !== crc)
        return `a block from sequence ${block.firstSequence} does not follow sequence ${sequence}`
      block.openIn(bodies)
      sequence = block.lastSequence
      crc = block.crc
      blocks.push(block)
    } catch (error) {
      return (error as Error).message
    }
  }
  return blocks
}
