/** Whether the conditions of an append hold: looks at the events of its partition key from the newest back, those of the open group included. */
import { decodeTerms, type PlainQuery, type Terms } from '../../event/condition.ts'
import { isEventStoreError } from '../../event/error.ts'
import { CONDITION_FAILED, CONDITION_TOO_WIDE, DAMAGED, type Outcome } from '../../event/outcome.ts'
import { decodeExtras } from '../../event/payload.ts'
import { comparePlaces, type Place } from '../../event/position.ts'
import type { RequestView } from '../../event/request-view.ts'
import { scopeOf } from '../../event/scope.ts'
import { isSystemStream, ownKeyOf } from '../../event/stream-id.ts'
import type { ShardColumn } from '../index/keys.ts'
import type { Segment } from '../index/segment.ts'
import type { Segments } from '../index/segments.ts'
import type { BlockDirectory, Tail } from '../index/tail.ts'
import { type BlockQuery, blocksOfSegment, blocksOfTail } from '../index/term-blocks.ts'
import { type TermHashes, termOf } from '../index/terms.ts'
import type { KeyValue } from '../key-value.ts'
import { Block } from './block.ts'
import { BlockCache } from './block-cache.ts'
import type { PartitionLog } from './partition-log.ts'
import type { SharedShard } from './shared.ts'

export interface ConditionsParts {
  readonly log: {
    readonly shared: SharedShard
    /** Blocks of the open group, which can not be read back yet. */
    readonly groupBlocks: ReadonlyMap<number, Buffer>
  }
  readonly kv: KeyValue<ShardColumn>
  readonly termHashes: TermHashes
  readonly segments: Segments
  readonly blockAt: (number: number) => Block
  /** More are not looked at for one append. */
  readonly blocksMax: number
}

/** Conditions of one key are asked again and again over the same blocks. */
const CACHE_BYTES = 16 * 1024 * 1024
/** To ask the index of a finished segment counts as looking at so many blocks. */
const SEGMENT_BLOCKS = 16
/** A tail of fewer blocks is walked through without asking its index. */
const TAIL_BLOCKS_FEW = 64

/** A query, with what it is looked for by. */
interface Wanted extends PlainQuery {
  /** The tags as they stand in the extras of an event. */
  readonly tagBytes: readonly Buffer[]
}

type Whose = Omit<Terms, 'queries'>

export class Conditions {
  readonly #parts: ConditionsParts
  readonly #cache = new BlockCache(CACHE_BYTES)
  #looked = 0

  constructor(parts: ConditionsParts) {
    this.#parts = parts
  }

  /** True when they do; else the outcome tells which was not met, and by which event. */
  hold(request: RequestView, partition: PartitionLog, outcome: Outcome): boolean {
    const { queries, ...of } = decodeTerms(request.bytes, request.terms, request.terms + request.termsBytes)
    const wanted = queries.map(query => ({ ...query, tagBytes: (query.tags ?? []).map(tag => Buffer.from(JSON.stringify(tag))) }))
    const { blocksMax } = this.#parts
    this.#looked = 0
    try {
      for (const block of this.#blocksBack(partition, lowest(queries), this.#indexed(queries))) {
        if (++this.#looked > blocksMax) {
          outcome.status = CONDITION_TOO_WIDE
          outcome.version = blocksMax
          return false
        }
        const met = newestMatch(block, of, wanted)
        if (!met) continue
        outcome.status = CONDITION_FAILED
        outcome.firstVersion = met.condition
        outcome.sequence = block.firstSequence + met.row
        outcome.stamp = block.stampAt(met.row)
        return false
      }
    } catch (error) {
      if (!isEventStoreError(error, 'DAMAGED')) throw error
      // What can not be read may be what the condition asks for.
      outcome.status = DAMAGED
      return false
    }
    return true
  }

