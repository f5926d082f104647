/** Reads all partitions as one total order, page by page: a k-way merge by stamp below the horizon. Catch-up and live are the same loop. */
import { isEventStoreError } from '../../event/error.ts'
import { comparePlaces, type Place, START } from '../../event/position.ts'
import type { Block } from './block.ts'
import { PartitionCursor } from './cursor.ts'
import { type BlockFilter, blockFilter, type FilterOptions } from './filter.ts'
import type { LogView } from './log-view.ts'

/** Blocks of a page hold no more than this and one more: a page of large events is kept as long as its reader needs for it. */
const PAGE_BYTES = 8 * 1024 * 1024

/** Rows of the log merged in total order; all arrays hold `count` rows. */
export interface LogPage {
  readonly count: number
  readonly blocks: readonly Block[]
  /** Index into `blocks`, and row in that block. */
  readonly block: Int32Array
  readonly row: Int32Array
  readonly stamps: Float64Array
  readonly partitions: Uint16Array
  readonly sequences: Float64Array
}

export interface LogReaderOptions extends FilterOptions {
  /** Begins after this place (backwards: before it). Default: the start (backwards: the end). */
  readonly after?: Place
  readonly pageRows: number
  /** Leaves out rows with this stamp or a higher one. */
  readonly upTo?: number
  readonly backwards?: boolean
}

export class LogReader {
  /** The last row handed out or passed over by the filter. */
  position: Place
  /** All rows below this stamp were handed out; grows also when nothing passes the filter. */
  head = 0
  /** True when the last page was null because a shard's worker died and reads its log back in: there may be more than was seen. */
  held = false
  readonly #view: LogView
  readonly #options: LogReaderOptions
  readonly #cursors: PartitionCursor[]
  readonly #filter: BlockFilter
  readonly #sign: 1 | -1
  /** By shard: next block to hand to a cursor, epoch seen. */
  readonly #next: number[]
  readonly #epochs: number[]
  /** The horizon when a read backwards began: what came later is not before anything it has seen. */
  #begun: number | null = null
  /** By partition: blocks before this one hold nothing wanted. */
  readonly #starts: number[]
  /** Heap of cursors by (stamp, partition). */
  readonly #heap: PartitionCursor[] = []
  readonly #waiting: Set<PartitionCursor>

