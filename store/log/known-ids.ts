/** Which given event ids a shard holds already: the open group in a set, the tail in memory, finished segments behind Bloom filters. */
import type { TextHash } from '../../event/hash.ts'
import { DUPLICATE_EVENT_ID, type Outcome } from '../../event/outcome.ts'
import { idSliceOf } from '../../event/payload.ts'
import { WIDE } from '../../event/request.ts'
import type { RequestView } from '../../event/request-view.ts'
import { localName } from '../../event/scope.ts'
import { BloomFilter } from '../index/bloom.ts'
import { kinds, segmentKey, segmentOf, type ShardColumn } from '../index/keys.ts'
import type { Segments } from '../index/segments.ts'
import { eachEntry } from '../index/segment.ts'
import type { Tail } from '../index/tail.ts'
import type { VersionMap } from '../index/version-map.ts'
import type { KeyValue } from '../key-value.ts'
import type { Block } from './block.ts'
import type { PartitionLog } from './partition-log.ts'
import type { SharedShard } from './shared.ts'
import { answersAsBefore, numericallyExpected, type Stored } from './same-request.ts'
import { extrasBytesOf } from './block-builder.ts'

/** What is known of a shard by the one that writes it. */
export interface KnownIdsHost {
  readonly kv: KeyValue<ShardColumn>
  readonly shared: SharedShard
  readonly versions: VersionMap
  /** Blocks below can be read back. */
  readonly settledBlocks: number
}

/** `new`: go on and store. `answered`: the outcome says it all. `later`: ask again when this group is committed. */
export type Known = 'new' | 'answered' | 'later'

export interface KnownIdsParts {
  readonly log: KnownIdsHost
  readonly segments: Segments
  readonly idHash: TextHash
  /** Ids the node makes are this, partition and sequence in base 36, joined by `-`. */
  readonly storeId: string
  readonly idsRemembered: number
  readonly blockAt: (number: number) => Block
}

export class KnownIds {
  readonly #parts: KnownIdsParts
  /** Ids of the group being built: lo × 2³² + hi would not fit a number, so lo → his. */
  readonly #open = new Map<number, number[]>()
  #blooms: { segment: number; bloom: BloomFilter }[] | null = null

  constructor(parts: KnownIdsParts) {
    this.#parts = parts
  }

  opened(hash: TextHash): void {
    const his = this.#open.get(hash.lo)
    if (his) his.push(hash.hi)
    else this.#open.set(hash.lo, [hash.hi])
  }

  settled(): void {
    if (this.#open.size > 0) this.#open.clear()
  }

  /** A segment was finished: remember its filter, if the filters were loaded. */
  sealed(segment: number, tail: Tail): void {
    if (!this.#blooms) return
    let ids = 0
    for (let i = 0; i < tail.entries; i++) if (tail.block[i]! < 0) ids++
    if (ids === 0) return
    const bloom = new BloomFilter(ids)
    for (let i = 0; i < tail.entries; i++) if (tail.block[i]! < 0) bloom.add(tail.lo[i]! >>> 0, tail.hi[i]! >>> 0)
    this.#blooms.push({ segment, bloom })
  }

  /** `new`: none of the request's ids is known. `answered`: all are, as the same request (the first answer again), or it is a DUPLICATE_ID. */
  find(request: RequestView, partition: PartitionLog, outcome: Outcome): Known {
    const { bytes } = request
    const found: (Stored | null)[] = []
    let extras = request.extras
    let at = -1
    for (let i = 0; i < request.events; i++) {
      const size = extrasBytesOf(request, i)
      const id = idSliceOf(bytes, extras, extras + size)
      extras += size
      const stored = id ? this.#find(bytes, id.start, id.end, partition.partition) : null
      if (stored === 'later') return 'later'
      if (stored === 'taken') return duplicateId(outcome, i)
      if (stored && at < 0) at = i
      found.push(stored)
    }
    if (at < 0) return this.#asBefore(request, partition, outcome)
    // Events without ids are known by what stands beside those that have one.
    const { block, row } = found[at]!
    const one = { partition, stream: request.streamOf(at), version: block.versionAt(row), at }
    const rows = found.includes(null) ? this.#rowsBeside(request, one) : found
    if (rows === 'later') return 'later'
    return rows && answersAsBefore(request, rows, outcome) ? 'answered' : duplicateId(outcome, at)
  }

  #find(bytes: Uint8Array, start: number, end: number, partition: number): Stored | 'later' | 'taken' | null {
    const { log, idHash, storeId } = this.#parts
    const text = Buffer.prototype.utf8Slice.call(bytes, start, end)
    const given = localName(text)
    if (given.startsWith(`${storeId}-`)) return this.#ownId(given, partition)
    const { lo, hi } = idHash.bytes(bytes, start, end)
    if (this.#open.get(lo)?.includes(hi)) return 'later'
    const { tail, segment } = log.shared
    let answer: Stored | 'later' | null = null
    tail.each(lo, hi, true, block => {
      answer = tail.baseBlock + block >= log.settledBlocks ? 'later' : this.#inBlock(tail.baseBlock + block, text, partition)
      return answer === null
    })
    return answer ?? this.#inSegments(lo, hi, segment, text, partition)
  }

  /** An id of the form this node makes: it names its own place. */
  #ownId(text: string, partition: number): Stored | 'taken' {
    const match = /^-([0-9a-z]+)-([0-9a-z]+)$/.exec(text.slice(this.#parts.storeId.length))
    if (!match || Number.parseInt(match[1]!, 36) !== partition) return 'taken'
    const sequence = Number.parseInt(match[2]!, 36)
    const number = this.#parts.segments.blockOf(partition, sequence)
    if (number === null) return 'taken'
    const block = this.#parts.blockAt(number)
    return { block, row: sequence - block.firstSequence }
  }

  #inSegments(lo: number, hi: number, before: number, text: string, partition: number): Stored | null {
    const { log, segments, idsRemembered } = this.#parts
    this.#blooms ??= this.#loadBlooms()
    let left = idsRemembered
    for (let i = this.#blooms.length - 1; i >= 0 && left > 0; i--) {
      const { segment, bloom } = this.#blooms[i]!
      left -= (bloom.bytes.length * 8) / 10
      if (segment >= before || !bloom.has(lo, hi)) continue
      let stored: Stored | null = null
      eachEntry(log.kv, { kind: kinds.id, lo, hi, before: segment + 1, from: segment }, (_, block) => {
        stored = this.#inBlock(segments.at(segment).baseBlock + block, text, partition)
        return stored === null
      })
      if (stored) return stored
    }
    return null
  }

  #loadBlooms(): { segment: number; bloom: BloomFilter }[] {
    const rows = this.#parts.log.kv.scan('index', { gte: segmentKey(kinds.bloom, 0), lte: segmentKey(kinds.bloom, 0xffffffff) })
    return rows.keys.map((key, i) => ({ segment: segmentOf(key), bloom: new BloomFilter(0, rows.values[i]!.slice()) }))
  }

  #inBlock(number: number, id: string, partition: number): Stored | null {
    const block = this.#parts.blockAt(number)
    if (block.partition !== partition) return null
    for (let row = 0; row < block.count; row++) {
      const slice = idSliceOf(block.bytes, block.extrasStart(row), block.extrasEnd(row))
      if (slice && Buffer.prototype.utf8Slice.call(block.bytes, slice.start, slice.end) === id) return { block, row }
    }
    return null
  }

