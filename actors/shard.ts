/** The actor of a shard: drains what waits for its partitions, commits it as one group, then answers. The single writer of its directory. */
import { type Clock, systemClock } from '../event/clock.ts'
import { DUPLICATE, emptyOutcome, NOT_LEADER, type Outcome, READ_ONLY, STORED, UNKNOWN_OUTCOME } from '../event/outcome.ts'
import { durabilities } from '../event/request.ts'
import { RequestView } from '../event/request-view.ts'
import type { ShardColumn } from '../store/index/keys.ts'
import type { WriteBatch } from '../store/key-value.ts'
import type { ShardLog } from '../store/log/shard-log.ts'
import { GROUP_EVENTS_MAX } from '../store/log/shared.ts'
import type { Commit, CommitResult, GroupResult, ShardActorParts, ShardReplication } from './shard-parts.ts'

export type { Commit, CommitResult } from './shard-parts.ts'

/** Blocks of one group at most. */
const GROUP_BYTES = 8 * 1024 * 1024
/** With more than this waiting, the worker is behind and compresses only if that saves more time than it takes. */
const HURRY_BYTES = 1024 * 1024
/** What zstd's fast level does on one thread here, bytes a millisecond (measured 335 MB/s). */
const ZSTD_BYTES_PER_MS = 335_000

/** Writers that asked for less than the store promises do not keep others from seeing their events for longer than this. */
const UNSYNCED_MS = 10
const SLOW_COMMIT_MS = 1_000
/** A write is needed for a sync; this row is it. */
const SYNC_KEY = Buffer.from('sync')
const NOTHING = new Uint8Array(0)

const levelOf = (durability: string): number => durabilities.indexOf(durability as 'disk')

export class ShardActor {
  log: ShardLog
  /** Why nothing is written any more, once that is so. */
  failure: Error | null = null
  readonly #parts: ShardActorParts
  readonly #view = new RequestView()
  readonly #outcomes: Outcome[] = []
  readonly #requests: number[] = []
  readonly #levels: number[] = []
  /** Partition, events and bytes of each request, for the figures. */
  readonly #about: number[] = []
  readonly #level: number
  readonly #clock: Clock
  #count = 0
  /** Requests taken, and those that readers can see, as 32-bit counts. */
  #taken = 0
  #publishedCount = 0
  /** Written but not synced: not to be seen in a store that promises `disk`. */
  #unsynced = false
  #unsyncedSince = 0
  /** What the disk took lately, bytes a millisecond. */
  #diskBytesPerMs = ZSTD_BYTES_PER_MS * 2

  constructor(parts: ShardActorParts) {
    this.#parts = parts
    this.log = parts.log
    this.#level = levelOf(parts.durability)
    this.#clock = parts.clock ?? systemClock
  }

