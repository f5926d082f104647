/** One partition's blocks in order, forwards or backwards, read ahead a few at a time. */
import type { Block } from './block.ts'
import type { LogView, ViewedShard } from './log-view.ts'

const READ_AHEAD = 8

export class PartitionCursor {
  readonly partition: number
  readonly shard: ViewedShard
  /** Numbers of the partition's blocks still to read, in the log's order. */
  readonly queue: number[] = []
  block: Block | null = null
  row = 0
  /** Of the current row. */
  stamp = 0
  /** Number of `block` in the page being filled, −1 when it is not in it. */
  pageBlock = -1
  /** Rows of `block` that pass the filter; null: all. */
  allowed: Uint8Array | null = null
  #head = 0
  #ahead: Block[] = []
  readonly #view: LogView
  readonly #backwards: boolean

  constructor(view: LogView, partition: number, backwards: boolean) {
    this.#view = view
    this.partition = partition
    this.shard = view.shardOf(partition)
    this.#backwards = backwards
  }

  /** Goes to the next block; false when there is none for now. */
  nextBlock(): boolean {
    if (this.#ahead.length === 0) this.#readAhead()
    const block = this.#ahead.shift()
    this.pageBlock = -1
    if (!block) {
      this.block = null
      return false
    }
    this.block = block
    this.row = this.#backwards ? block.count - 1 : 0
    this.stamp = block.stampAt(this.row)
    return true
  }

  #readAhead(): void {
    const { queue } = this
    let numbers: number[]
    if (this.#backwards) {
      numbers = queue.splice(Math.max(0, queue.length - READ_AHEAD)).reverse()
    } else {
      numbers = queue.slice(this.#head, this.#head + READ_AHEAD)
      this.#head += numbers.length
      if (this.#head > 1024) this.#head -= queue.splice(0, this.#head).length
    }
    if (numbers.length > 0) this.#ahead = this.#view.blocks(this.shard, numbers)
  }

  /** Goes to the next row, in the same or the next block; false when there is none for now. */
  nextRow(): boolean {
    const block = this.block!
    this.row += this.#backwards ? -1 : 1
    if (this.row < 0 || this.row >= block.count) return this.nextBlock()
    this.stamp = block.stampAt(this.row)
    return true
  }
}
