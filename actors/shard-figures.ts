/** What a shard's worker counts, in memory shared with main: one writer, and a worker that follows a dead one counts on. */
import { addDuration, Durations, ROW } from '../event/log-buckets.ts'
import { type Status, statuses, STORED } from '../event/outcome.ts'

/** Numbers before those of the partitions. */
const FAILED = 0
const BEATS = 1
const SLOW = 2
const LAST_SLOW_MS = 3
const COMMITS = 8
const HEAD = COMMITS + ROW

/** Numbers of a partition: events, bytes, then requests by status. */
const EVENTS = 0
const BYTES = 1
const BY_STATUS = 2
const PARTITION = BY_STATUS + statuses.length

export class ShardFigures {
  readonly buffer: SharedArrayBuffer
  readonly #numbers: Float64Array

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer
    this.#numbers = new Float64Array(buffer)
  }

  static create(ranks: number): ShardFigures {
    return new ShardFigures(new SharedArrayBuffer((HEAD + ranks * PARTITION) * 8))
  }

  /** Writer: a request was decided; it counts as stored only once it is. */
  answered(rank: number, status: number, events: number, bytes: number): void {
    const at = HEAD + rank * PARTITION
    const numbers = this.#numbers
    numbers[at + BY_STATUS + status]! += 1
    if (status !== STORED) return
    numbers[at + EVENTS]! += events
    numbers[at + BYTES]! += bytes
  }

  /** Writer: a group went to the disk. */
  committed(ms: number, slowMs: number): void {
    addDuration(this.#numbers, COMMITS, ms)
    if (ms < slowMs) return
    this.#numbers[LAST_SLOW_MS] = ms
    this.#numbers[SLOW]! += 1
  }

  /** Writer: whether it is able to write. */
  set failed(isFailed: boolean) {
    this.#numbers[FAILED] = isFailed ? 1 : 0
  }

  /** The disk refused a write: nothing is written until the node is opened again. */
  get failed(): boolean {
    return this.#numbers[FAILED] === 1
  }

  /** Writer: a sign of life. */
  beat(): void {
    this.#numbers[BEATS]! += 1
  }

  get beats(): number {
    return this.#numbers[BEATS]!
  }

  /** Commits that took longer than is called slow, and how long the last of them took. */
  get slowCommits(): { readonly count: number; readonly lastMs: number } {
    return { count: this.#numbers[SLOW]!, lastMs: this.#numbers[LAST_SLOW_MS]! }
  }

  get commits(): Durations {
    return new Durations().add(this.#numbers, COMMITS)
  }

  /** Events stored in a partition. */
  eventsOf(rank: number): number {
    return this.#numbers[HEAD + rank * PARTITION + EVENTS]!
  }

  /** Bytes of the data of those events, as received. */
  bytesOf(rank: number): number {
    return this.#numbers[HEAD + rank * PARTITION + BYTES]!
  }

  /** Requests that were answered so. */
  requestsOf(rank: number, status: Status): number {
    return this.#numbers[HEAD + rank * PARTITION + BY_STATUS + statuses.indexOf(status)]!
  }
}
