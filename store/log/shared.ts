/** What the threads of a node know together of a shard: how far it is committed, and its tail. One writer, the shard's worker. */
import { Tail, type TailSize, tailBytes } from '../index/tail.ts'

const CONTROL_WORDS = 16
const SEGMENT = 0
const EPOCH = 1
const OPEN = 2
const RESTORES = 3
const CLAIMS = 4
const CLOSED = 5

/** Plain data that may be posted to another thread. */
export interface SharedShardData {
  readonly buffer: SharedArrayBuffer
  readonly shard: number
  readonly shards: number
  readonly partitions: number
  readonly tail: TailSize
}

/** Events of a group that a shard may take into its tail beyond a segment's end. */
export const GROUP_EVENTS_MAX = 65_536

/** Sizes of a tail for segments of about `segmentEntries` index entries. */
export function tailSizeFor(segmentEntries: number, requestEvents: number): TailSize {
  const slack = Math.min(GROUP_EVENTS_MAX, segmentEntries) + requestEvents
  return { entries: segmentEntries + 2 * slack, terms: segmentEntries + 2 * slack, blocks: Math.ceil(segmentEntries / 8) + slack }
}

/** 64-bit floats are stored and loaded whole on every 64-bit machine Node runs on; their order is made by the atomic word written after them. */
export class SharedShard {
  readonly data: SharedShardData
  /** Partitions of this shard, by rank: partition = rank × shards + shard. */
  readonly ranks: number
  readonly tails: readonly [Tail, Tail]
  readonly #control: Int32Array
  readonly #numbers: Float64Array
  readonly #sequences: Float64Array
  readonly #stamps: Float64Array
  /** Writer: what `#stamps` is to be once the blocks below them can be seen. */
  readonly #nextStamps: Float64Array

  constructor(data: SharedShardData) {
    this.data = data
    const { buffer } = data
    this.ranks = ranksOf(data)
    this.#control = new Int32Array(buffer, 0, CONTROL_WORDS)
    this.#numbers = new Float64Array(buffer, 64, 2)
    this.#sequences = new Float64Array(buffer, 80, this.ranks)
    this.#stamps = new Float64Array(buffer, 80 + this.ranks * 8, this.ranks)
    this.#nextStamps = Float64Array.from(this.#stamps)
    const at = 80 + this.ranks * 16
    this.tails = [new Tail(buffer, at, data.tail), new Tail(buffer, at + tailBytes(data.tail), data.tail)]
  }

  static create(options: Omit<SharedShardData, 'buffer'>): SharedShard {
    const bytes = 80 + ranksOf(options) * 16 + tailBytes(options.tail) * 2
    return new SharedShard({ ...options, buffer: new SharedArrayBuffer(bytes) })
  }

  /** The segment being filled: all before lie on disk. */
  get segment(): number {
    return Atomics.load(this.#control, SEGMENT)
  }

  get tail(): Tail {
    return this.tails[this.segment & 1]!
  }

  /** False while the worker reads the log back in: the tail is not whole. */
  get isOpen(): boolean {
    return Atomics.load(this.#control, OPEN) === 1
  }

  /** How often it was opened: a tail that was read meanwhile may not have been whole. */
  get restores(): number {
    return Atomics.load(this.#control, RESTORES)
  }

  /** Rises with every commit; load it before the numbers below. */
  get epoch(): number {
    return Atomics.load(this.#control, EPOCH)
  }

  /** Rises behind each commit, when the stamps have; load it before them. */
  get closings(): number {
    return Atomics.load(this.#control, CLOSED)
  }

  /** Resolves when stamps may have moved since `closings` was read, or after `timeoutMs`. */
  async closed(closings: number, timeoutMs: number): Promise<void> {
    const waited = Atomics.waitAsync(this.#control, CLOSED, closings, timeoutMs)
    if (waited.async) await waited.value
  }

  /** Blocks with a lower number are committed. */
  get committedBlocks(): number {
    return this.#numbers[0]!
  }

  /** True once partition keys were claimed for streams that live here by their own: who looks for one of those must look for its claim. */
  get hasClaims(): boolean {
    return this.#control[CLAIMS] === 1
  }

  /** Writer, before the first claim is committed. */
  set hasClaims(some: boolean) {
    Atomics.store(this.#control, CLAIMS, some ? 1 : 0)
  }

  /** Commit sequence of a partition by its rank in the shard. */
  sequenceOf(rank: number): number {
    return this.#sequences[rank]!
  }

  /** Later events of the partition have a higher one. All up to it can be seen once it can: it is written behind the commit. */
  stampOf(rank: number): number {
    return this.#stamps[rank]!
  }

  /** Writer: a partition's new end, seen by others after `publish`. */
  set(rank: number, sequence: number, stamp: number): void {
    this.#sequences[rank] = sequence
    this.#nextStamps[rank] = stamp
  }

  /** Writer: all blocks below are committed. */
  publish(committedBlocks: number): void {
    this.#numbers[0] = committedBlocks
    Atomics.add(this.#control, EPOCH, 1)
    Atomics.notify(this.#control, EPOCH)
    this.#stamps.set(this.#nextStamps)
    Atomics.add(this.#control, CLOSED, 1)
    Atomics.notify(this.#control, CLOSED)
  }

  /** Writer: the rows of the current segment are on disk; the next begins at `baseBlock`. */
  nextSegment(baseBlock: number): void {
    const next = this.segment + 1
    this.tails[next & 1]!.clear(baseBlock)
    Atomics.store(this.#control, SEGMENT, next)
  }

  /** Writer, when the tail is whole again. */
  opened(): void {
    Atomics.store(this.#control, OPEN, 1)
  }

  /** Writer, at open: where it stands. */
  restore(segment: number, baseBlock: number): void {
    Atomics.store(this.#control, OPEN, 0)
    Atomics.add(this.#control, RESTORES, 1)
    this.tails[segment & 1]!.clear(baseBlock)
    Atomics.store(this.#control, SEGMENT, segment)
  }
}

function ranksOf(data: { shard: number; shards: number; partitions: number }): number {
  return Math.ceil((data.partitions - data.shard) / data.shards)
}
