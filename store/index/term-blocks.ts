/** Which blocks of a finished segment or of a tail may hold what a query asks for. */
import type { KeyValue } from '../key-value.ts'
import { bucketKey, bucketOf, kinds, type ShardColumn } from './keys.ts'
import { ENTRY_WORDS, type Segment, wordsOf } from './segment.ts'
import { eachTermRun, readTermsHead } from './segment-terms.ts'
import type { Tail } from './tail.ts'
import type { Term, TermQuery } from './terms.ts'

/** Groups looked up at most; what is left out is only looked for in the blocks. */
const GROUPS_MAX = 200
const WANTED = 255

export interface BlockQuery {
  readonly terms: TermQuery
  /** Blocks of these streams too, whatever the terms say. */
  readonly also?: readonly Term[]
}

/** Blocks counted from a first one, by how many groups in a row each has met. */
class Marks {
  readonly met: Uint8Array
  readonly groups: TermQuery
  #group = 0

  constructor(blocks: number, { terms }: BlockQuery) {
    this.met = new Uint8Array(blocks)
    this.groups = terms.slice(0, GROUPS_MAX)
  }

  /** Goes through the groups; `meet` in between. */
  each(look: (group: readonly Term[]) => void): this {
    for (const group of this.groups) {
      look(group)
      this.#group++
    }
    for (let i = 0; i < this.met.length; i++) if (this.met[i] === this.#group) this.met[i] = WANTED
    return this
  }

  /** Blocks that hold a term of the group looked at. */
  meet(from: number, to: number): void {
    const end = Math.min(to, this.met.length)
    for (let i = from; i < end; i++) if (this.met[i] === this.#group) this.met[i] = this.#group + 1
  }

  want(from: number, to: number): void {
    this.met.fill(WANTED, from, to)
  }

  /** The numbers of those wanted, counted from `first`. */
  numbers(first: number): number[] {
    const numbers: number[] = []
    for (let i = 0; i < this.met.length; i++) if (this.met[i] === WANTED) numbers.push(first + i)
    return numbers
  }
}

/** Numbers of blocks, rising. Null: the segment was written before there were terms, and each of its blocks may hold anything. */
export function blocksOfSegment(kv: KeyValue<ShardColumn>, segment: Segment, query: BlockQuery): number[] | null {
  const head = readTermsHead(kv, segment.number)
  if (!head) return null
  const marks = new Marks(segment.blocks, query)
  marks.each(group => eachTermRun(kv, segment.number, group, (from, to) => marks.meet(from, to)))
  head.unindexed((from, to) => marks.want(from, to))
  for (const stream of query.also ?? []) for (const block of streamBlocks(kv, segment.number, stream)) marks.want(block, block + 1)
  return marks.numbers(segment.baseBlock)
}

function streamBlocks(kv: KeyValue<ShardColumn>, segment: number, { lo, hi }: Term): number[] {
  const row = kv.get('index', bucketKey(kinds.stream, bucketOf(hi), segment))
  const words = row ? wordsOf(row) : new Uint32Array(0)
  const blocks: number[] = []
  for (let at = 0; at < words.length; at += ENTRY_WORDS) if (words[at] === lo && words[at + 1] === hi) blocks.push(words[at + 3]!)
  return blocks
}

/** Numbers of committed blocks of a tail, rising, from `first` to before `end`. To be asked within `Segments.stable`. */
export function blocksOfTail(tail: Tail, first: number, end: number, query: BlockQuery): number[] {
  const from = first - tail.baseBlock
  const to = from + end - first
  const marks = new Marks(to - from, query)
  marks.each(group => {
    for (const { lo, hi } of group) tail.terms.each(lo, hi, from, block => marks.meet(block - from, block - from + 1))
  })
  for (let block = from; block < to; block++) if (tail.terms.unindexed[block] === 1) marks.want(block - from, block - from + 1)
  for (const { lo, hi } of query.also ?? []) {
    tail.each(lo, hi, false, block => {
      if (block >= from) marks.want(block - from, block - from + 1)
      return block >= from
    })
  }
  return marks.numbers(first)
}