  constructor(view: LogView, options: LogReaderOptions) {
    this.#view = view
    this.#options = options
    this.#sign = options.backwards ? -1 : 1
    this.position = options.after ?? START
    this.#filter = blockFilter(options)
    this.#cursors = Array.from(
      { length: view.partitions },
      (_, partition) => new PartitionCursor(view, partition, options.backwards ?? false),
    )
    this.#waiting = new Set(this.#cursors)
    this.#next = view.shards.map(() => 0)
    this.#epochs = view.shards.map(() => -1)
    this.#starts = this.#cursors.map(() => 0)
    if (options.after && !options.backwards) this.#seek(options.after)
  }

  #seek(after: Place): void {
    const { shards } = this.#view
    this.#next.fill(Number.POSITIVE_INFINITY)
    shards.forEach((shard, s) => {
      void shard.shared.epoch
      const committed = shard.shared.committedBlocks
      for (let partition = s; partition < this.#view.partitions; partition += shards.length) {
        const start = shard.segments.blockAfter(partition, after.stamp - 1) ?? committed
        this.#starts[partition] = start
        this.#next[s] = Math.min(this.#next[s]!, start)
      }
    })
  }

  /** The next page, or null when nothing more is committed now. */
  next(): LogPage | null {
    if (this.#sign < 0) this.#begun ??= this.#view.horizon.stamp
    const limit = Math.min(this.#begun ?? this.#view.horizon.stamp, this.#options.upTo ?? Number.POSITIVE_INFINITY)
    this.held = !this.#distribute()
    if (this.held) return null
    for (const cursor of this.#waiting) if (this.#advance(cursor, true)) this.#push(cursor)
    const page = this.#fill(limit)
    if (page === null) this.head = limit
    return page
  }

  /**
   * Hands new blocks of every shard to the cursors of their partitions; backwards, only those there are at first. False when a shard with new
   * blocks is not open.
   */
  #distribute(): boolean {
    let open = true
    this.#view.shards.forEach((shard, s) => {
      const { epoch } = shard.shared
      if (epoch === this.#epochs[s] || (this.#sign < 0 && this.#epochs[s] !== -1)) return
      if (!shard.shared.isOpen) {
        open = false
        return
      }
      const committed = shard.shared.committedBlocks
      try {
        while (this.#next[s]! < committed) this.#distributeFrom(s, committed)
        this.#epochs[s] = epoch
      } catch (error) {
        if (!isEventStoreError(error, 'BUSY')) throw error
        open = false
      }
    })
    return open
  }

  /** From the directory of the segment that holds the next block. */
  #distributeFrom(s: number, committed: number): void {
    const { shared, segments } = this.#view.shards[s]!
    segments.stable((segment, tail) => {
      let directory: { baseBlock: number; partitions: Uint16Array } = tail
      let end = committed
      if (this.#next[s]! < tail.baseBlock) {
        const found = segmentHolding(segments, segment, this.#next[s]!)
        directory = found
        end = Math.min(committed, found.baseBlock + found.blocks)
      }
      const numbers: [cursor: number, block: number][] = []
      for (let number = this.#next[s]!; number < end; number++) numbers.push([directory.partitions[number - directory.baseBlock]!, number])
      if (shared.segment !== segment) return
      for (const [partition, number] of numbers)
        if (partition < this.#cursors.length && number >= this.#starts[partition]!) this.#cursors[partition]!.queue.push(number)
      this.#next[s] = end
    })
  }

  /** Moves a cursor to its next wanted row; false when it has none for now. With `block` it begins a new block. */
  #advance(cursor: PartitionCursor, block: boolean): boolean {
    let more = block ? cursor.nextBlock() : cursor.nextRow()
    while (more) {
      if (cursor.pageBlock === -1) {
        cursor.allowed = this.#filter(cursor.block!)
        cursor.pageBlock = -2
        if (cursor.allowed?.length === 0) {
          more = cursor.nextBlock()
          continue
        }
      }
      if ((cursor.allowed === null || cursor.allowed[cursor.row] === 1) && this.#wanted(cursor)) break
      more = cursor.nextRow()
    }
    if (!more) this.#waiting.add(cursor)
    else this.#waiting.delete(cursor)
    return more
  }

  #wanted(cursor: PartitionCursor): boolean {
    const { after } = this.#options
    if (!after) return true
    const { stamp } = cursor
    if (stamp !== after.stamp) return (stamp - after.stamp) * this.#sign > 0
    return comparePlaces({ stamp, partition: cursor.partition, sequence: cursor.block!.firstSequence + cursor.row }, after) * this.#sign > 0
  }

  #before(a: PartitionCursor, b: PartitionCursor): boolean {
    return (a.stamp - b.stamp || a.partition - b.partition) * this.#sign < 0
  }

  #push(cursor: PartitionCursor): void {
    const heap = this.#heap
    let at = heap.push(cursor) - 1
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (!this.#before(cursor, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = cursor
  }

  /** Puts `cursor` where it belongs after the top was taken. */
  #sink(cursor: PartitionCursor): void {
    const heap = this.#heap
    const size = heap.length
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= size) break
      if (child + 1 < size && this.#before(heap[child + 1]!, heap[child]!)) child++
      if (!this.#before(heap[child]!, cursor)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = cursor
  }

  #fill(limit: number): LogPage | null {
    const rows = this.#options.pageRows
    const heap = this.#heap
    const blocks: Block[] = []
    const page = {
      blocks,
      block: new Int32Array(rows),
      row: new Int32Array(rows),
      stamps: new Float64Array(rows),
      partitions: new Uint16Array(rows),
      sequences: new Float64Array(rows),
    }
    for (const cursor of heap) cursor.pageBlock = -2
    let count = 0
    let bytes = 0
    while (count < rows && heap.length > 0 && bytes < PAGE_BYTES) {
      const top = heap[0]!
      const { stamp } = top
      if (stamp >= limit) {
        if (this.#sign > 0) break
      } else {
        if (top.pageBlock < 0) {
          top.pageBlock = blocks.push(top.block!) - 1
          bytes += top.block!.bytes.length
        }
        page.block[count] = top.pageBlock
        page.row[count] = top.row
        page.stamps[count] = stamp
        page.partitions[count] = top.partition
        page.sequences[count] = top.block!.firstSequence + top.row
        count++
      }
      if (this.#advance(top, false)) this.#sink(top)
      else {
        const last = heap.pop()!
        if (last !== top) this.#sink(last)
      }
    }
    if (count === 0) return null
    this.position = { stamp: page.stamps[count - 1]!, partition: page.partitions[count - 1]!, sequence: page.sequences[count - 1]! }
    return count === rows ? { count, ...page } : cut(page, count)
  }
}

function cut(page: Omit<LogPage, 'count'>, count: number): LogPage {
  return {
    count,
    blocks: page.blocks,
    block: page.block.subarray(0, count),
    row: page.row.subarray(0, count),
    stamps: page.stamps.subarray(0, count),
    partitions: page.partitions.subarray(0, count),
    sequences: page.sequences.subarray(0, count),
  }
}

function segmentHolding(
  segments: { at(number: number): { baseBlock: number; blocks: number; partitions: Uint16Array } },
  finished: number,
  block: number,
): { baseBlock: number; blocks: number; partitions: Uint16Array } {
  let low = 0
  let high = finished - 1
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (segments.at(middle).baseBlock <= block) low = middle
    else high = middle - 1
  }
  return segments.at(low)
}