  /** Works through one group. Answers whether there was anything to do; a promise only if the commit gave one. */
  step(): boolean | Promise<boolean> {
    this.#count = 0
    const { replication } = this.#parts
    this.log.compress = replication ? true : this.#wantsCompression()
    if (!this.failure) replication?.take()
    this.#gather()
    const isDue = !this.failure && replication?.due === true
    if (this.#count === 0 && !isDue) return this.#unsynced && !this.failure ? this.#syncLate() : false
    if (this.failure || (this.log.clean && !isDue)) {
      // What is answered may hang on events that are only written: whoever asked for `disk` hears of it when they are synced.
      if (this.#unsynced && !this.failure && this.#syncs()) return this.#syncLate()
      this.#answerAll(null)
      return true
    }
    if (replication) return this.#stepReplicated(replication)
    this.#answerEarly()
    const sync = this.#syncs()
    const batch = this.log.prepare()
    const bytes = this.log.groupBytes
    const began = this.#clock.monotonic()
    const result = this.#commit(batch, sync)
    if (typeof result !== 'string')
      return result.then(settled => {
        this.#timed(began)
        return this.#settle(settled, sync)
      })
    const tookMs = this.#timed(began)
    if (sync && bytes > 65_536) this.#diskBytesPerMs = this.#diskBytesPerMs * 0.8 + (bytes / (tookMs + 0.01)) * 0.2
    return this.#settle(result, sync)
  }

  /** A group of which each partition's part is committed elsewhere first; what was is then written, whatever became of the rest. */
  async #stepReplicated(replication: ShardReplication): Promise<boolean> {
    const began = this.#clock.monotonic()
    const batch = this.log.prepare()
    let result: GroupResult
    try {
      result = await replication.commit()
      if (result === 'committed') this.#write(replication, batch)
      else {
        this.log = this.#parts.reopen()
        replication.opened(this.log)
        while (replication.owes) {
          replication.take()
          this.#write(replication, this.log.prepare())
        }
      }
    } catch (error) {
      this.#failed(error)
      replication.failed((error as Error).message)
      this.#answerAll(UNKNOWN_OUTCOME)
      return true
    }
    this.#timed(began)
    if (result === 'committed') this.#answerAll(null)
    else {
      const { failed } = result
      this.#answerAll(partition => {
        const became = failed.get(partition)
        return became === undefined ? null : became === 'conflict' ? NOT_LEADER : UNKNOWN_OUTCOME
      })
    }
    return true
  }

  #write(replication: ShardReplication, batch: WriteBatch<ShardColumn>): void {
    this.log.kv.write(batch, { sync: true })
    this.log.settled()
    this.#publish()
    replication.settled()
  }

  /** Milliseconds that a commit took. */
  #timed(began: number): number {
    const { figures, slowCommitMs = SLOW_COMMIT_MS } = this.#parts
    const ms = this.#clock.monotonic() - began
    figures?.committed(ms, slowCommitMs)
    return ms
  }

  #wantsCompression(): boolean {
    if (this.#parts.compression === 'none') return false
    if (this.#parts.source.waiting < HURRY_BYTES) return true
    // A third of the bytes would be left: does writing the rest take longer than compressing it?
    return 1 / this.#diskBytesPerMs > 1 / ZSTD_BYTES_PER_MS + 1 / 3 / this.#diskBytesPerMs
  }

  #gather(): void {
    const { source } = this.#parts
    const view = this.#view
    while ((this.failure || this.#takesMore()) && source.peek(view)) {
      const outcome = (this.#outcomes[this.#count] ??= emptyOutcome())
      if (this.failure) outcome.status = READ_ONLY
      else if (this.#parts.replication?.leads(view.partition) === false) outcome.status = NOT_LEADER
      else if (this.log.apply(view, outcome) === 'later') return
      // A refusal is an answer about the present: from a leader that is none any more it would be about the past.
      else if (outcome.status > DUPLICATE && outcome.status < READ_ONLY) this.#parts.replication?.prove(view.partition)
      this.#requests[this.#count] = view.request
      this.#levels[this.#count] = view.durability
      this.#about[this.#count * 3] = view.partition
      this.#about[this.#count * 3 + 1] = view.events
      this.#about[this.#count * 3 + 2] = view.payloadBytes
      this.#count++
      this.#taken = (this.#taken + 1) | 0
      source.take()
    }
  }

  #takesMore(): boolean {
    const { log } = this
    return log.groupEvents < GROUP_EVENTS_MAX && log.groupBytes < GROUP_BYTES && !log.tailFull
  }

  /** A synced write is due when the store promises it, unless every writer of the group asked for less. */
  #syncs(): boolean {
    for (let i = 0; i < this.#count; i++) if (this.#levels[i]! >= 2) return true
    return this.#unsynced && this.#clock.monotonic() - this.#unsyncedSince > UNSYNCED_MS
  }

  /** `memory` is answered once numbered. */
  #answerEarly(): void {
    let any = false
    for (let i = 0; i < this.#count; i++) {
      if (this.#levels[i] !== 0 || this.#outcomes[i]!.status !== STORED) continue
      this.#parts.answers.answer(this.#requests[i]!, this.#outcomes[i]!)
      this.#requests[i] = -1
      any = true
    }
    if (any) this.#parts.answers.flush(this.#publishedCount)
  }

  #commit(batch: WriteBatch<ShardColumn>, sync: boolean): CommitResult | Promise<CommitResult> {
    try {
      const result = this.#parts.commit(batch, { sync })
      return typeof result === 'string' ? result : result.catch((error: unknown) => this.#failed(error))
    } catch (error) {
      return this.#failed(error)
    }
  }

  #failed(error: unknown): 'unknown' {
    this.failure = error as Error
    return 'unknown'
  }

  #settle(result: CommitResult, sync: boolean): boolean {
    if (result !== 'committed') {
      // First what the log holds is shown, then the horizon may pass it.
      if (!this.failure) this.log = this.#parts.reopen()
      this.#answerAll(result === 'conflict' ? NOT_LEADER : UNKNOWN_OUTCOME)
      return true
    }
    this.log.settled()
    if (!sync && this.#level >= 2) {
      if (!this.#unsynced) this.#unsyncedSince = this.#clock.monotonic()
      this.#unsynced = true
      this.#answerAll(null)
      return true
    }
    this.#publish()
    this.#answerAll(null)
    return true
  }

  #publish(): void {
    this.log.publish()
    this.#unsynced = false
    this.#publishedCount = this.#taken
  }

  /**
   * Syncs what `os` and `memory` writers left behind in a store that shows only what is on disk, then answers those who waited for it. A failed
   * sync is not tried again.
   */
  #syncLate(): boolean | Promise<boolean> {
    const batch = this.log.kv.batch()
    batch.put('meta', SYNC_KEY, NOTHING)
    const settle = (result: CommitResult): boolean => {
      if (result === 'committed') this.#publish()
      else this.failure ??= new Error(`a sync was answered with "${result}"`)
      this.#answerAll(this.failure ? UNKNOWN_OUTCOME : null)
      return true
    }
    const result = this.#commit(batch, true)
    return typeof result === 'string' ? settle(result) : result.then(settle)
  }

  /**
   * Answers the group; `failed` replaces the status of all that was stored provisionally. After a failure nobody knows what lies on disk: the
   * horizon stands still until the store is opened again.
   */
  #answerAll(failed: number | null | ((partition: number) => number | null)): void {
    const { answers } = this.#parts
    for (let i = 0; i < this.#count; i++) {
      const outcome = this.#outcomes[i]!
      const status = typeof failed === 'function' ? failed(this.#about[i * 3]!) : failed
      if (status !== null && outcome.status < READ_ONLY) outcome.status = status
      this.#note(i, outcome.status)
      if (this.#requests[i]! >= 0) answers.answer(this.#requests[i]!, outcome)
    }
    if (!this.failure && (failed !== null || (!this.#unsynced && this.log.clean))) this.#publishedCount = this.#taken
    answers.flush(this.#publishedCount)
  }

  #note(i: number, status: number): void {
    const about = this.#about
    const rank = (about[i * 3]! / this.log.shared.data.shards) | 0
    this.#parts.figures?.answered(rank, status, about[i * 3 + 1]!, about[i * 3 + 2]!)
  }

  /** Puts on disk what was only written; throws READ_ONLY when the disk refuses. For stores that answer before they sync. */
  sync(): void {
    if (this.failure) throw this.failure
    const { kv } = this.log
    const batch = kv.batch()
    batch.put('meta', SYNC_KEY, NOTHING)
    kv.write(batch, { sync: true })
  }

  /** Nothing waits, nothing is unsynced that could still be synced. */
  get idle(): boolean {
    return this.#parts.source.waiting === 0 && (!this.#unsynced || this.failure !== null)
  }
}

/** Commits to the shard's own database. A disk that refuses makes the shard read-only: what was in flight is unknown. */
export function commitToDisk(log: () => ShardLog): Commit {
  return (batch, { sync }) => {
    log().kv.write(batch, { sync })
    return 'committed'
  }
}
