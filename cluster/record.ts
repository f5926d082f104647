/**
 * A record: what one append to the shared log holds, as bytes. All numbers little-endian:
 *
 *     header (80)  magic u32 · version u16, kind u8, 0 · partition u32 · CRC-32 of the record before u32 · index f64 · term f64 · stamp f64 ·
 *                  last sequence f64 · cluster 8 bytes · incarnation 8 bytes · rows u32 · blocks u32 · bytes of the node's name u32 · 0
 *     body         the node's name; rows: bytes of key u32, bytes of value u32, both; blocks: bytes u32, the block
 *
 * It travels as one message or several: before each piece stand magic u32 · CRC-32 of the record u32 · piece u16, pieces u16 · bytes of the
 * record u32 · index f64 · term f64. Nothing else ties the pieces: they are appended as one batch and follow each other.
 */
import { crc32 } from 'node:zlib'
import { EventStoreError } from '../event/error.ts'
import type { Stamp } from '../event/event.ts'
import { MESSAGE_BYTES } from './shared-log.ts'

export const RECORD_VERSION = 1
const RECORD_MAGIC = 0x52435341
const PIECE_MAGIC = 0x50435341
const HEADER_BYTES = 80
const PIECE_HEADER_BYTES = 32
/** A shard commits groups of 8 MiB and a request is at most 1 GiB; what claims to be larger is not a record. */
const RECORD_BYTES_MAX = 2 ** 31

/**
 * `blocks`: events. `started`: the first of a term. `closed`: none; moves the stamp on, and proves that its writer leads. `snapshot` is never in the
 * log: blocks that one replica sends another, with the record it has reached. `repaired`: as `started`, behind the events of a copy that somebody
 * chose, whatever records there were.
 */
export const recordKinds = ['blocks', 'started', 'closed', 'snapshot', 'repaired'] as const
export type RecordKind = (typeof recordKinds)[number]

export interface RecordHead {
  readonly kind: RecordKind
  readonly partition: number
  /** 1, 2, 3 … in a partition. */
  readonly index: number
  readonly term: number
  /** CRC-32 of the record before; 0 for the first. Of a `repaired` one that of the partition's last block. */
  readonly previous: number
  /** Every later event of the partition has a higher one. */
  readonly stamp: Stamp
  /** Sequence of the partition's last event, with those of this record. */
  readonly sequence: number
  /** 16 hexadecimal characters: the store's id, the same on all nodes. */
  readonly cluster: string
  readonly node: string
  /** 16 hexadecimal characters, new at each start of a node. */
  readonly incarnation: string
}

export interface LogRecord extends RecordHead {
  readonly crc: number
  /** Rows that go with the blocks: key and value. */
  readonly rows: readonly (readonly [Uint8Array, Uint8Array])[]
  readonly blocks: readonly Uint8Array[]
  /** Of the whole record. */
  readonly bytes: number
}

/** What the messages of a record are known by without the rest of it. */
export interface PieceHead {
  readonly crc: number
  readonly piece: number
  readonly pieces: number
  readonly bytes: number
  readonly index: number
  readonly term: number
}

const hexTo = (hex: string, target: Buffer, at: number): void => void target.write(hex, at, 8, 'hex')

