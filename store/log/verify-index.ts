/** Counts what blocks hold and what the index says of them, segment by segment: a row that is gone would hide events from readers of streams. */
import { idSliceOf } from '../../event/payload.ts'
import { kinds, segmentOf } from '../index/keys.ts'
import { ENTRY_WORDS } from '../index/segment.ts'
import { decodeTermsHead, entriesOfTermRow, type TermsHead } from '../index/segment-terms.ts'
import { termHashesOf } from '../index/terms.ts'
import type { Bytes } from '../key-value.ts'
import type { Block } from './block.ts'
import { eachTerm } from './block-terms.ts'

const ENTRY_BYTES = ENTRY_WORDS * 4
/** Any key does: terms are told apart here, not looked up. */
const hashes = termHashesOf(0, 0)

interface SegmentCount {
  /** Undefined while its directory was not met. */
  baseBlock: number | undefined
  blocks: number
  streams: number
  ids: number
  terms: number
  /** Undefined for a segment that was written before there were terms. */
  termsHead: TermsHead | undefined
}

export class IndexCount {
  /** By block; −1 for one that can not be read, whose segment is not judged. */
  readonly #streams: number[] = []
  readonly #ids: number[] = []
  /** NaN where rows were taken out: the index still has what they had. */
  readonly #terms: number[] = []
  readonly #segments = new Map<number, SegmentCount>()

  block(number: number, block: Block | null): void {
    this.#streams[number] = block ? block.streams.length : -1
    let ids = 0
    for (let row = 0; block && row < block.count; row++) if (idSliceOf(block.bytes, block.extrasStart(row), block.extrasEnd(row))) ids++
    this.#ids[number] = ids
    this.#terms[number] = block && block.alive === block.count ? termsIn(block) : Number.NaN
  }

  row(key: Bytes, value: Bytes): void {
    const [kind] = key
    if (kind === kinds.stream) this.#segment(key).streams += value.length / ENTRY_BYTES
    else if (kind === kinds.id) this.#segment(key).ids += value.length / ENTRY_BYTES
    else if (kind === kinds.term) this.#segment(key).terms += entriesOfTermRow(value)
    else if (kind === kinds.termsHead) this.#segment(key).termsHead = decodeTermsHead(value.slice())
    else if (kind === kinds.directory) {
      const head = new DataView(value.buffer, value.byteOffset, 16)
      const segment = this.#segment(key)
      segment.blocks = head.getFloat64(0, true)
      segment.baseBlock = head.getFloat64(8, true)
    }
  }

  #segment(key: Bytes): SegmentCount {
    const number = segmentOf(key)
    let segment = this.#segments.get(number)
    if (!segment)
      this.#segments.set(number, (segment = { baseBlock: undefined, blocks: 0, streams: 0, ids: 0, terms: 0, termsHead: undefined }))
    return segment
  }

  /** What does not agree, for the `finished` segments and the blocks that were walked. */
  *disagreements(finished: number): Generator<string> {
    for (let number = 0; number < finished; number++) {
      const segment = this.#segments.get(number)
      if (segment?.baseBlock === undefined) {
        yield `segment ${number} has no directory`
        continue
      }
      const end = segment.baseBlock + segment.blocks
      const streams = this.#streams.slice(segment.baseBlock, end)
      if (end > this.#streams.length || streams.includes(-1)) continue
      const wanted = { streams: sum(streams), ids: sum(this.#ids.slice(segment.baseBlock, end)) }
      for (const what of ['streams', 'ids'] as const) {
        if (segment[what] !== wanted[what])
          yield `segment ${number} tells of ${segment[what]} ${what} in its blocks, which hold ${wanted[what]}`
      }
      yield* this.#termDisagreements(number, segment, segment.baseBlock)
    }
  }

  /** Where the terms of some block did not all fit, only what was written can be counted. */
  *#termDisagreements(number: number, { terms, termsHead, blocks }: SegmentCount, baseBlock: number): Generator<string> {
    if (!termsHead) {
      if (terms > 0) yield `segment ${number} has ${terms} terms and nothing that tells of them`
      return
    }
    if (termsHead.entries !== terms) yield `segment ${number} has ${terms} terms, of ${termsHead.entries} that were written`
    let isWhole = true
    termsHead.unindexed(() => {
      isWhole = false
    })
    if (!isWhole) return
    const held = sum(this.#terms.slice(baseBlock, baseBlock + blocks))
    if (!Number.isNaN(held) && terms !== held) yield `segment ${number} tells of ${terms} terms in its blocks, which hold ${held}`
  }
}

function termsIn(block: Block): number {
  const terms = new Set<string>()
  eachTerm(block.parts, hashes, (lo, hi) => terms.add(`${lo} ${hi}`))
  return terms.size
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
