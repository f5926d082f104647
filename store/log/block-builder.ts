/** Fills one block after the other from requests, and turns a full one into bytes. One a partition, reused for ever. */
import { copyBytes } from '../../event/copy-bytes.ts'
import { EXTRAS, STAMPS } from '../../event/request.ts'
import { type RequestView } from '../../event/request-view.ts'
import { BLOCK_EVENTS_MAX, BLOCK_EXTRAS, BLOCK_HEADER_BYTES, BLOCK_PAYLOAD_BYTES } from './block.ts'
import { plainRoom, withHeader } from './block-seal.ts'
import type { BlockParts } from './block-terms.ts'

type Room = Buffer<ArrayBuffer>

const SLOTS = 256

export class BlockBuilder {
  readonly partition: number
  count = 0
  firstSequence = 0
  /** Distinct streams of the block: hash words and last version, for the index. */
  streams = 0
  readonly streamLo = new Uint32Array(BLOCK_EVENTS_MAX)
  readonly streamHi = new Uint32Array(BLOCK_EVENTS_MAX)
  readonly streamCheck = new Uint32Array(BLOCK_EVENTS_MAX)
  readonly streamVersion = new Uint32Array(BLOCK_EVENTS_MAX)
  readonly #slots = new Uint8Array(SLOTS)
  readonly #stamps = new Float64Array(BLOCK_EVENTS_MAX)
  readonly #versions = new Uint32Array(BLOCK_EVENTS_MAX)
  readonly #kinds = new Uint32Array(BLOCK_EVENTS_MAX)
  readonly #dataEnds = new Uint32Array(BLOCK_EVENTS_MAX)
  readonly #extraEnds = new Uint32Array(BLOCK_EVENTS_MAX)
  readonly #streamEnds = new Uint32Array(BLOCK_EVENTS_MAX)
  readonly #typeEnds = new Uint32Array(BLOCK_EVENTS_MAX)
  #streamNames = Buffer.allocUnsafeSlow(4096)
  #typeNames = Buffer.allocUnsafeSlow(1024)
  #types = 0
  #payload = Buffer.allocUnsafeSlow(BLOCK_PAYLOAD_BYTES * 2)
  #payloadBytes = 0
  #extras = Buffer.allocUnsafeSlow(256)
  #extrasBytes = 0

  constructor(partition: number) {
    this.partition = partition
  }

  get full(): boolean {
    return this.count === BLOCK_EVENTS_MAX || this.#payloadBytes >= BLOCK_PAYLOAD_BYTES
  }

  get firstStamp(): number {
    return this.#stamps[0]!
  }

  get lastStamp(): number {
    return this.#stamps[this.count - 1]!
  }

  begin(firstSequence: number): void {
    this.firstSequence = firstSequence
    this.count = 0
    if (this.streams > 0) this.#slots.fill(0)
    this.streams = 0
    this.#types = 0
    this.#payloadBytes = 0
    this.#extrasBytes = 0
  }

