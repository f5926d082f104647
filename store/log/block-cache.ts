/** Blocks of one thread by number, with admission: a block is kept when it is asked for a second time, so that a scan does not sweep the hot ones out. */
import type { Block } from './block.ts'

/** Numbers remembered of blocks that were asked for once. */
const SEEN_MAX = 65_536

export class BlockCache {
  readonly #bytesMax: number
  readonly #blocks = new Map<number, Block>()
  #seen = new Set<number>()
  #seenBefore = new Set<number>()
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get(shard: number, number: number): Block | undefined {
    const key = number * 64 + shard
    const block = this.#blocks.get(key)
    if (!block) return undefined
    if (this.#bytes > this.#bytesMax * 0.75) {
      this.#blocks.delete(key)
      this.#blocks.set(key, block)
    }
    return block
  }

  /** A block that was just read: kept if it was read before. */
  offer(shard: number, block: Block): void {
    const key = block.number * 64 + shard
    if (!this.#seen.has(key) && !this.#seenBefore.has(key)) {
      this.#seen.add(key)
      if (this.#seen.size >= SEEN_MAX) {
        this.#seenBefore = this.#seen
        this.#seen = new Set()
      }
      return
    }
    this.#blocks.set(key, block)
    this.#bytes += costOf(block)
    for (const [old, oldest] of this.#blocks) {
      if (this.#bytes <= this.#bytesMax) break
      this.#blocks.delete(old)
      this.#bytes -= costOf(oldest)
    }
  }
}

/** The body as it is decompressed, and the objects around it: names, rows, the block itself. */
function costOf(block: Block): number {
  return block.rawBytes + 4096
}
