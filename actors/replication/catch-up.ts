/** A replica that lacks what the shared log no longer has: asks another for its blocks, chunk by chunk, from where its own disk ends. */
import type { LogRecord } from '../../cluster/record.ts'
import { sleep, type Timers } from '../../event/timers.ts'
import type { Block } from '../../store/log/block.ts'
import type { PartitionLog } from '../../store/log/partition-log.ts'
import { nextBlocks, type Replica } from './replica.ts'
import { decodeRow, type ReplicaRow } from './replica-row.ts'

/**
 * Blocks of a partition behind a sequence, as a record of the kind `snapshot`: its sequence and its first row are where the sender stands; with the
 * last block come the other rows of the partition. Throws when nobody answers.
 */
export type FetchSnapshot = (partition: number, after: number) => Promise<LogRecord>

export interface CatchUpParts {
  readonly timers: Timers
  readonly fetch: FetchSnapshot
  readonly wake: () => void
  /** A replica has all that the shared log no longer has: it is not behind any more, and to be followed again. */
  readonly done: (replica: Replica) => void
}

const AGAIN_MS = 500
/** Between looks whether a chunk is on disk. */
const LOOK_MS = 5

export class CatchUp {
  readonly #parts: CatchUpParts
  readonly #running = new Set<Replica>()
  #closed = false

  constructor(parts: CatchUpParts) {
    this.#parts = parts
  }

  /** `log`: the partition as it is now; the shard may be read from disk again meanwhile. */
  begin(replica: Replica, log: () => PartitionLog): void {
    if (this.#running.has(replica)) return
    this.#running.add(replica)
    void this.#run(replica, log).finally(() => this.#running.delete(replica))
  }

  close(): void {
    this.#closed = true
  }

  async #run(replica: Replica, log: () => PartitionLog): Promise<void> {
    const { timers, fetch, wake, done } = this.#parts
    const goesOn = (): boolean => !this.#closed && replica.role === 'behind'
    while (goesOn()) {
      const record = await fetch(replica.partition, log().sequence).catch(() => null)
      // A sender that has less than this replica is of no help.
      if (!record || record.sequence < log().sequence) {
        await sleep(timers, AGAIN_MS)
        continue
      }
      if (!goesOn()) return
      replica.arrivals.push({ record, logSequence: 0 })
      replica.arrivedBytes += record.bytes
      wake()
      while (goesOn() && replica.arrivals.length > 0) await sleep(timers, LOOK_MS)
      if (!goesOn() || log().sequence < record.sequence || replica.row.index < record.index) continue
      done(replica)
    }
  }
}

/** The blocks of a chunk when they are what follows, else why they can not be. */
export function snapshotBlocks(record: LogRecord, log: PartitionLog): Block[] | string {
  if (record.partition !== log.partition) return `a snapshot is of partition ${record.partition}`
  const blocks = nextBlocks(record.blocks, log)
  return typeof blocks === 'string' ? `a snapshot does not fit: ${blocks}` : blocks
}

/** Where the replica stands once the partition has the last block of a snapshot; null before. */
export function snapshotReached(record: LogRecord, log: PartitionLog): ReplicaRow | null {
  const row = record.rows[0] && decodeRow(record.rows[0][1])
  return row && row.sequence === log.sequence ? row : null
}
