/** Bytes of an event's `data`, and of its rarer parts (id, time, tags, metadata), both ways. */
import { isUtf8 } from 'node:buffer'
import { C1, pack, unpack, Unpackr } from 'msgpackr'
import { EventStoreError } from './error.ts'
import type { Encoding, NewEvent } from './event.ts'
import { isJson } from './json-scan.ts'
import type { Limits } from './limits.ts'
import { DEFAULT_SCOPE, localName, type Scope, scopedText, tenantOf } from './scope.ts'

/** Number of an encoding in blocks and requests. */
export const encodingNumbers = { json: 0, msgpack: 1, bytes: 2 } as const satisfies Record<Encoding, number>
export const encodings: readonly Encoding[] = ['json', 'msgpack', 'bytes']

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** At least a whole date, so that a number in quotes is not taken for a year. */
const ISO_DATE = /^[+-]?\d{4,6}-\d\d-\d\d/
const HAS_ID = 1
const HAS_TIME = 2
const HAS_TAGS = 4
const HAS_METADATA = 8
const HAS_KEY = 16
/** The length of a stored id is one byte. */
const ID_BYTES_MOST = 255

/** The rarer parts of a stored event. */
export interface Extras {
  readonly id?: string
  readonly time?: number
  readonly tags?: readonly string[]
  readonly metadata?: Readonly<Record<string, unknown>>
  /** The key that was claimed for its stream. */
  readonly partitionKey?: string
}

/** A text is JSON text still to be turned into UTF-8; bytes go as they are. */
export function encodeData(event: NewEvent, index: number, limits: Limits): { encoding: Encoding; data: string | Uint8Array } {
  const { data } = event
  const isBytes = data instanceof Uint8Array
  const encoding = event.encoding ?? (isBytes ? 'bytes' : 'json')
  if (isBytes) {
    if (encoding === 'json') checkJsonBytes(data, index, limits)
    else if (encoding === 'msgpack') tryUnpack(data, index)
    return { encoding, data }
  }
  if (encoding === 'bytes') throw invalid(index, 'data', 'must be a Uint8Array when encoding is "bytes"')
  if (encoding !== 'json' && encoding !== 'msgpack') throw invalid(index, 'encoding', 'must be json, msgpack or bytes')
  const text = stringify(data, index, 'data', limits)
  return encoding === 'json' ? { encoding, data: text } : { encoding, data: pack(JSON.parse(text)) }
}

/** `data` of a stored event. `bytes` are copied, so that a caller may keep them. */
export function decodeData(bytes: Uint8Array, start: number, end: number, encoding: Encoding): unknown {
  if (encoding === 'bytes') return new Uint8Array(bytes.subarray(start, end))
  if (encoding === 'msgpack') return unpackWhole(bytes.subarray(start, end))
  return JSON.parse(textOf(bytes, start, end))
}

/** UTF-8 of a slice; Buffer's own decoder is the fastest for short slices. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.prototype.utf8Slice.call(bytes, start, end)
}

/** JSON text of a field of an event; INVALID when it has none (functions, cycles, bigint), TOO_LARGE when nested too deeply. */
export function stringify(value: unknown, index: number, name: string, limits: Limits): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    if (cause instanceof RangeError) throw tooDeep(index, name, limits)
    throw invalid(index, name, `is not a JSON value: ${(cause as Error).message}`, cause)
  }
  if (text === undefined) throw invalid(index, name, 'is not a JSON value')
  if (typeof value === 'object' && value !== null && depthPasses(value, limits.jsonDepth)) throw tooDeep(index, name, limits)
  return text
}

function depthPasses(value: object, left: number): boolean {
  if (left === 0) return true
  for (const key in value) {
    const inner = (value as Record<string, unknown>)[key]
    if (typeof inner === 'object' && inner !== null && depthPasses(inner, left - 1)) return true
  }
  return false
}

