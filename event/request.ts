/** Makes requests: collects the events of one append for one partition, in the layout of `request-layout.ts`. */
import { copyBytes } from './copy-bytes.ts'
import type { Stamp } from './event.ts'
import type { TextHash } from './hash.ts'
import { answersFor } from './outcome.ts'
import { withKey } from './payload.ts'
import {
  type CLAIM,
  EXTRAS,
  IDS,
  KEYED,
  pad4,
  PRODUCER,
  REQUEST_HEADER_BYTES,
  type RequestHead,
  type RequestTarget,
  type RequestWriter,
  type SealedRequest,
  STAMPS,
  WIDE,
  Word,
} from './request-layout.ts'

export * from './request-layout.ts'

const NOTHING = new Uint8Array(0)

/** Node's own writer of UTF-8 at a place, which its types leave out. */
type TextBuffer = Buffer & { utf8Write(text: string, at: number): number }

/** Collects the events of one request for one partition, then writes it out in one go. Reused from request to request. */
export class RequestBuilder implements RequestWriter {
  events = 0
  payloadBytes = 0
  #payload: TextBuffer
  #words: Uint32Array
  #stamps: Uint32Array
  #extras: Uint8Array[] = []
  #extrasBytes = 0
  #hasIds = false
  #names: TextBuffer
  /** The first `#streamCount` are of this request, the rest were of others. */
  readonly #streams: { name: string; lo: number; hi: number; check: number; bytes: number }[] = []
  #streamCount = 0
  #streamNumbers = new Map<string, number>()
  readonly #types: { name: string; bytes: number }[] = []
  #typeCount = 0
  #namesEnd = 0
  readonly #sealed = { bytes: 0, nameBytes: 0, producerBytes: 0, answers: 1 }
  #stampBase = -1
  #stampsUsed = false
  #expected: readonly number[] | null = null
  #terms: Uint8Array = NOTHING
  #flags = 0

  /** `bytes`: room at first; one that serves a single small request needs little. */
  constructor(bytes = 1 << 16) {
    this.#payload = Buffer.allocUnsafeSlow(bytes) as TextBuffer
    this.#names = Buffer.allocUnsafeSlow(bytes >>> 2) as TextBuffer
    this.#words = new Uint32Array(bytes >>> 6)
    this.#stamps = new Uint32Array(bytes >>> 7)
  }

