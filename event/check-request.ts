/**
 * Looks through a request that came from another node before a partition reads it: whoever wrote it, nothing in it leads a reader out of its bytes,
 * and every name has the hash that stands beside it.
 */
import { encodings, extrasBytesIn } from './payload.ts'
import type { TextHash } from './hash.ts'
import {
  CLAIM,
  durabilities,
  EXTRAS,
  IDS,
  KEYED,
  pad4,
  PRODUCER,
  REQUEST_HEADER_BYTES,
  type RequestTarget,
  STAMPS,
  WIDE,
  Word,
} from './request-layout.ts'
import { RequestView } from './request-view.ts'

/** What a request may hold at most. */
export interface RequestBounds {
  readonly partitions: number
  readonly requestEvents: number
  readonly requestStreams: number
  readonly streamHash: TextHash
}

const FLAGS = EXTRAS | STAMPS | PRODUCER | IDS | WIDE | KEYED | CLAIM
/** Above it, stamps of events in a row would not differ. */
const STAMP_MOST = Number.MAX_SAFE_INTEGER - 2 ** 33
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What is wrong with the request that fills a buffer's first `bytes`; null when nothing is. */
export function wrongWith(target: RequestTarget, bytes: number, bounds: RequestBounds): string | null {
  if (bytes < REQUEST_HEADER_BYTES || bytes > target.bytes.length) return 'its header is not whole'
  const { words } = target
  if (words[Word.total] !== bytes) return 'its length is another'
  const counts = [words[Word.streams]!, words[Word.types]!, words[Word.events]!]
  // Before anything is computed of them: a view's numbers are of 32 bits.
  if (counts.some(count => count === 0 || count > 0xffff)) return 'it has no streams, types or events, or too many'
  const view = new RequestView().read(target, 0)
  return wrongHead(view, bounds) ?? wrongSize(view, bytes) ?? wrongEvents(view) ?? wrongNames(view, bounds.streamHash) ?? wrongTerms(view)
}

function wrongHead(view: RequestView, { partitions, requestEvents, requestStreams }: RequestBounds): string | null {
  if (view.partition >= partitions) return 'there is no such partition'
  if (view.durability >= durabilities.length) return 'there is no such durability'
  if (view.flags & ~FLAGS) return 'it has flags that nobody knows'
  if (view.events > requestEvents || view.streams > requestStreams) return 'it has too many events or streams'
  if (!isWhole(view.firstStamp, STAMP_MOST) || !isWhole(view.producerSequence, Number.MAX_SAFE_INTEGER)) return 'its numbers are none'
  if (view.producerBytes > 0 !== (view.flags & PRODUCER) > 0) return 'it has half a producer'
  return null
}

const isWhole = (value: number, most: number): boolean => Number.isSafeInteger(value) && value >= 0 && value <= most

/** Regions as numbers that do not wrap; what a view computes is of 32 bits where they are. */
function wrongSize(view: RequestView, bytes: number): string | null {
  const { words, nameBytes, payloadBytes, termsBytes, names } = view
  const extras = words[Word.extrasBytes]!
  if (names > bytes) return 'its tables pass its end'
  for (const region of [nameBytes, payloadBytes, extras, termsBytes]) if (region > bytes) return 'a region passes its end'
  if (names + pad4(nameBytes) + pad4(payloadBytes) + pad4(extras) + termsBytes > pad4(bytes)) return 'its regions pass its end'
  const text = sumOf(view, view.streamTable + 3, 4, view.streams) + sumOf(view, view.typeTable, 1, view.types) + view.producerBytes
  return text === nameBytes ? null : 'its names are not as long as they are said to be'
}

function sumOf({ words }: RequestView, from: number, step: number, count: number): number {
  let sum = 0
  for (let i = 0; i < count; i++) sum += words[from + i * step]!
  return sum
}

function wrongEvents(view: RequestView): string | null {
  const { words, eventTable, extrasTable, stampTable, flags } = view
  let payload = 0
  let extras = view.extras
  const extrasEnd = view.extras + words[Word.extrasBytes]!
  for (let i = 0; i < view.events; i++) {
    const pair = words[eventTable + i * 2]!
    const size = words[eventTable + i * 2 + 1]!
    if ((pair & 0xffff) >= view.streams || pair >>> 16 >= view.types) return 'an event is of no stream or type'
    if (size >>> 30 >= encodings.length) return 'an event has an encoding that nobody knows'
    payload += size & 0x3fffffff
    if (flags & EXTRAS) {
      const length = words[extrasTable + i]!
      if (extras + length > extrasEnd) return 'the extras of an event pass their end'
      if (length > 0 && extrasBytesIn(view.bytes, extras, extras + length) !== length) return 'the extras of an event are none'
      extras += length
    }
    if (flags & STAMPS && i > 0 && words[stampTable + i]! <= words[stampTable + i - 1]!) return 'its stamps do not rise'
  }
  if (payload !== view.payloadBytes) return 'its data is not as long as it is said to be'
  return flags & EXTRAS && extras !== extrasEnd ? 'its extras are not as long as they are said to be' : null
}

function wrongNames(view: RequestView, hash: TextHash): string | null {
  const { words, bytes, streamTable, typeTable } = view
  let at = view.names
  for (let i = 0; i < view.streams; i++) {
    const s = streamTable + i * 4
    const end = at + words[s + 3]!
    const { lo, hi, check } = hash.bytes(bytes, at, end)
    if (end === at || lo !== words[s] || hi !== words[s + 1] || check !== words[s + 2]) return 'a stream has the hash of another'
    if (!isText(bytes, at, end)) return 'the name of a stream is no text'
    at = end
  }
  for (let i = 0; i < view.types; i++) {
    const end = at + words[typeTable + i]!
    if (end === at || !isText(bytes, at, end)) return 'the name of a type is no text'
    at = end
  }
  return isText(bytes, at, at + view.producerBytes) ? null : 'its producer is no text'
}

function isText(bytes: Uint8Array, start: number, end: number): boolean {
  try {
    decoder.decode(bytes.subarray(start, end))
    return true
  } catch {
    return false
  }
}

function wrongTerms({ bytes, terms, termsBytes }: RequestView): string | null {
  if (termsBytes === 0) return null
  try {
    return isTerms(JSON.parse(decoder.decode(bytes.subarray(terms, terms + termsBytes)))) ? null : 'its conditions are none'
  } catch {
    return 'its conditions are no JSON'
  }
}

function isTerms(value: unknown): boolean {
  const { scope, key, queries } = value as Record<string, unknown>
  return typeof scope === 'string' && typeof key === 'string' && Array.isArray(queries) && queries.length > 0 && queries.every(isQuery)
}

function isQuery(value: unknown): boolean {
  const { condition, types, tags, after } = value as Record<string, unknown>
  const { stamp, partition, sequence } = after as Record<string, unknown>
  return Number.isSafeInteger(condition) && isTexts(types) && isTexts(tags) && [stamp, partition, sequence].every(Number.isFinite)
}

function isTexts(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length > 0 && value.every(text => typeof text === 'string'))
}
