/** A block: 1 to 64 events of one partition as one value of bytes, the only form in which events are stored. All numbers little-endian:
 *
 *     header (64 bytes)  magic u32 · CRC-32 of all that follows u32 · CRC of the partition's block before u32 · kind u8, codec u8, flags u8, 0 ·
 *                        partition u32 · events u32 · streams u32 · types u32 · first sequence f64 · first stamp f64 · last stamp f64 ·
 *                        bytes of the body before compression u32 · with REMOVED the CRC as it was first written u32, else 0
 *     body               u32 tables: stamp − first stamp [events] · version [events] · stream | type << 16 [events] ·
 *                        end of data | encoding << 30 [events] · end of extras [events, with EXTRAS] · end of name [streams] · end of name [types];
 *                        names, padded to 4 · payload · extras
 *
 * codec 1: the body is zstd. The CRC is of the bytes as stored, so that a chain can be walked without decompressing. REMOVED: rows whose stream
 * has no name were taken out later; the next block still names the CRC that this one was written with.
 */
import { crc32 } from 'node:zlib'
import { EventStoreError } from '../../event/error.ts'
import { type Encoding } from '../../event/event.ts'
import { encodings, textOf } from '../../event/payload.ts'
import { localName } from '../../event/scope.ts'
import type { BlockParts } from './block-terms.ts'
import type { BodyRoom } from './body-room.ts'
import { decompress } from './zstd.ts'

export const BLOCK_MAGIC = 0x31425341
export const BLOCK_HEADER_BYTES = 64
export const BLOCK_EVENTS_MAX = 64
/** A block is closed when its payload reaches this size. */
export const BLOCK_PAYLOAD_BYTES = 16 * 1024
export const CODEC_PLAIN = 0
export const CODEC_ZSTD = 1
export const BLOCK_EXTRAS = 1
export const BLOCK_REMOVED = 2

/** Blocks are asked for the same stream many times running. */
let lastName = { text: '', bytes: Buffer.alloc(0) }
const NO_BYTES = new Uint8Array(0)
const NO_ROWS: readonly number[] = []

/** Why a stored value is not the block it should be, or null. */
export function damageOf(value: Uint8Array): string | null {
  if (value.length < BLOCK_HEADER_BYTES) return `block of ${value.length} bytes is shorter than its header`
  const view = new DataView(value.buffer, value.byteOffset, value.length)
  if (view.getUint32(0, true) !== BLOCK_MAGIC) return 'block does not begin with its mark'
  if (view.getUint32(4, true) !== crc32(value.subarray(8))) return 'checksum of the block does not match'
  return null
}

/** A block as readers see it; the body is decompressed on first need. */
export class Block {
  readonly number: number
  readonly partition: number
  readonly count: number
  readonly firstSequence: number
  readonly firstStamp: number
  readonly lastStamp: number
  /** That the next block of the partition names: as it was first written. */
  readonly crc: number
  readonly previousCrc: number
  readonly storedBytes: number
  readonly hasExtras: boolean
  /** Bytes of the body when it is decompressed. */
  readonly rawBytes: number
  #value: Uint8Array
  readonly #streams: number
  readonly #types: number
  readonly #hasRemoved: boolean
  #body: Uint8Array | null = null
  #words!: Uint32Array
  #names = 0
  #payload = 0
  #extras = 0
  #typeNames: string[] | null = null
  #streamNames: (string | undefined)[] | null = null
  #rows: Map<string, readonly number[]> | null = null