/** The messages of a record, to be appended together, and the checksum that the next one names. */
export function encodeRecord(
  head: RecordHead,
  rows: LogRecord['rows'] = [],
  blocks: readonly Uint8Array[] = [],
  messageBytes = MESSAGE_BYTES,
): { readonly messages: Uint8Array[]; readonly crc: number } {
  const node = Buffer.from(head.node)
  let bytes = HEADER_BYTES + node.length
  for (const [key, value] of rows) bytes += 8 + key.length + value.length
  for (const block of blocks) bytes += 4 + block.length
  // Most records are one message, and are written where they lie in it.
  const message = Buffer.allocUnsafe(PIECE_HEADER_BYTES + bytes)
  const record = message.subarray(PIECE_HEADER_BYTES)
  record.writeUInt32LE(RECORD_MAGIC, 0)
  record.writeUInt16LE(RECORD_VERSION, 4)
  record.writeUInt16LE(recordKinds.indexOf(head.kind), 6)
  record.writeUInt32LE(head.partition, 8)
  record.writeUInt32LE(head.previous, 12)
  record.writeDoubleLE(head.index, 16)
  record.writeDoubleLE(head.term, 24)
  record.writeDoubleLE(head.stamp, 32)
  record.writeDoubleLE(head.sequence, 40)
  hexTo(head.cluster, record, 48)
  hexTo(head.incarnation, record, 56)
  record.writeUInt32LE(rows.length, 64)
  record.writeUInt32LE(blocks.length, 68)
  record.writeUInt32LE(node.length, 72)
  record.writeUInt32LE(0, 76)
  let at = HEADER_BYTES + node.copy(record, HEADER_BYTES)
  for (const [key, value] of rows) {
    at = record.writeUInt32LE(key.length, at)
    at = record.writeUInt32LE(value.length, at)
    record.set(key, at)
    record.set(value, at + key.length)
    at += key.length + value.length
  }
  for (const block of blocks) {
    at = record.writeUInt32LE(block.length, at)
    record.set(block, at)
    at += block.length
  }
  const about = { crc: crc32(record), bytes, index: head.index, term: head.term }
  if (message.length > messageBytes) return { messages: piecesOf(record, about, messageBytes), crc: about.crc }
  writePieceHead(message, { ...about, piece: 0, pieces: 1 })
  return { messages: [message], crc: about.crc }
}

function piecesOf(record: Buffer, about: Omit<PieceHead, 'piece' | 'pieces'>, messageBytes: number): Uint8Array[] {
  const room = messageBytes - PIECE_HEADER_BYTES
  const pieces = Math.ceil(record.length / room)
  return Array.from({ length: pieces }, (_, piece) => {
    const part = record.subarray(piece * room, (piece + 1) * room)
    const message = Buffer.allocUnsafe(PIECE_HEADER_BYTES + part.length)
    writePieceHead(message, { ...about, piece, pieces })
    message.set(part, PIECE_HEADER_BYTES)
    return message
  })
}

function writePieceHead(message: Buffer, { crc, piece, pieces, bytes, index, term }: PieceHead): void {
  message.writeUInt32LE(PIECE_MAGIC, 0)
  message.writeUInt32LE(crc, 4)
  message.writeUInt16LE(piece, 8)
  message.writeUInt16LE(pieces, 10)
  message.writeUInt32LE(bytes, 12)
  message.writeDoubleLE(index, 16)
  message.writeDoubleLE(term, 24)
}

const damaged = (what: string): EventStoreError => new EventStoreError('DAMAGED', `a message of the shared log is not a record: ${what}`)

/** Throws DAMAGED when the message is no piece of a record. */
export function pieceHead(message: Uint8Array): PieceHead {
  if (message.length < PIECE_HEADER_BYTES) throw damaged(`it has ${message.length} bytes`)
  const view = Buffer.from(message.buffer, message.byteOffset, message.length)
  if (view.readUInt32LE(0) !== PIECE_MAGIC) throw damaged('it does not begin with its mark')
  const [piece, pieces, bytes] = [view.readUInt16LE(8), view.readUInt16LE(10), view.readUInt32LE(12)]
  if (piece >= pieces || bytes < HEADER_BYTES || bytes > RECORD_BYTES_MAX) throw damaged(`piece ${piece} of ${pieces}, ${bytes} bytes`)
  return { crc: view.readUInt32LE(4), piece, pieces, bytes, index: view.readDoubleLE(16), term: view.readDoubleLE(24) }
}

/** Puts the pieces of one partition's records together again. */
export class RecordReader {
  #head: PieceHead | null = null
  #parts: Uint8Array[] = []
  #bytes = 0

