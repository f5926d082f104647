/** Keeps a shard's witness file at most a second behind what is synced, and refuses a log that is shorter than it. */
import { type Clock, systemClock } from '../event/clock.ts'
import { EventStoreError } from '../event/error.ts'
import { openWitness, type Witness } from '../store/damage/witness.ts'
import type { SharedShard } from '../store/log/shared.ts'

/** How far the witness may lie behind the log. */
const BEHIND_MS = 1000

export class ShardWitness {
  readonly #witness: Witness
  readonly #file: string
  readonly #shared: SharedShard
  readonly #clock: Clock
  #writtenMs: number
  #epoch = -1

  constructor(file: string, shared: SharedShard, clock: Clock = systemClock) {
    this.#file = file
    this.#shared = shared
    this.#clock = clock
    this.#witness = openWitness(file, clock)
    this.#writtenMs = clock.monotonic()
  }

  /** By rank, the sequences known to be on disk; none when the witness can not tell. */
  synced(): Float64Array {
    const reading = this.#witness.read()
    return reading.state === 'good' ? reading.testimony.sequences : new Float64Array(0)
  }

  /** DAMAGED when the log ends before what the witness saw synced, or when there is no witness that can be believed. */
  check(): void {
    const reading = this.#witness.read()
    const { shard, shards } = this.#shared.data
    if (reading.state !== 'good') {
      const what = reading.state === 'missing' ? 'the witness is missing' : 'neither slot of the witness is whole'
      throw new EventStoreError(
        'DAMAGED',
        `${this.#file}: ${what}, so nobody can tell whether the log is; open with acceptLoss to go on without it`,
        { file: this.#file, shard },
      )
    }
    reading.testimony.sequences.forEach((sequence, rank) => {
      const found = rank < this.#shared.ranks ? this.#shared.sequenceOf(rank) : 0
      if (found >= sequence) return
      const partition = rank * shards + shard
      const ends = `partition ${partition} ends at sequence ${found}, but ${sequence} were synced`
      const what = `the newest files of shard ${shard} are missing or damaged; restore them, or open with acceptLoss (--accept-loss)`
      throw new EventStoreError('DAMAGED', `${ends}: ${what}`, { partition, sequences: [found + 1, sequence], file: this.#file })
    })
  }

  /** Writes when a second has gone by, or at the end. What is published was synced, in a store that promises `disk`. */
  note(last: boolean): void {
    const now = this.#clock.monotonic()
    const { epoch } = this.#shared
    if (epoch === this.#epoch || (!last && now - this.#writtenMs < BEHIND_MS)) return
    this.#writtenMs = now
    this.#epoch = epoch
    this.#witness.write(
      Float64Array.from({ length: this.#shared.ranks }, (_, rank) => this.#shared.sequenceOf(rank)),
      { sync: true },
    )
  }

  close(): void {
    this.#witness.close()
  }
}
