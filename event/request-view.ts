/** A request as the partition reads it, in the layout of `request-layout.ts`. */
import { EXTRAS, pad4, REQUEST_HEADER_BYTES, type RequestTarget, STAMPS, WIDE, Word } from './request.ts'

/** A request as the partition reads it: numbers of its regions, no copy. Reused from request to request. */
export class RequestView {
  words!: Uint32Array
  bytes!: Uint8Array
  request = 0
  partition = 0
  durability = 0
  flags = 0
  expected = 0
  events = 0
  streams = 0
  types = 0
  firstStamp = 0
  producerSequence = 0
  producerBytes = 0
  /** Word of the first stream, type, event, extras length, stamp distance, expectation. */
  streamTable = 0
  typeTable = 0
  eventTable = 0
  extrasTable = 0
  stampTable = 0
  expectedTable = 0
  /** Byte of the names, the payload, the extras, the terms. */
  names = 0
  payload = 0
  payloadBytes = 0
  extras = 0
  nameBytes = 0
  terms = 0
  termsBytes = 0

  read(target: RequestTarget, at: number): this {
    const { words } = target
    const w = at >>> 2
    this.words = words
    this.bytes = target.bytes
    this.request = words[w + Word.request]!
    const place = words[w + Word.place]!
    this.partition = place & 0xffff
    this.durability = (place >>> 16) & 0xff
    this.flags = place >>> 24
    this.expected = words[w + Word.expected]! | 0
    this.events = words[w + Word.events]!
    this.streams = words[w + Word.streams]!
    this.types = words[w + Word.types]!
    this.firstStamp = target.floats[(at + Word.firstStamp * 4) >>> 3]!
    this.producerSequence = target.floats[(at + Word.producerSequence * 4) >>> 3]!
    this.producerBytes = words[w + Word.producerBytes]!
    this.nameBytes = words[w + Word.nameBytes]!
    this.payloadBytes = words[w + Word.payloadBytes]!
    this.streamTable = w + REQUEST_HEADER_BYTES / 4
    this.typeTable = this.streamTable + this.streams * 4
    this.eventTable = this.typeTable + this.types
    this.extrasTable = this.eventTable + this.events * 2
    this.stampTable = this.extrasTable + (this.flags & EXTRAS ? this.events : 0)
    this.expectedTable = this.stampTable + (this.flags & STAMPS ? this.events : 0)
    const end = this.expectedTable + (this.flags & WIDE ? this.streams : 0)
    this.names = end << 2
    this.payload = this.names + pad4(this.nameBytes)
    this.extras = this.payload + pad4(this.payloadBytes)
    this.termsBytes = words[w + Word.termsBytes]!
    this.terms = this.extras + pad4(words[w + Word.extrasBytes]!)
    return this
  }

  /** Name of a stream by its number. */
  streamName(stream: number): string {
    let start = this.names
    for (let i = 0; i < stream; i++) start += this.words[this.streamTable + i * 4 + 3]!
    return Buffer.prototype.utf8Slice.call(this.bytes, start, start + this.words[this.streamTable + stream * 4 + 3]!)
  }

  /** Number of the stream of an event. */
  streamOf(event: number): number {
    return this.words[this.eventTable + event * 2]! & 0xffff
  }

  /** What a stream must be at: −1 for anything, −2 for any events, else its version. */
  expectedOf(stream: number): number {
    return this.flags & WIDE ? this.words[this.expectedTable + stream]! | 0 : this.expected
  }

  /** The producer's name, '' when there is none. */
  producer(): string {
    if (this.producerBytes === 0) return ''
    const end = this.names + this.nameBytes
    return Buffer.prototype.utf8Slice.call(this.bytes, end - this.producerBytes, end)
  }
}
