/** An append on its way to a partition: a header table and one payload region, no object an event. Layout in 32-bit words:
 *
 *     header (16)   total bytes · request · partition, durability, flags · expected · events · streams · types · name bytes ·
 *                   payload bytes · extras bytes · first stamp (f64) · producer sequence (f64) · producer bytes · terms bytes
 *     streams (4)   hash lo, hi, check · name bytes
 *     types (1)     name bytes
 *     events (2)    stream | type << 16 · data bytes | encoding << 30
 *     extras (1)    bytes of each event's extras, only with EXTRAS
 *     stamps (1)    distance of each event's stamp from the first, only with STAMPS
 *     expected (1)  what each stream must be at, only with WIDE; streams without events are among the others
 *     names, payload, extras, terms: bytes, each region padded to 4
 */
import type { Stamp } from './event.ts'

export const REQUEST_HEADER_BYTES = 64
export const EXTRAS = 1
export const STAMPS = 2
export const PRODUCER = 4
export const IDS = 8
/** Each stream has an expectation of its own, and there may be terms: conditions as JSON. */
export const WIDE = 16
/** Some of its streams go by a key that was claimed for them, so that they are not looked for under their own. */
export const KEYED = 32
/** Claims a key for a stream. */
export const CLAIM = 64

/** Word numbers of the header. */
export const Word = {
  total: 0,
  request: 1,
  place: 2,
  expected: 3,
  events: 4,
  streams: 5,
  types: 6,
  nameBytes: 7,
  payloadBytes: 8,
  extrasBytes: 9,
  firstStamp: 10,
  producerSequence: 12,
  producerBytes: 14,
  termsBytes: 15,
} as const

export const pad4 = (bytes: number): number => (bytes + 3) & ~3
export const pad8 = (bytes: number): number => (bytes + 7) & ~7

export interface SealedRequest {
  readonly bytes: number
  readonly nameBytes: number
  readonly producerBytes: number
  /** Slots that the answer takes at most. */
  readonly answers: number
}

/** What is only known when the request is sent. */
export interface RequestHead {
  readonly request: number
  readonly partition: number
  /** Number of the durability, see `durabilities`. */
  readonly durability: number
  readonly expected: number
  readonly firstStamp: Stamp
  readonly producerSequence: number
}

/** What can write a sealed request down: at byte `at`, a multiple of 8. */
export interface RequestWriter {
  writeTo(target: RequestTarget, at: number, sealed: SealedRequest, head: RequestHead): void
}

/** Three views of the same bytes. */
export interface RequestTarget {
  readonly words: Uint32Array
  readonly floats: Float64Array
  readonly bytes: Uint8Array
}

export function targetOf(buffer: ArrayBufferLike): RequestTarget {
  return { words: new Uint32Array(buffer), floats: new Float64Array(buffer), bytes: new Uint8Array(buffer) }
}

/** In the order of their numbers. */
export const durabilities = ['memory', 'os', 'disk', 'quorum'] as const