  /** Number of a stream in this block. `name` is its bytes in the request. */
  stream(lo: number, hi: number, check: number, source: Uint8Array, start: number, bytes: number): number {
    let slot = lo & (SLOTS - 1)
    for (;;) {
      const known = this.#slots[slot]!
      if (known === 0) break
      const at = known - 1
      if (this.streamLo[at] === lo && this.streamHi[at] === hi && this.streamCheck[at] === check) return at
      slot = (slot + 1) & (SLOTS - 1)
    }
    const at = this.streams++
    this.#slots[slot] = at + 1
    this.streamLo[at] = lo
    this.streamHi[at] = hi
    this.streamCheck[at] = check
    const from = at === 0 ? 0 : this.#streamEnds[at - 1]!
    this.#streamNames = withRoom(this.#streamNames, from, bytes)
    copyBytes(source, start, bytes, this.#streamNames, from)
    this.#streamEnds[at] = from + bytes
    return at
  }

  /** Number of a type in this block. */
  type(source: Uint8Array, start: number, bytes: number): number {
    let from = 0
    for (let at = 0; at < this.#types; at++) {
      const end = this.#typeEnds[at]!
      if (end - from === bytes && same(this.#typeNames, from, source, start, bytes)) return at
      from = end
    }
    this.#typeNames = withRoom(this.#typeNames, from, bytes)
    copyBytes(source, start, bytes, this.#typeNames, from)
    this.#typeEnds[this.#types] = from + bytes
    return this.#types++
  }

  /** Adds one event whose data lies at `start` of `source`; `extras` are `extrasBytes` bytes at `extrasStart`. */
  add(
    event: { stream: number; type: number; version: number; stamp: number; encoding: number },
    source: Uint8Array,
    start: number,
    bytes: number,
    extrasStart: number,
    extrasBytes: number,
  ): void {
    const at = this.count++
    this.#stamps[at] = event.stamp
    this.#versions[at] = event.version
    this.streamVersion[event.stream] = event.version
    this.#kinds[at] = event.stream | (event.type << 16)
    this.#payload = withRoom(this.#payload, this.#payloadBytes, bytes)
    copyBytes(source, start, bytes, this.#payload, this.#payloadBytes)
    this.#payloadBytes += bytes
    this.#dataEnds[at] = (this.#payloadBytes | (event.encoding << 30)) >>> 0
    if (extrasBytes > 0) {
      this.#extras = withRoom(this.#extras, this.#extrasBytes, extrasBytes)
      copyBytes(source, extrasStart, extrasBytes, this.#extras, this.#extrasBytes)
      this.#extrasBytes += extrasBytes
    }
    this.#extraEnds[at] = this.#extrasBytes
  }

  /** Adds events `from`… of a request that has one stream, one type and no extras, as many as fit, with one copy of their payload. Returns how many. */
  addRun(
    request: RequestView,
    from: number,
    start: number,
    kind: { stream: number; type: number; firstVersion: number; firstStamp: number },
  ): number {
    const { words } = request
    const first = this.count
    const room = Math.min(BLOCK_EVENTS_MAX - first, request.events - from)
    const base = this.#payloadBytes
    const streamType = kind.stream | (kind.type << 16)
    const stamps = request.flags & STAMPS ? request.stampTable : 0
    let bytes = 0
    let n = 0
    let table = request.eventTable + from * 2 + 1
    while (n < room && base + bytes < BLOCK_PAYLOAD_BYTES) {
      const word = words[table]!
      bytes += word & 0x3fffffff
      const at = first + n
      this.#dataEnds[at] = ((base + bytes) | (word & 0xc0000000)) >>> 0
      this.#stamps[at] = stamps ? kind.firstStamp + words[stamps + from + n]! : kind.firstStamp + from + n
      this.#versions[at] = kind.firstVersion + from + n
      this.#kinds[at] = streamType
      this.#extraEnds[at] = this.#extrasBytes
      table += 2
      n++
    }
    this.streamVersion[kind.stream] = kind.firstVersion + from + n - 1
    this.#payload = withRoom(this.#payload, base, bytes)
    copyBytes(request.bytes, start, bytes, this.#payload, base)
    this.#payloadBytes = base + bytes
    this.count = first + n
    return n
  }

  /** Names and extras of what the block holds, until it is begun anew. */
  get parts(): BlockParts {
    return {
      streams: { bytes: this.#streamNames, ends: this.#streamEnds, count: this.streams, start: 0 },
      types: { bytes: this.#typeNames, ends: this.#typeEnds, count: this.#types, start: 0 },
      extras: { bytes: this.#extras, ends: this.#extraEnds, count: this.#extrasBytes > 0 ? this.count : 0, start: 0 },
    }
  }

  /** Bytes of payload gathered so far. */
  get payloadBytes(): number {
    return this.#payloadBytes
  }

  /** The block as it will be stored. */
  seal(previousCrc: number, compress: boolean): Buffer {
    const { count } = this
    const hasExtras = this.#extrasBytes > 0
    const tables = count * (hasExtras ? 5 : 4) + this.streams + this.#types
    const streamNameBytes = this.streams === 0 ? 0 : this.#streamEnds[this.streams - 1]!
    const nameBytes = streamNameBytes + (this.#types === 0 ? 0 : this.#typeEnds[this.#types - 1]!)
    const payloadAt = BLOCK_HEADER_BYTES + tables * 4 + ((nameBytes + 3) & ~3)
    const rawEnd = payloadAt + this.#payloadBytes + this.#extrasBytes
    const value = plainRoom(rawEnd, compress)
    const words = new Uint32Array(value.buffer, value.byteOffset + BLOCK_HEADER_BYTES, tables)
    const firstStamp = this.#stamps[0]!
    for (let i = 0; i < count; i++) {
      words[i] = this.#stamps[i]! - firstStamp
      words[count + i] = this.#versions[i]!
      words[count * 2 + i] = this.#kinds[i]!
      words[count * 3 + i] = this.#dataEnds[i]!
    }
    let next = count * 4
    if (hasExtras) for (let i = 0; i < count; i++) words[next++] = this.#extraEnds[i]!
    for (let i = 0; i < this.streams; i++) words[next++] = this.#streamEnds[i]!
    for (let i = 0; i < this.#types; i++) words[next++] = streamNameBytes + this.#typeEnds[i]!
    const namesAt = BLOCK_HEADER_BYTES + tables * 4
    copyBytes(this.#streamNames, 0, streamNameBytes, value, namesAt)
    copyBytes(this.#typeNames, 0, nameBytes - streamNameBytes, value, namesAt + streamNameBytes)
    value.fill(0, namesAt + nameBytes, payloadAt)
    copyBytes(this.#payload, 0, this.#payloadBytes, value, payloadAt)
    copyBytes(this.#extras, 0, this.#extrasBytes, value, payloadAt + this.#payloadBytes)
    return this.#finish(value, previousCrc, compress, hasExtras)
  }

  #finish(plain: Room, previousCrc: number, compress: boolean, hasExtras: boolean): Buffer {
    const { partition, count, firstSequence, firstStamp, lastStamp } = this
    const flags = hasExtras ? BLOCK_EXTRAS : 0
    const head = {
      partition,
      count,
      streams: this.streams,
      types: this.#types,
      firstSequence,
      firstStamp,
      lastStamp,
      previousCrc,
      flags,
      firstCrc: 0,
    }
    return withHeader(plain, head, compress)
  }
}

/** The extras of a request's event, for `add`. */
export function extrasBytesOf(request: RequestView, event: number): number {
  return request.flags & EXTRAS ? request.words[request.extrasTable + event]! : 0
}

function withRoom(buffer: Room, used: number, bytes: number): Room {
  if (used + bytes <= buffer.length) return buffer
  const grown = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, used + bytes))
  grown.set(buffer.subarray(0, used))
  return grown
}

function same(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number, bytes: number): boolean {
  for (let i = 0; i < bytes; i++) if (a[aStart + i] !== b[bStart + i]) return false
  return true
}
