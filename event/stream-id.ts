/** Rules of stream ids: what is allowed, which partition one lives in, which category it belongs to. */
import { EventStoreError } from './error.ts'
import type { StreamId } from './event.ts'
import type { Limits } from './limits.ts'
import { DEFAULT_SCOPE, localName, type Scope, scopeOf, tenantOf } from './scope.ts'

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc >>> 0
})
const encoder = new TextEncoder()

/** CRC-32 of the UTF-8 of a text, as `zlib.crc32`; a table here, because a call out of JavaScript costs more than a short key. */
export function crc32Text(text: string): number {
  let crc = 0xffffffff
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127) return crc32Bytes(encoder.encode(text))
    crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ code) & 255]!
  }
  return (crc ^ 0xffffffff) >>> 0
}

function crc32Bytes(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ bytes[i]!) & 255]!
  return (crc ^ 0xffffffff) >>> 0
}

const CLAIMS = '$key-'

/** The stream that holds the partition key claimed for another one; it lives where that one's own key leads. Both by their stored names. */
export function claimStreamOf(stream: StreamId): StreamId {
  return scopeOf(stream) + CLAIMS + localName(stream)
}

/**
 * What decides the partition: the part between the first `{` and the next `}` if not empty, else the whole id; behind `<tenant>/` unless the
 * stream is of the default tenant. Here and below, a stream is its stored name.
 */
export function partitionKeyOf(stream: StreamId): string {
  return storedKey(scopeOf(stream), ownKeyOf(stream))
}

function storedKey(scope: Scope, key: string): string {
  return scope === DEFAULT_SCOPE ? key : `${tenantOf(scope)}/${key}`
}

/** The partition key of a stream within its tenant, by its name alone. */
export function ownKeyOf(stream: StreamId): string {
  const local = localName(stream)
  return keyWithin(local.charCodeAt(0) === 36 && local.startsWith(CLAIMS) ? local.slice(CLAIMS.length) : local)
}

function keyWithin(stream: StreamId): string {
  const open = stream.indexOf('{')
  if (open < 0) return stream
  const close = stream.indexOf('}', open + 1)
  return close > open + 1 ? stream.slice(open + 1, close) : stream
}

/** The one partition a stream lives in. */
export function partitionOf(stream: StreamId, partitions: number): number {
  return crc32Text(partitionKeyOf(stream)) % partitions
}

/** The partition that a key of a tenant leads to. */
export function partitionOfKey(key: string, scope: Scope, partitions: number): number {
  return crc32Text(storedKey(scope, key)) % partitions
}

/** Text before the first `-` of the id with braces removed; the whole id when there is no dash. */
export function categoryOf(stream: StreamId): string {
  const plain = localName(stream).replace(/[{}]/g, '')
  const dash = plain.indexOf('-')
  return dash < 0 ? plain : plain.slice(0, dash)
}

/** True for the system's own streams. */
export function isSystemStream(stream: StreamId): boolean {
  return (stream.charCodeAt(0) === 0 ? localName(stream) : stream).charCodeAt(0) === 36
}

/** Throws INVALID or TOO_LARGE when a text can not name a stream. */
export function checkStreamId(stream: unknown, limits: Limits, field = 'stream'): asserts stream is StreamId {
  checkName(stream, limits, field)
  if (stream === '.' || stream === '..') throw new EventStoreError('INVALID', `${field} may not be "${stream}"`, { field })
}

/** Throws INVALID or TOO_LARGE when a text can not be a partition key: as for streams, but for the dots. */
export function checkPartitionKey(key: unknown, limits: Limits): asserts key is string {
  checkName(key, limits, 'partitionKey')
}

function checkName(name: unknown, limits: Limits, field: string): asserts name is string {
  if (typeof name !== 'string' || name.length === 0)
    throw new EventStoreError('INVALID', `${field} must be a text of at least one character`, { field })
  const bytes = name.length * 3 > limits.streamIdBytes ? encoder.encode(name).length : 0
  if (bytes > limits.streamIdBytes) {
    throw new EventStoreError('TOO_LARGE', `${field} is longer than ${limits.streamIdBytes} bytes`, {
      field,
      limit: limits.streamIdBytes,
      actual: bytes,
    })
  }
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i)
    if (code < 32 || (code >= 127 && code < 160))
      throw new EventStoreError('INVALID', `${field} may not hold control characters`, { field })
    if (code >= 0xd800 && code < 0xe000 && !name.isWellFormed())
      throw new EventStoreError('INVALID', `${field} must be well-formed Unicode`, { field })
  }
}
