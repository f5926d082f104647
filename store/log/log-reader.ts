/** Reads all partitions as one total order, page by page: a k-way merge by stamp below the horizon. Catch-up and live are the same loop. */
import { comparePlaces, type Place, START } from '../../event/position.ts'
import type { Block } from './block.ts'
import { PartitionCursor } from './cursor.ts'
import { Distribution } from './distribution.ts'
import { type BlockFilter, blockFilter, type FilterOptions } from './filter.ts'
import { blockQueryOf } from './filter-terms.ts'
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
  /** Leaves out rows with a lower stamp. */
  readonly since?: number
  /** Leaves out rows with this stamp or a higher one. */
  readonly upTo?: number
  /** Leaves out rows behind this place. */
  readonly last?: Place
  readonly backwards?: boolean
  /** Looks into every block instead of asking the index which may hold something: what tests and benches compare with. */
  readonly scan?: boolean
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
  readonly #distribution: Distribution
  /** The horizon when a read backwards began: what came later is not before anything it has seen. */
  #begun: number | null = null
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
    const { after, since = 0, upTo = Number.POSITIVE_INFINITY, backwards = false } = options
    this.#distribution = new Distribution(
      view,
      this.#cursors.map(({ queue }) => queue),
      {
        low: backwards ? since : Math.max(since, after?.stamp ?? 0),
        high: backwards && after ? Math.min(upTo, after.stamp + 1) : upTo,
        once: backwards,
        query: options.scan ? undefined : blockQueryOf(options, { stream: view.streamHash, terms: view.termHashes }),
      },
    )
  }

  /** The next page, or null when nothing more is committed now. */
  next(): LogPage | null {
    if (this.#sign < 0) this.#begun ??= this.#view.horizon.stamp
    const limit = Math.min(this.#begun ?? this.#view.horizon.stamp, this.#options.upTo ?? Number.POSITIVE_INFINITY)
    this.held = !this.#distribution.run()
    if (this.held) return null
    for (const cursor of this.#waiting) if (this.#advance(cursor, true)) this.#push(cursor)
    const page = this.#fill(limit)
    if (page === null) this.head = limit
    return page
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
    const { after, since = 0, last } = this.#options
    const { stamp } = cursor
    if (stamp < since) return false
    const place = (): Place => ({ stamp, partition: cursor.partition, sequence: cursor.block!.firstSequence + cursor.row })
    if (last && stamp >= last.stamp && comparePlaces(place(), last) > 0) return false
    if (!after) return true
    if (stamp !== after.stamp) return (stamp - after.stamp) * this.#sign > 0
    return comparePlaces(place(), after) * this.#sign > 0
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