  /** Ids forgotten, but a numeric expectation that was met before: the stream itself remembers. */
  #asBefore(request: RequestView, partition: PartitionLog, outcome: Outcome): Known {
    const asked = numericallyExpected(request)
    if (!asked) return 'new'
    const { stream, expected, at, events } = asked
    const { words } = request
    const s = request.streamTable + stream * 4
    const actual = this.#parts.log.versions.of(words[s]!, words[s + 1]!, words[s + 2]!)
    if (actual < expected + events) return 'new'
    const found = this.#rowsBeside(request, { partition, stream, version: expected + 1, at })
    if (found === 'later') return 'later'
    return found && answersAsBefore(request, found, outcome) ? 'answered' : 'new'
  }

  /** The rows of a whole request, one of which is known: event `at` by its stream and version. Null when they are not there. */
  #rowsBeside(
    request: RequestView,
    one: { partition: PartitionLog; stream: number; version: number; at: number },
  ): (Stored | null)[] | 'later' | null {
    if (!(request.flags & WIDE)) return this.#rowsOf(request, 0, one.version - one.at, request.events)
    const rows = this.#rowsOf(request, one.stream, one.version, 1)
    if (rows === 'later' || rows === null) return rows
    const { block, row } = rows[0]!
    return this.#rowsFrom(one.partition, block.firstSequence + row - one.at, request.events)
  }

  /** As many rows of a stream of the request, from a version on; null when there are fewer. */
  #rowsOf(request: RequestView, stream: number, first: number, count: number): Stored[] | 'later' | null {
    const { words } = request
    const s = request.streamTable + stream * 4
    const { blocks } = this.#parts.segments.find({ kind: 'stream', lo: words[s]!, hi: words[s + 1]!, versionFrom: Math.max(1, first) })
    const name = request.streamName(stream)
    const found: Stored[] = []
    for (const number of blocks) {
      const block = this.#parts.blockAt(number)
      for (let row = 0; row < block.count && found.length < count; row++) {
        if (block.storedStreamOf(row) === name && block.versionAt(row) === first + found.length) found.push({ block, row })
      }
      if (found.length === count) return found
    }
    return this.#unlessUnseen()
  }

  /** As many rows of a partition, from a sequence on; null when there are fewer. */
  #rowsFrom(partition: PartitionLog, first: number, count: number): Stored[] | 'later' | null {
    const found: Stored[] = []
    while (found.length < count) {
      const number = this.#parts.segments.blockOf(partition.partition, first + found.length)
      if (number === null || first < 1) return this.#unlessUnseen()
      const block = this.#parts.blockAt(number)
      const from = first + found.length - block.firstSequence
      for (let row = from; row < block.count && found.length < count; row++) found.push({ block, row })
    }
    return found
  }

  /** What is written but not published is not found yet. */
  #unlessUnseen(): 'later' | null {
    const { log } = this.#parts
    return log.shared.committedBlocks < log.settledBlocks ? 'later' : null
  }
}

function duplicateId(outcome: Outcome, event: number): Known {
  outcome.status = DUPLICATE_EVENT_ID
  outcome.version = event
  return 'answered'
}
