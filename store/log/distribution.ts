/** Hands the numbers of blocks to the cursors of their partitions, shard by shard, as blocks are committed: those that may hold something wanted. */
import { isEventStoreError } from '../../event/error.ts'
import type { Stamp } from '../../event/event.ts'
import { type BlockQuery, blocksOfSegment, blocksOfTail } from '../index/term-blocks.ts'
import type { Segment } from '../index/segment.ts'
import type { Segments } from '../index/segments.ts'
import type { Tail } from '../index/tail.ts'
import type { LogView, ViewedShard } from './log-view.ts'

export interface DistributionOptions {
  /** Nothing with a lower stamp is wanted. */
  readonly low: Stamp
  /** Nothing with this stamp or a higher one is wanted. */
  readonly high: Stamp
  /** Blocks that come later than the first call are left alone. */
  readonly once: boolean
  /** All blocks when left out. */
  readonly query: BlockQuery | undefined
}

type FoundBlock = readonly [partition: number, block: number, lastStamp: number]

export class Distribution {
  readonly #view: LogView
  readonly #options: DistributionOptions
  /** By partition. */
  readonly #queues: readonly number[][]
  /** By shard: next block to hand out, epoch seen. */
  readonly #next: number[]
  readonly #epochs: number[]
  /** By partition: blocks before this one hold nothing wanted, and none that comes later does. */
  readonly #starts: number[]
  readonly #ended: boolean[]

  constructor(view: LogView, queues: readonly number[][], options: DistributionOptions) {
    this.#view = view
    this.#options = options
    this.#queues = queues
    this.#next = view.shards.map(() => 0)
    this.#epochs = view.shards.map(() => -1)
    this.#starts = queues.map(() => 0)
    this.#ended = queues.map(() => false)
    if (options.low > 0) this.#seek()
  }

  #seek(): void {
    const { shards } = this.#view
    this.#next.fill(Number.POSITIVE_INFINITY)
    shards.forEach((shard, s) => {
      void shard.shared.epoch
      const committed = shard.shared.committedBlocks
      for (let partition = s; partition < this.#view.partitions; partition += shards.length) {
        const start = shard.segments.blockAfter(partition, this.#options.low - 1) ?? committed
        this.#starts[partition] = start
        this.#next[s] = Math.min(this.#next[s]!, start)
      }
    })
  }

  /** False when a shard with new blocks is not open. */
  run(): boolean {
    let open = true
    this.#view.shards.forEach(({ shared }, s) => {
      const { epoch } = shared
      if (epoch === this.#epochs[s] || (this.#options.once && this.#epochs[s] !== -1)) return
      if (!shared.isOpen) {
        open = false
        return
      }
      const committed = shared.committedBlocks
      try {
        while (this.#next[s]! < committed) this.#runFrom(s, committed)
        this.#epochs[s] = epoch
      } catch (error) {
        if (!isEventStoreError(error, 'BUSY')) throw error
        open = false
      }
    })
    return open
  }

  /** The segment that holds the next block, up to its end. */
  #runFrom(s: number, committed: number): void {
    const shard = this.#view.shards[s]!
    const from = this.#next[s]!
    const { found, end } = shard.segments.stable((segment, tail) => {
      const finished = from < tail.baseBlock ? segmentHolding(shard.segments, segment, from) : null
      const to = finished ? Math.min(committed, finished.baseBlock + finished.blocks) : committed
      return { found: this.#found(shard, finished ?? tail, { from, end: to }), end: to }
    })
    // Only now: a tail that was cleared meanwhile was read again.
    for (const [partition, number, lastStamp] of found) this.#hand(partition, number, lastStamp)
    const isOver = this.#options.high < Number.POSITIVE_INFINITY && this.#isEnded(s)
    this.#next[s] = isOver ? Number.POSITIVE_INFINITY : end
  }

  #found(shard: ViewedShard, directory: Segment | Tail, range: { from: number; end: number }): FoundBlock[] {
    const { query } = this.#options
    const found: FoundBlock[] = []
    const { baseBlock, partitions, lastStamps } = directory
    const add = (number: number): void => {
      found.push([partitions[number - baseBlock]!, number, lastStamps[number - baseBlock]!])
    }
    const numbers = query && chosen(shard, directory, range, query)
    if (numbers) numbers.forEach(add)
    else for (let number = range.from; number < range.end; number++) add(number)
    return found
  }

  #hand(partition: number, number: number, lastStamp: number): void {
    if (partition >= this.#queues.length || number < this.#starts[partition]! || this.#ended[partition]) return
    this.#queues[partition]!.push(number)
    // Stamps of a partition rise.
    if (lastStamp >= this.#options.high - 1) this.#ended[partition] = true
  }

  #isEnded(s: number): boolean {
    for (let partition = s; partition < this.#ended.length; partition += this.#view.shards.length) if (!this.#ended[partition]) return false
    return true
  }
}

/** Null when each block may hold something. */
function chosen(shard: ViewedShard, directory: Segment | Tail, range: { from: number; end: number }, query: BlockQuery): number[] | null {
  const { from, end } = range
  if (!('number' in directory)) return blocksOfTail(directory, from, end, query)
  return blocksOfSegment(shard.kv, directory, query)?.filter(number => number >= from && number < end) ?? null
}

function segmentHolding(segments: Segments, finished: number, block: number): Segment {
  let low = 0
  let high = finished - 1
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (segments.at(middle).baseBlock <= block) low = middle
    else high = middle - 1
  }
  return segments.at(low)
}