/** Texts are made only when something is wrong: a field's name an event would cost as much as the event. */
function invalid(index: number, name: string, rule: string, cause?: unknown): EventStoreError {
  const field = `events[${index}].${name}`
  return new EventStoreError('INVALID', `${field} ${rule}`, { field }, { cause })
}

function tooDeep(index: number, name: string, limits: Limits): EventStoreError {
  const field = `events[${index}].${name}`
  return new EventStoreError('TOO_LARGE', `${field} is nested deeper than ${limits.jsonDepth}`, { field, limit: limits.jsonDepth })
}

/** Stepping over the bytes takes a third of the time of parsing them, and leaves no garbage; only what it does not pass is parsed, to say what is wrong. */
function checkJsonBytes(bytes: Uint8Array, index: number, limits: Limits): void {
  if (isUtf8(bytes) && isJson(bytes, limits.jsonDepth)) return
  let value: unknown
  try {
    value = JSON.parse(decoder.decode(bytes))
  } catch (cause) {
    throw invalid(index, 'data', `is not JSON text: ${(cause as Error).message}`, cause)
  }
  if (typeof value === 'object' && value !== null && depthPasses(value, limits.jsonDepth)) throw tooDeep(index, 'data', limits)
}

/** Throws for the byte that MessagePack never uses, which the library has an object for. */
function unpackWhole(bytes: Uint8Array): unknown {
  const value: unknown = unpack(bytes)
  if (value === C1) throw new TypeError('0xc1 is never used')
  return value
}

function tryUnpack(bytes: Uint8Array, index: number): void {
  try {
    unpackWhole(bytes)
  } catch (cause) {
    throw invalid(index, 'data', `is not MessagePack: ${(cause as Error).message}`, cause)
  }
}

/** Without references within it, what is read is a tree and never larger than its bytes. */
const treeUnpackr = new Unpackr({ useRecords: false, structuredClone: false })

/** The value in bytes of MessagePack that came from outside; throws what says why they are none. Its bytes may be views of these. */
export function unpackBytes(bytes: Uint8Array): unknown {
  return treeUnpackr.unpack(bytes)
}

/** A value as MessagePack, in bytes of its own. */
export function packBytes(value: unknown): Uint8Array {
  return new Uint8Array(pack(value))
}

/** Milliseconds since the epoch of a time as users give it; NaN when it is none. */
export function timeOf(time: number | Date | string): number {
  if (typeof time === 'number') return time
  return typeof time !== 'string' || ISO_DATE.test(time) ? new Date(time).getTime() : Number.NaN
}

/** True when an event has any of the rarer parts. */
export function hasExtras(event: NewEvent): boolean {
  return event.id !== undefined || event.time !== undefined || event.tags !== undefined || event.metadata !== undefined
}

/** Flags byte; id, in its stored form: length byte and UTF-8; time: float64; tags, metadata: uint32 length and JSON; then see `withKey`. */
export function encodeExtras(event: NewEvent, scope: Scope = DEFAULT_SCOPE): Uint8Array {
  const parts: Uint8Array[] = [new Uint8Array(1)]
  let flags = 0
  if (event.id !== undefined) {
    const id = Buffer.from(scopedText(scope, event.id))
    if (id.length > ID_BYTES_MOST) throw idTooLong(scope, Buffer.byteLength(event.id))
    flags |= HAS_ID
    parts.push(Uint8Array.of(id.length), id)
  }
  if (event.time !== undefined) {
    const time = Buffer.alloc(8)
    time.writeDoubleLE(timeOf(event.time))
    flags |= HAS_TIME
    parts.push(time)
  }
  if (event.tags !== undefined) {
    flags |= HAS_TAGS
    pushJson(parts, event.tags)
  }
  if (event.metadata !== undefined) {
    flags |= HAS_METADATA
    pushJson(parts, event.metadata)
  }
  parts[0]![0] = flags
  return Buffer.concat(parts)
}

function idTooLong(scope: Scope, actual: number): EventStoreError {
  const limit = ID_BYTES_MOST - Buffer.byteLength(scope)
  return new EventStoreError('TOO_LARGE', `an id of tenant ${tenantOf(scope)} has at most ${limit} bytes`, { field: 'id', limit, actual })
}

