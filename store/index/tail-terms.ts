/** Terms of the newest segment's blocks, in shared memory: part of a tail, and written and read by its rules. */

const HEADS = 1 << 15

export interface TailTermsSize {
  /** Room for entries: one a term a block. */
  readonly terms: number
  readonly blocks: number
}

const align8 = (bytes: number): number => (bytes + 7) & ~7

export function tailTermsBytes({ terms, blocks }: TailTermsSize): number {
  return HEADS * 4 + align8(terms * 4) * 4 + align8(blocks)
}

export class TailTerms {
  /** Entries there is room for. */
  readonly room: number
  readonly lo: Int32Array
  readonly hi: Int32Array
  /** Block − base block; never falls from one entry to the next. */
  readonly block: Int32Array
  /** 1 for a block whose terms did not all fit: it has to be read, whatever is asked for. */
  readonly unindexed: Uint8Array
  readonly #previous: Int32Array
  readonly #heads: Int32Array
  /** Entries written; the writer's own count. */
  entries = 0

  constructor(buffer: SharedArrayBuffer, at: number, { terms, blocks }: TailTermsSize) {
    this.room = terms
    const step = align8(terms * 4)
    const column = (number: number): Int32Array => new Int32Array(buffer, at + HEADS * 4 + step * number, terms)
    this.#heads = new Int32Array(buffer, at, HEADS)
    this.lo = column(0)
    this.hi = column(1)
    this.block = column(2)
    this.#previous = column(3)
    this.unindexed = new Uint8Array(buffer, at + HEADS * 4 + step * 4, blocks)
  }

  /** Writer: begins a segment. */
  clear(): void {
    this.#heads.fill(0)
    this.unindexed.fill(0)
    this.entries = 0
  }

  /** Writer: a term of a block, which is not before that of the last call. Says nothing twice: a chain's newest entries are of that block. */
  add(lo: number, hi: number, block: number): void {
    const low = lo | 0
    const high = hi | 0
    const head = lo & (HEADS - 1)
    const newest = this.#heads[head]!
    for (let at = newest; at > 0 && this.block[at - 1] === block; at = this.#previous[at - 1]!)
      if (this.lo[at - 1] === low && this.hi[at - 1] === high) return
    if (this.entries === this.room) {
      this.unindexed[block] = 1
      return
    }
    const at = this.entries++
    this.lo[at] = low
    this.hi[at] = high
    this.block[at] = block
    this.#previous[at] = newest
    Atomics.store(this.#heads, head, at + 1)
  }

  /** Calls `found` for each block from `from` on that has the term, newest first. */
  each(lo: number, hi: number, from: number, found: (block: number) => void): void {
    const low = lo | 0
    const high = hi | 0
    let at = Atomics.load(this.#heads, lo & (HEADS - 1))
    while (at > 0) {
      const i = at - 1
      const block = this.block[i]!
      if (block < from) return
      if (this.lo[i] === low && this.hi[i] === high) found(block)
      const previous = this.#previous[i]!
      if (previous >= at) return
      at = previous
    }
  }
}