  /** What the index is asked for; null when it can not help, because a query means events of any type and tags. */
  #indexed(queries: readonly PlainQuery[]): BlockQuery[] | null {
    if (queries.some(({ types, tags }) => types === null && tags === null)) return null
    const { termHashes } = this.#parts
    return queries.map(({ types, tags }) => ({
      terms: [
        ...(types ? [types.map(type => termOf(termHashes, 'type', type))] : []),
        ...(tags ?? []).map(tag => [termOf(termHashes, 'tag', tag)]),
      ],
    }))
  }

  /** The blocks of a partition that may hold what is asked for after a place, the newest first. */
  *#blocksBack(partition: PartitionLog, after: Place, indexed: readonly BlockQuery[] | null): Generator<Block> {
    const open = partition.openBlock()
    if (open) yield open
    const { shared } = this.#parts.log
    const { tail } = shared
    yield* this.#among(numbersBack(tail, tail.blocks, partition.partition, after), indexed && inTail(tail, indexed))
    for (let segment = shared.segment - 1; segment >= 0 && this.#looked <= this.#parts.blocksMax; segment--) {
      const directory = this.#parts.segments.at(segment)
      if (directory.end.stamps[partition.rank]! < after.stamp) return
      this.#looked += SEGMENT_BLOCKS
      const numbers = numbersBack(directory, directory.blocks, partition.partition, after)
      yield* this.#among(numbers, indexed && inSegment(this.#parts.kv, directory, indexed))
    }
  }

  /** Those of the blocks that the index names, or all. */
  *#among(numbers: Iterable<number>, named: ReadonlySet<number> | null): Generator<Block> {
    for (const number of numbers) if (named === null || named.has(number)) yield this.#block(number)
  }

  #block(number: number): Block {
    const { log, blockAt } = this.#parts
    const value = log.groupBlocks.get(number)
    if (value) return new Block(number, value)
    const known = this.#cache.get(0, number)
    if (known) return known
    const block = blockAt(number)
    this.#cache.offer(0, block)
    return block
  }
}

/** Null: each block may hold what is asked for. */
function inTail(tail: Tail, indexed: readonly BlockQuery[]): Set<number> | null {
  if (tail.blocks <= TAIL_BLOCKS_FEW) return null
  return new Set(indexed.flatMap(query => blocksOfTail(tail, tail.baseBlock, tail.baseBlock + tail.blocks, query)))
}

function inSegment(kv: KeyValue<ShardColumn>, segment: Segment, indexed: readonly BlockQuery[]): Set<number> | null {
  const named = new Set<number>()
  for (const query of indexed) {
    const numbers = blocksOfSegment(kv, segment, query)
    if (numbers === null) return null
    for (const number of numbers) named.add(number)
  }
  return named
}

function lowest(queries: readonly PlainQuery[]): Place {
  return queries.map(({ after }) => after).reduce((a, b) => (comparePlaces(a, b) <= 0 ? a : b))
}

/** Numbers of a partition's blocks in a directory, the newest first, as far back as the place. */
function* numbersBack(directory: BlockDirectory, blocks: number, partition: number, after: Place): Generator<number> {
  for (let at = blocks - 1; at >= 0; at--) {
    if (directory.partitions[at] !== partition) continue
    if (directory.lastStamps[at]! < after.stamp) return
    yield directory.baseBlock + at
  }
}

function newestMatch(block: Block, of: Whose, wanted: readonly Wanted[]): { row: number; condition: number } | null {
  let found: { row: number; condition: number } | null = null
  for (const query of wanted) {
    const row = newestRow(block, of, query, found ? found.row + 1 : 0)
    if (row >= 0) found = { row, condition: query.condition }
  }
  return found
}

/** The newest row from `least` on that the query means, or −1. */
function newestRow(block: Block, of: Whose, { types, tags, tagBytes, after }: Wanted, least: number): number {
  const isWanted = types && block.types.map(type => types.includes(type))
  if (isWanted && !isWanted.includes(true)) return -1
  if (tagBytes.length > 0 && !holdsAll(block, tagBytes)) return -1
  const { partition, firstSequence } = block
  for (let row = block.count - 1; row >= least; row--) {
    if (comparePlaces({ stamp: block.stampAt(row), partition, sequence: firstSequence + row }, after) <= 0) return -1
    if (isWanted && !isWanted[block.typeIndex(row)]) continue
    const extras = decodeExtras(block.bytes, block.extrasStart(row), block.extrasEnd(row))
    if (tags && !tags.every(tag => extras.tags?.includes(tag))) continue
    if (isOf(block.storedStreamOf(row), extras.partitionKey, of)) return row
  }
  return -1
}

/** By the stored name of its stream, which is empty where the row was removed. */
function isOf(stream: string, partitionKey: string | undefined, { scope, key }: Whose): boolean {
  return stream !== '' && scopeOf(stream) === scope && !isSystemStream(stream) && (partitionKey ?? ownKeyOf(stream)) === key
}

/** Most blocks do not hold a tag at all, and that shows in their bytes. */
function holdsAll(block: Block, texts: readonly Buffer[]): boolean {
  const { bytes } = block
  const from = block.extrasStart(0)
  const extras = Buffer.from(bytes.buffer, bytes.byteOffset + from, bytes.length - from)
  return texts.every(text => extras.includes(text))
}
