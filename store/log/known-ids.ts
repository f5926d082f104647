/** Which given event ids a shard holds already: the open group in a set, the tail in memory, finished segments behind Bloom filters. */
import type { TextHash } from '../../event/hash.ts'
import { DUPLICATE_EVENT_ID, type Outcome, STORED } from '../../event/outcome.ts'
import { idSliceOf } from '../../event/payload.ts'
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
import { extrasBytesOf } from './block-builder.ts'

interface Stored {
  readonly block: Block
  readonly row: number
}

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
    let any = -1
    for (let i = 0; i < request.events; i++) {
      const size = extrasBytesOf(request, i)
      const id = idSliceOf(bytes, extras, extras + size)
      extras += size
      const stored = id ? this.#find(bytes, id.start, id.end, partition.partition) : null
      if (stored === 'later') return 'later'
      if (stored === 'taken') return duplicateId(outcome, i)
      if (stored && any < 0) any = i
      found.push(stored)
    }
    if (any < 0) return this.#asBefore(request, outcome)
    // Events without ids are known by what stands beside those that have one.
    const first = found[any]!
    const rows = found.includes(null) ? this.#rowsOf(request, first.block.versionAt(first.row) - any) : found
    if (rows === 'later') return 'later'
    return rows && this.#sameRequest(request, rows, outcome) ? 'answered' : duplicateId(outcome, any)
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
  #asBefore(request: RequestView, outcome: Outcome): Known {
    const { words, streamTable } = request
    if (request.expected < 0) return 'new'
    const { versions } = this.#parts.log
    const actual = versions.of(words[streamTable]!, words[streamTable + 1]!, words[streamTable + 2]!)
    if (actual < request.expected + request.events) return 'new'
    const found = this.#rowsOf(request, request.expected + 1)
    if (found === 'later') return 'later'
    return found && this.#sameRequest(request, found, outcome) ? 'answered' : 'new'
  }

  /** As many rows of the request's first stream as it has events, from a version on; null when there are fewer. */
  #rowsOf(request: RequestView, first: number): Stored[] | 'later' | null {
    const { words, streamTable } = request
    const { log, segments } = this.#parts
    const { blocks } = segments.find({
      kind: 'stream',
      lo: words[streamTable]!,
      hi: words[streamTable + 1]!,
      versionFrom: Math.max(1, first),
    })
    const name = Buffer.prototype.utf8Slice.call(request.bytes, request.names, request.names + words[streamTable + 3]!)
    const found: Stored[] = []
    for (const number of blocks) {
      const block = this.#parts.blockAt(number)
      for (let row = 0; row < block.count && found.length < request.events; row++) {
        if (block.storedStreamOf(row) === name && block.versionAt(row) === first + found.length) found.push({ block, row })
      }
      if (found.length === request.events) return found
    }
    // What is written but not published is not found yet.
    return log.shared.committedBlocks < log.settledBlocks ? 'later' : null
  }

  /** Compares everything; on success the outcome is the first answer. */
  #sameRequest(request: RequestView, found: readonly (Stored | null)[], outcome: Outcome): boolean {
    const first = found[0]
    if (!first) return false
    const name = Buffer.prototype.utf8Slice.call(request.bytes, request.names, request.names + request.words[request.streamTable + 3]!)
    let payload = request.payload
    let extras = request.extras
    const version = first.block.versionAt(first.row)
    for (let i = 0; i < request.events; i++) {
      const stored = found[i]
      const size = request.words[request.eventTable + i * 2 + 1]!
      const dataEnd = payload + (size & 0x3fffffff)
      const extrasEnd = extras + extrasBytesOf(request, i)
      if (!stored) return false
      const { block, row } = stored
      if (block.storedStreamOf(row) !== name || block.versionAt(row) !== version + i || typeOf(request, i) !== block.typeOf(row))
        return false
      if (Buffer.compare(request.bytes.subarray(payload, dataEnd), block.bytes.subarray(block.dataStart(row), block.dataEnd(row))) !== 0)
        return false
      if (
        Buffer.compare(request.bytes.subarray(extras, extrasEnd), block.bytes.subarray(block.extrasStart(row), block.extrasEnd(row))) !== 0
      )
        return false
      payload = dataEnd
      extras = extrasEnd
    }
    const last = found[found.length - 1]!
    outcome.status = STORED
    outcome.firstVersion = version
    outcome.version = version + request.events - 1
    outcome.firstSequence = first.block.firstSequence + first.row
    outcome.sequence = last.block.firstSequence + last.row
    outcome.stamp = last.block.stampAt(last.row)
    return true
  }
}

function duplicateId(outcome: Outcome, event: number): Known {
  outcome.status = DUPLICATE_EVENT_ID
  outcome.version = event
  return 'answered'
}

function typeOf(request: RequestView, event: number): string {
  const { words } = request
  const type = words[request.eventTable + event * 2]! >>> 16
  let at = request.names
  for (let i = 0; i < request.streams; i++) at += words[request.streamTable + i * 4 + 3]!
  for (let i = 0; i < type; i++) at += words[request.typeTable + i]!
  return Buffer.prototype.utf8Slice.call(request.bytes, at, at + words[request.typeTable + type]!)
}
