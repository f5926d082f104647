/** The index of the newest segment of a shard, in shared memory: written by the shard's worker alone, read by any thread without a lock.
 *
 * Two tails take turns: while segment s fills tails[s & 1], the rows of segment s − 1 lie on disk already. A reader notes the segment number,
 * reads, and reads again when the number has moved meanwhile. Entries are only ever added, and each points to an older one of its chain, so a
 * reader that meets a tail being cleared still comes to an end.
 */

import { TailTerms, tailTermsBytes } from './tail-terms.ts'

/** Most significant bit of an entry's block word: the entry is of an event id, not of a stream. */
export const ID_ENTRY = 0x80000000 | 0
const HEADS = 1 << 16

export interface TailSize {
  /** Room for entries: one a stream a block, one a given id. */
  readonly entries: number
  /** Room for terms: one a term a block. */
  readonly terms: number
  readonly blocks: number
}

const align8 = (bytes: number): number => (bytes + 7) & ~7

export function tailBytes(size: TailSize): number {
  const entries = align8(HEADS * 4) + align8(size.entries * 4) * 6
  return 16 + entries + align8(size.blocks * 8) * 2 + align8(size.blocks * 2) + align8(size.blocks) + tailTermsBytes(size)
}

/** Where blocks lie and what they hold, block by block from `baseBlock`. */
export interface BlockDirectory {
  readonly baseBlock: number
  readonly partitions: Uint16Array
  readonly firstSequences: Float64Array
  readonly lastStamps: Float64Array
  readonly counts: Uint8Array
}

export class Tail implements BlockDirectory {
  readonly size: TailSize
  readonly partitions: Uint16Array
  readonly firstSequences: Float64Array
  readonly lastStamps: Float64Array
  readonly counts: Uint8Array
  readonly lo: Int32Array
  readonly hi: Int32Array
  readonly check: Int32Array
  /** Block − base block, with `ID_ENTRY`. */
  readonly block: Int32Array
  /** Last version of the stream in that block. */
  readonly version: Int32Array
  readonly terms: TailTerms
  readonly #previous: Int32Array
  readonly #heads: Int32Array
  readonly #base: Float64Array
  /** Entries and blocks written; the writer's own count. */
  entries = 0
  blocks = 0

  constructor(buffer: SharedArrayBuffer, at: number, size: TailSize) {
    this.size = size
    let offset = at
    const take = (bytes: number): number => {
      const start = offset
      offset += align8(bytes)
      return start
    }
    this.#base = new Float64Array(buffer, take(16), 2)
    this.#heads = new Int32Array(buffer, take(HEADS * 4), HEADS)
    this.lo = new Int32Array(buffer, take(size.entries * 4), size.entries)
    this.hi = new Int32Array(buffer, take(size.entries * 4), size.entries)
    this.check = new Int32Array(buffer, take(size.entries * 4), size.entries)
    this.block = new Int32Array(buffer, take(size.entries * 4), size.entries)
    this.version = new Int32Array(buffer, take(size.entries * 4), size.entries)
    this.#previous = new Int32Array(buffer, take(size.entries * 4), size.entries)
    this.firstSequences = new Float64Array(buffer, take(size.blocks * 8), size.blocks)
    this.lastStamps = new Float64Array(buffer, take(size.blocks * 8), size.blocks)
    this.partitions = new Uint16Array(buffer, take(size.blocks * 2), size.blocks)
    this.counts = new Uint8Array(buffer, take(size.blocks), size.blocks)
    this.terms = new TailTerms(buffer, offset, size)
  }

  get baseBlock(): number {
    return this.#base[0]!
  }

  /** Writer: begins a segment. */
  clear(baseBlock: number): void {
    this.#heads.fill(0)
    this.entries = 0
    this.blocks = 0
    this.terms.clear()
    this.#base[0] = baseBlock
  }

  /** Writer: the next block of the shard. */
  addBlock(partition: number, firstSequence: number, lastStamp: number, count: number): number {
    const at = this.blocks++
    this.partitions[at] = partition
    this.firstSequences[at] = firstSequence
    this.lastStamps[at] = lastStamp
    this.counts[at] = count
    return at
  }

  /** Writer: stream or id of a block. */
  addEntry(lo: number, hi: number, check: number, block: number, version: number): void {
    const at = this.entries++
    this.lo[at] = lo
    this.hi[at] = hi
    this.check[at] = check
    this.block[at] = block
    this.version[at] = version
    const head = lo & (HEADS - 1)
    this.#previous[at] = this.#heads[head]!
    Atomics.store(this.#heads, head, at + 1)
  }

  /** Calls `found` for each entry of a hash, newest first, until it answers false. `id` tells which kind is meant. */
  each(lo: number, hi: number, id: boolean, found: (block: number, version: number) => boolean): void {
    const low = lo | 0
    const high = hi | 0
    let at = Atomics.load(this.#heads, lo & (HEADS - 1))
    while (at > 0) {
      const i = at - 1
      const block = this.block[i]!
      if (this.lo[i] === low && this.hi[i] === high && block < 0 === id && !found(block & 0x7fffffff, this.version[i]!)) return
      const previous = this.#previous[i]!
      if (previous >= at) return
      at = previous
    }
  }
}