/** Encoded extras, or none, with a partition key behind them: uint16 length and UTF-8. */
export function withKey(extras: Uint8Array | null, key: Uint8Array): Uint8Array {
  const before = extras?.length ? extras : Uint8Array.of(0)
  const out = new Uint8Array(before.length + 2 + key.length)
  out.set(before)
  out[0] = before[0]! | HAS_KEY
  out[before.length] = key.length & 0xff
  out[before.length + 1] = key.length >>> 8
  out.set(key, before.length + 2)
  return out
}

function pushJson(parts: Uint8Array[], value: unknown): void {
  const json = Buffer.from(JSON.stringify(value))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(json.length)
  parts.push(length, json)
}

export function decodeExtras(bytes: Uint8Array, start: number, end: number): Extras {
  const out: { -readonly [Name in keyof Extras]: Extras[Name] } = {}
  if (start === end) return out
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, end - start)
  const flags = view.getUint8(0)
  let at = 1
  if (flags & HAS_ID) {
    const length = view.getUint8(at)
    out.id = localName(textOf(bytes, start + at + 1, start + at + 1 + length))
    at += 1 + length
  }
  if (flags & HAS_TIME) {
    out.time = view.getFloat64(at, true)
    at += 8
  }
  const json = (): unknown => {
    const length = view.getUint32(at, true)
    at += 4 + length
    return JSON.parse(textOf(bytes, start + at - length, start + at))
  }
  if (flags & HAS_TAGS) out.tags = json() as string[]
  if (flags & HAS_METADATA) out.metadata = json() as Record<string, unknown>
  if (flags & HAS_KEY) out.partitionKey = textOf(bytes, start + at + 2, start + at + 2 + view.getUint16(at, true))
  return out
}

/** Where the JSON text of the tags or the metadata lies in an encoded extras slice, or null when it has none. */
export function extrasJson(
  bytes: Uint8Array,
  start: number,
  end: number,
  part: 'tags' | 'metadata',
): { start: number; end: number } | null {
  const flags = start === end ? 0 : bytes[start]!
  if (!(flags & (part === 'tags' ? HAS_TAGS : HAS_METADATA))) return null
  let at = start + 1
  if (flags & HAS_ID) at += 1 + bytes[at]!
  if (flags & HAS_TIME) at += 8
  const lengthAt = (place: number): number =>
    (bytes[place]! | (bytes[place + 1]! << 8) | (bytes[place + 2]! << 16) | (bytes[place + 3]! << 24)) >>> 0
  if (part === 'metadata' && flags & HAS_TAGS) at += 4 + lengthAt(at)
  return { start: at + 4, end: at + 4 + lengthAt(at) }
}

/** Where the id's bytes lie in an encoded extras slice, or null when it has none. */
export function idSliceOf(bytes: Uint8Array, start: number, end: number): { start: number; end: number } | null {
  if (start === end || !(bytes[start]! & HAS_ID)) return null
  return { start: start + 2, end: start + 2 + bytes[start + 1]! }
}

/** Bytes that encoded extras take which begin at `start` and must end by `end`; −1 when they pass it or hold what is no JSON of its kind. */
export function extrasBytesIn(bytes: Uint8Array, start: number, end: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, end - start)
  try {
    const flags = view.getUint8(0)
    let at = 1
    if (flags & HAS_ID) at += 1 + view.getUint8(at)
    if (flags & HAS_TIME) at += 8
    for (const flag of [HAS_TAGS, HAS_METADATA]) if (flags & flag) at += 4 + view.getUint32(at, true)
    if (flags & HAS_KEY) at += 2 + view.getUint16(at, true)
    if (at !== view.byteLength) return -1
    const { tags, metadata } = decodeExtras(bytes, start, end)
    const isKnown = (tags === undefined || Array.isArray(tags)) && (metadata === undefined || typeof metadata === 'object')
    return isKnown ? at : -1
  } catch {
    return -1
  }
}