  /** The record when its last piece has come, else null. A piece that does not follow the one before begins anew, or is left out. Throws DAMAGED. */
  add(message: Uint8Array): LogRecord | null {
    const head = pieceHead(message)
    const isNext = this.#head !== null && head.crc === this.#head.crc && head.piece === this.#parts.length
    if (!isNext) {
      this.clear()
      // Delivery may begin in the middle of a record that is known already.
      if (head.piece > 0) return null
    }
    this.#head = head
    const part = message.subarray(PIECE_HEADER_BYTES)
    this.#parts.push(part)
    this.#bytes += part.length
    if (this.#bytes > head.bytes) throw damaged('its pieces are longer than it')
    if (head.piece < head.pieces - 1) return null
    const bytes = this.#parts.length === 1 ? part : Buffer.concat(this.#parts)
    this.clear()
    return decodeRecord(bytes, head)
  }

  clear(): void {
    this.#head = null
    this.#parts = []
    this.#bytes = 0
  }
}

function decodeRecord(bytes: Uint8Array, piece: PieceHead): LogRecord {
  if (bytes.length !== piece.bytes) throw damaged(`${bytes.length} of ${piece.bytes} bytes`)
  if (crc32(bytes) !== piece.crc) throw damaged('its checksum does not match')
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (view.readUInt32LE(0) !== RECORD_MAGIC) throw damaged('it does not begin with its mark')
  const version = view.readUInt16LE(4)
  if (version !== RECORD_VERSION)
    throw new EventStoreError(
      'INCOMPATIBLE',
      `the shared log holds records of format ${version}; this program reads format ${RECORD_VERSION}`,
      {
        version,
      },
    )
  const kind = recordKinds[view.readUInt16LE(6)]
  if (!kind) throw damaged(`kind ${view.readUInt16LE(6)}`)
  const reader = new BodyReader(view, HEADER_BYTES)
  const node = reader.take(view.readUInt32LE(72)).toString()
  const rows = Array.from({ length: reader.count(view.readUInt32LE(64), 8) }, () => {
    const [keyBytes, valueBytes] = [reader.word(), reader.word()]
    return [reader.take(keyBytes), reader.take(valueBytes)] as const
  })
  const blocks = Array.from({ length: reader.count(view.readUInt32LE(68), 4) }, () => aligned(reader.take(reader.word())))
  reader.end()
  return {
    kind,
    partition: view.readUInt32LE(8),
    previous: view.readUInt32LE(12),
    index: view.readDoubleLE(16),
    term: view.readDoubleLE(24),
    stamp: view.readDoubleLE(32),
    sequence: view.readDoubleLE(40),
    cluster: view.toString('hex', 48, 56),
    incarnation: view.toString('hex', 56, 64),
    node,
    crc: piece.crc,
    rows,
    blocks,
    bytes: bytes.length,
  }
}

/** Blocks are looked into by words of four bytes, which must lie at multiples of four. */
const aligned = (bytes: Buffer): Uint8Array => ((bytes.byteOffset & 3) === 0 ? bytes : new Uint8Array(bytes))

/** Walks the body; every length is looked at before it is believed. */
class BodyReader {
  readonly #view: Buffer
  #at: number

  constructor(view: Buffer, at: number) {
    this.#view = view
    this.#at = at
  }

  /** So many things of at least so many bytes each must fit. */
  count(things: number, bytesEach: number): number {
    if (things * bytesEach > this.#view.length - this.#at) throw damaged(`it can not hold ${things} parts`)
    return things
  }

  word(): number {
    return this.take(4).readUInt32LE(0)
  }

  take(bytes: number): Buffer {
    const end = this.#at + bytes
    if (end > this.#view.length) throw damaged('a part of it is longer than it')
    const part = this.#view.subarray(this.#at, end)
    this.#at = end
    return part
  }

  end(): void {
    if (this.#at !== this.#view.length) throw damaged('something stands behind it')
  }
}