  clear(): void {
    this.events = 0
    this.payloadBytes = 0
    this.#extras.length = 0
    this.#extrasBytes = 0
    this.#hasIds = false
    this.#streamCount = 0
    if (this.#streamNumbers.size > 0) this.#streamNumbers.clear()
    this.#typeCount = 0
    this.#stampBase = -1
    this.#stampsUsed = false
    this.#expected = null
    this.#terms = NOTHING
    this.#flags = 0
  }

  /** An expectation for each stream, in the order of their numbers, and conditions on the events of the key. */
  widen(expected: readonly number[], terms: Uint8Array = NOTHING): void {
    this.#expected = expected
    this.#terms = terms
  }

  /** Sets CLAIM or KEYED. */
  mark(flag: typeof CLAIM | typeof KEYED): void {
    this.#flags |= flag
  }

  /** Writes the key that was claimed for some streams into their events; `isKeyed` by number of the stream. */
  key(key: Uint8Array, isKeyed: (stream: number) => boolean): void {
    for (let i = 0; i < this.events; i++) if (isKeyed(this.#words[i * 2]! & 0xffff)) this.#keyEvent(i, key)
    this.mark(KEYED)
  }

  /** The same for the event added last. */
  keyLast(key: Uint8Array): void {
    this.#keyEvent(this.events - 1, key)
    this.mark(KEYED)
  }

  #keyEvent(event: number, key: Uint8Array): void {
    while (this.#extras.length <= event) this.#extras.push(NOTHING)
    const before = this.#extras[event]!
    const after = withKey(before, key)
    this.#extras[event] = after
    this.#extrasBytes += after.length - before.length
  }

  /** Number of a stream in this request; `hash` is the node's keyed hash. */
  stream(name: string, hash: TextHash): number {
    const number = this.#streamCount
    if (number > 0) {
      const known = number === 1 ? (this.#streams[0]!.name === name ? 0 : undefined) : this.#streamNumbers.get(name)
      if (known !== undefined) return known
      if (number === 1) this.#streamNumbers.set(this.#streams[0]!.name, 0)
      this.#streamNumbers.set(name, number)
    }
    hash.text(name)
    if (number === this.#streams.length) this.#streams.push({ name, lo: 0, hi: 0, check: 0, bytes: 0 })
    const stream = this.#streams[number]!
    stream.name = name
    stream.lo = hash.lo
    stream.hi = hash.hi
    stream.check = hash.check
    this.#streamCount++
    return number
  }

  /** Number of a type in this request. */
  type(name: string): number {
    for (let i = 0; i < this.#typeCount; i++) if (this.#types[i]!.name === name) return i
    if (this.#typeCount === this.#types.length) this.#types.push({ name, bytes: 0 })
    this.#types[this.#typeCount]!.name = name
    return this.#typeCount++
  }

  /** Bytes of data and extras gathered so far. */
  get gatheredBytes(): number {
    return this.payloadBytes + this.#extrasBytes
  }

  /** Adds one event; returns the UTF-8 bytes of its data. `stamp` only where events of one request do not have consecutive stamps. */
  add(stream: number, type: number, encoding: number, data: string | Uint8Array, extras: Uint8Array | null, stamp: Stamp): number {
    const at = this.events
    if (at * 2 + 2 > this.#words.length) this.#growWords()
    const bytes = typeof data === 'string' ? this.#writeText(data) : this.#writeBytes(data)
    this.#words[at * 2] = stream | (type << 16)
    this.#words[at * 2 + 1] = bytes | (encoding << 30)
    if (this.#stampBase < 0) this.#stampBase = stamp
    const distance = stamp - this.#stampBase
    this.#stamps[at] = distance
    if (distance !== at) this.#stampsUsed = true
    if (extras || this.#extras.length > 0) {
      while (this.#extras.length < at) this.#extras.push(NOTHING)
      this.#extras.push(extras ?? NOTHING)
      if (extras) {
        this.#extrasBytes += extras.length
        if (extras[0]! & 1) this.#hasIds = true
      }
    }
    this.events++
    return bytes
  }

  #growWords(): void {
    const words = new Uint32Array(this.#words.length * 2)
    words.set(this.#words)
    this.#words = words
    const stamps = new Uint32Array(words.length / 2)
    stamps.set(this.#stamps)
    this.#stamps = stamps
  }

  #room(bytes: number): void {
    if (this.payloadBytes + bytes <= this.#payload.length) return
    const payload = Buffer.allocUnsafeSlow(Math.max(this.#payload.length * 2, this.payloadBytes + bytes)) as TextBuffer
    payload.set(this.#payload.subarray(0, this.payloadBytes))
    this.#payload = payload
  }

  #writeText(text: string): number {
    this.#room(text.length * 3)
    const bytes = this.#payload.utf8Write(text, this.payloadBytes)
    this.payloadBytes += bytes
    return bytes
  }

  #writeBytes(data: Uint8Array): number {
    this.#room(data.length)
    this.#payload.set(data, this.payloadBytes)
    this.payloadBytes += data.length
    return data.length
  }

  /** Writes a name behind those before and tells how many bytes it takes. */
  #writeName(name: string): number {
    const at = this.#namesEnd
    if (at + name.length * 3 > this.#names.length) {
      const names = Buffer.allocUnsafeSlow(Math.max(this.#names.length * 2, at + name.length * 3)) as TextBuffer
      names.set(this.#names.subarray(0, at))
      this.#names = names
    }
    const bytes = this.#names.utf8Write(name, at)
    this.#namesEnd = at + bytes
    return bytes
  }

  /** Closes the request: `bytes` is what `writeTo` will take. Valid until the next call. */
  seal(producer = ''): SealedRequest {
    this.#namesEnd = 0
    for (let i = 0; i < this.#streamCount; i++) this.#streams[i]!.bytes = this.#writeName(this.#streams[i]!.name)
    for (let i = 0; i < this.#typeCount; i++) this.#types[i]!.bytes = this.#writeName(this.#types[i]!.name)
    const sealed = this.#sealed
    sealed.producerBytes = producer === '' ? 0 : this.#writeName(producer)
    sealed.nameBytes = this.#namesEnd
    while (this.#extras.length > 0 && this.#extras.length < this.events) this.#extras.push(NOTHING)
    const words = 2 + (this.#extras.length > 0 ? 1 : 0) + (this.#stampsUsed ? 1 : 0)
    const tables = this.#streamCount * (this.#expected ? 5 : 4) + this.#typeCount + this.events * words
    const terms = pad4(this.#extrasBytes) + this.#terms.length
    sealed.answers = this.#expected && this.#streamCount > 1 ? answersFor(this.#streamCount) : 1
    sealed.bytes = REQUEST_HEADER_BYTES + tables * 4 + pad4(sealed.nameBytes) + pad4(this.payloadBytes) + pad4(terms)
    return sealed
  }

  /** Writes the sealed request at byte `at` (a multiple of 8) of `target`. */
  writeTo(target: RequestTarget, at: number, sealed: SealedRequest, head: RequestHead): void {
    const { words, bytes } = target
    const extras = this.#extras.length > 0
    const flags =
      this.#flags |
      (extras ? EXTRAS : 0) |
      (this.#stampsUsed ? STAMPS : 0) |
      (sealed.producerBytes > 0 ? PRODUCER : 0) |
      (this.#hasIds ? IDS : 0) |
      (this.#expected ? WIDE : 0)
    const w = at >>> 2
    words[w + Word.total] = sealed.bytes
    words[w + Word.request] = head.request
    words[w + Word.place] = head.partition | (head.durability << 16) | (flags << 24)
    words[w + Word.expected] = head.expected
    words[w + Word.events] = this.events
    words[w + Word.streams] = this.#streamCount
    words[w + Word.types] = this.#typeCount
    words[w + Word.nameBytes] = sealed.nameBytes
    words[w + Word.payloadBytes] = this.payloadBytes
    words[w + Word.extrasBytes] = this.#extrasBytes
    words[w + Word.producerBytes] = sealed.producerBytes
    words[w + Word.termsBytes] = this.#terms.length
    target.floats[(at + Word.firstStamp * 4) >>> 3] = head.firstStamp
    target.floats[(at + Word.producerSequence * 4) >>> 3] = head.producerSequence
    let next = w + 16
    for (let i = 0; i < this.#streamCount; i++) {
      const stream = this.#streams[i]!
      words[next] = stream.lo
      words[next + 1] = stream.hi
      words[next + 2] = stream.check
      words[next + 3] = stream.bytes
      next += 4
    }
    for (let i = 0; i < this.#typeCount; i++) words[next++] = this.#types[i]!.bytes
    const own = this.#words
    for (let i = 0, n = this.events * 2; i < n; i++) words[next++] = own[i]!
    if (extras) for (const part of this.#extras) words[next++] = part.length
    if (this.#stampsUsed) for (let i = 0; i < this.events; i++) words[next++] = this.#stamps[i]!
    if (this.#expected) for (const expected of this.#expected) words[next++] = expected
    let byte = next << 2
    copyBytes(this.#names, 0, sealed.nameBytes, bytes, byte)
    byte += pad4(sealed.nameBytes)
    copyBytes(this.#payload, 0, this.payloadBytes, bytes, byte)
    byte += pad4(this.payloadBytes)
    for (const part of this.#extras) {
      bytes.set(part, byte)
      byte += part.length
    }
    if (this.#terms.length > 0) bytes.set(this.#terms, pad4(byte))
  }
}