  /** `value` must not change afterwards. Throws DAMAGED when its checksum does not match. */
  constructor(number: number, value: Uint8Array) {
    const damage = damageOf(value)
    if (damage) throw new EventStoreError('DAMAGED', `block ${number}: ${damage}`, { block: number })
    const view = new DataView(value.buffer, value.byteOffset, value.length)
    this.number = number
    this.#value = value
    this.storedBytes = value.length
    this.rawBytes = view.getUint32(56, true)
    this.previousCrc = view.getUint32(8, true)
    const flags = view.getUint8(14)
    this.hasExtras = (flags & BLOCK_EXTRAS) !== 0
    this.#hasRemoved = (flags & BLOCK_REMOVED) !== 0
    this.crc = view.getUint32(this.#hasRemoved ? 60 : 4, true)
    this.partition = view.getUint32(16, true)
    this.count = view.getUint32(20, true)
    this.#streams = view.getUint32(24, true)
    this.#types = view.getUint32(28, true)
    this.firstSequence = view.getFloat64(32, true)
    this.firstStamp = view.getFloat64(40, true)
    this.lastStamp = view.getFloat64(48, true)
  }

  /** Decompresses the body into room that is not its own: the block must be dropped before that is used for another. */
  openIn(room: BodyRoom): void {
    this.#open(bytes => room.take(bytes))
  }

  #open(room?: (bytes: number) => Uint8Array): Uint32Array {
    if (this.#body) return this.#words
    const value = this.#value
    let body: Uint8Array = value.subarray(BLOCK_HEADER_BYTES)
    if (value[13] === CODEC_ZSTD) body = decompress(body, this.rawBytes, room)
    if (body.byteOffset & 3) body = body.slice()
    const tables = this.count * (this.hasExtras ? 5 : 4) + this.#streams + this.#types
    this.#body = body
    this.#value = NO_BYTES
    this.#words = new Uint32Array(body.buffer, body.byteOffset, tables)
    this.#names = tables * 4
    const streamsEnd = this.#streams === 0 ? 0 : this.#words[tables - this.#types - 1]!
    const namesEnd = this.#types === 0 ? streamsEnd : this.#words[tables - 1]!
    this.#payload = this.#names + ((namesEnd + 3) & ~3)
    this.#extras = this.#payload + (this.count === 0 ? 0 : this.#words[this.count * 4 - 1]! & 0x3fffffff)
    return this.#words
  }

  /** The decompressed body; offsets of `dataStart` and so on are into it. */
  get bytes(): Uint8Array {
    this.#open()
    return this.#body!
  }

  stampAt(row: number): number {
    return this.firstStamp + this.#open()[row]!
  }

  versionAt(row: number): number {
    return this.#open()[this.count + row]!
  }

  streamIndex(row: number): number {
    return this.#open()[this.count * 2 + row]! & 0xffff
  }

  typeIndex(row: number): number {
    return this.#open()[this.count * 2 + row]! >>> 16
  }

  dataStart(row: number): number {
    const words = this.#open()
    return this.#payload + (row === 0 ? 0 : words[this.count * 3 + row - 1]! & 0x3fffffff)
  }

  dataEnd(row: number): number {
    return this.#payload + (this.#open()[this.count * 3 + row]! & 0x3fffffff)
  }

  encodingOf(row: number): Encoding {
    return encodings[this.#open()[this.count * 3 + row]! >>> 30]!
  }

  /** Where the row's extras lie in `bytes`; empty when it has none. */
  extrasStart(row: number): number {
    const words = this.#open()
    return this.hasExtras && row > 0 ? this.#extras + words[this.count * 4 + row - 1]! : this.#extras
  }

  extrasEnd(row: number): number {
    return this.hasExtras ? this.#extras + this.#open()[this.count * 4 + row]! : this.#extras
  }

  /** Names of the block's types, in the order of `typeIndex`. */
  get types(): readonly string[] {
    if (this.#typeNames) return this.#typeNames
    const words = this.#open()
    const table = this.count * (this.hasExtras ? 5 : 4) + this.#streams
    return (this.#typeNames = this.#readNames(table, this.#types, this.#streams === 0 ? 0 : words[table - 1]!))
  }

  /** Names and extras as bytes, as the builder of the block saw them. */
  get parts(): BlockParts {
    const words = this.#open()
    const body = this.#body!
    const streams = this.count * (this.hasExtras ? 5 : 4)
    const types = streams + this.#streams
    const names = body.subarray(this.#names, this.#payload)
    const typesStart = this.#streams === 0 ? 0 : words[types - 1]!
    return {
      streams: { bytes: names, ends: words.subarray(streams, types), count: this.#streams, start: 0 },
      types: { bytes: names, ends: words.subarray(types, types + this.#types), count: this.#types, start: typesStart },
      extras: {
        bytes: body.subarray(this.#extras),
        ends: words.subarray(this.count * 4),
        count: this.hasExtras ? this.count : 0,
        start: 0,
      },
    }
  }

  /** Stored names of the block's streams, in the order of `streamIndex`. */
  get streams(): readonly string[] {
    const names = this.#openNames()
    for (let i = 0; i < this.#streams; i++) names[i] ??= this.#streamName(i)
    return names as string[]
  }

  #openNames(): (string | undefined)[] {
    this.#open()
    return (this.#streamNames ??= [])
  }

  /** One name: who reads one stream of a block need not pay for the names of all. */
  #streamName(index: number): string {
    const table = this.count * (this.hasExtras ? 5 : 4)
    const start = index === 0 ? 0 : this.#words[table + index - 1]!
    return textOf(this.#body!, this.#names + start, this.#names + this.#words[table + index]!)
  }

  /** Number of a stream in this block, or −1: looked for by its bytes, from their end, where names differ. */
  #indexOfStream(stream: string): number {
    const words = this.#open()
    const body = this.#body!
    const table = this.count * (this.hasExtras ? 5 : 4)
    if (lastName.text !== stream) lastName = { text: stream, bytes: Buffer.from(stream) }
    const { bytes } = lastName
    let end = this.#names
    for (let i = 0; i < this.#streams; i++) {
      const start = end
      end = this.#names + words[table + i]!
      if (end - start !== bytes.length) continue
      let at = bytes.length - 1
      while (at >= 0 && body[start + at] === bytes[at]) at--
      if (at < 0) return i
    }
    return -1
  }

  #readNames(table: number, count: number, first: number): string[] {
    const names: string[] = []
    let start = first
    for (let i = 0; i < count; i++) {
      const end = this.#words[table + i]!
      names.push(textOf(this.#body!, this.#names + start, this.#names + end))
      start = end
    }
    return names
  }

  /** Rows of a stream by its stored name, rising; empty when the block has none. Remembered, since a block that is kept is asked again. */
  rowsOf(stream: string): readonly number[] {
    this.#rows ??= new Map()
    const known = this.#rows.get(stream)
    if (known) return known
    const index = this.#indexOfStream(stream)
    if (index < 0) return NO_ROWS
    const rows: number[] = []
    for (let row = 0; row < this.count; row++) if (this.streamIndex(row) === index) rows.push(row)
    this.#rows.set(stream, rows)
    return rows
  }

  /** As its tenant gave it. */
  streamOf(row: number): string {
    return localName(this.storedStreamOf(row))
  }

  /** As it is stored; empty where the row was removed. */
  storedStreamOf(row: number): string {
    const index = this.streamIndex(row)
    return (this.#openNames()[index] ??= this.#streamName(index))
  }

  typeOf(row: number): string {
    return this.types[this.typeIndex(row)]!
  }

  /** Rows that were not taken out. */
  get alive(): number {
    if (!this.#hasRemoved) return this.count
    const { streams } = this
    let alive = 0
    for (let row = 0; row < this.count; row++) if (streams[this.streamIndex(row)] !== '') alive++
    return alive
  }

  get lastSequence(): number {
    return this.firstSequence + this.count - 1
  }
}
