/**
 * Reads the records of one RocksDB write-ahead file. A file is blocks of 32 KiB; a block holds pieces { masked crc32c u32, length u16, type u8, data };
 * a record is a FULL piece, or FIRST, any number of MIDDLE, LAST; its data is a write batch that begins with { sequence u64, count u32 }.
 * Format: RocksDB wiki, "Write Ahead Log File Format".
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { crc32c, unmaskCrc } from './crc32c.ts'

const BLOCK_BYTES = 32_768
const CHUNK_BLOCKS = 32
const HEADER_BYTES = 7
const BATCH_HEADER_BYTES = 12

const ZEROS = 'zeros where a record should be'
const PAST_END = 'a length runs past the block or the file'
const UNKNOWN_TYPE = 'a record of unknown type'

const FULL = 1
const FIRST = 2
const MIDDLE = 3
const LAST = 4

/** A file read a chunk at a time, so that its size does not matter. */
export class BlockFile {
  readonly bytes: number
  readonly #descriptor: number
  readonly #chunk = Buffer.allocUnsafeSlow(BLOCK_BYTES * CHUNK_BLOCKS)
  #chunkIndex = -1
  #chunkBytes = 0

  constructor(file: string) {
    this.#descriptor = openSync(file, 'r')
    this.bytes = fstatSync(this.#descriptor).size
  }

  /** The block that holds the byte `at`; good until the next call. */
  blockAt(at: number): Buffer {
    const chunkIndex = Math.floor(at / this.#chunk.length)
    if (chunkIndex !== this.#chunkIndex) this.#load(chunkIndex)
    const start = at - (at % BLOCK_BYTES) - chunkIndex * this.#chunk.length
    return this.#chunk.subarray(start, Math.min(start + BLOCK_BYTES, this.#chunkBytes))
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  #load(chunkIndex: number): void {
    this.#chunkBytes = 0
    while (this.#chunkBytes < this.#chunk.length) {
      const from = chunkIndex * this.#chunk.length + this.#chunkBytes
      const count = readSync(this.#descriptor, this.#chunk, this.#chunkBytes, this.#chunk.length - this.#chunkBytes, from)
      if (count === 0) break
      this.#chunkBytes += count
    }
    this.#chunkIndex = chunkIndex
  }
}

/** A whole record. Sequences are RocksDB's own: one for each change of a batch. */
export interface WriteAheadRecord {
  /** Bytes of the file: from its first header to the end of its last piece. */
  start: number
  end: number
  sequence: number
  count: number
  /** The write batch; only when it was asked for, and a buffer of its own. */
  batch: Uint8Array | undefined
}

/** Why reading stopped; `unfinished` is a record that has begun and not ended when the file does. */
export interface Stop {
  /** The first byte that could not be read as part of a whole record. */
  readonly at: number
  readonly cause: string | undefined
  readonly unfinished: boolean
}

/** One piece inside a block, overwritten by each call of `readPiece`. */
interface Piece {
  type: number
  start: number
  end: number
}

/** Reads the header at `at` of a block into `piece`, or says what is wrong with it. */
function readPiece(block: Buffer, at: number, piece: Piece): string | undefined {
  if (at + HEADER_BYTES > block.length) return 'a header is cut off'
  const length = block[at + 4]! | (block[at + 5]! << 8)
  const type = block[at + 6]!
  if (type === 0 && length === 0) return ZEROS
  if (type < FULL || type > LAST) return `${UNKNOWN_TYPE} ${type}`
  const start = at + HEADER_BYTES
  if (start + length > block.length) return PAST_END
  if (unmaskCrc(block.readUInt32LE(at)) !== crc32c(block, at + 6, start + length)) return 'a checksum does not match'
  piece.type = type
  piece.start = start
  piece.end = start + length
  return undefined
}

const readSequence = (bytes: Buffer, at: number): number => bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32

/** Gathers the pieces of one record: its first twelve bytes always, all of them when the batch is wanted. */
class Assembly {
  readonly #head = Buffer.alloc(BATCH_HEADER_BYTES)
  readonly #wanted: boolean
  #headBytes = 0
  #parts: Buffer[] = []

  constructor(wanted: boolean) {
    this.#wanted = wanted
  }

  begin(): void {
    this.#headBytes = 0
    this.#parts = []
  }

  add(block: Buffer, piece: Piece): void {
    if (this.#headBytes < BATCH_HEADER_BYTES) this.#headBytes += block.copy(this.#head, this.#headBytes, piece.start, piece.end)
    if (this.#wanted) this.#parts.push(Buffer.from(block.subarray(piece.start, piece.end)))
  }

  /** Undefined when the record is too short for a batch. */
  record(start: number, end: number): WriteAheadRecord | undefined {
    if (this.#headBytes < BATCH_HEADER_BYTES) return undefined
    const batch = this.#wanted ? Buffer.concat(this.#parts) : undefined
    return { start, end, sequence: readSequence(this.#head, 0), count: this.#head.readUInt32LE(8), batch }
  }
}

/** What a piece may follow: FULL and FIRST begin a record, MIDDLE and LAST go on with one. */
function misplaced(type: number, inside: boolean): string | undefined {
  if (inside && (type === FULL || type === FIRST)) return 'a record begins inside another'
  if (!inside && (type === MIDDLE || type === LAST)) return 'a record goes on that has not begun'
  return undefined
}

/** Whole records from the byte `from` on, which must begin one; returns why it stopped. */
export function* readRecords(blocks: BlockFile, from: number, batches: boolean): Generator<WriteAheadRecord, Stop> {
  const piece: Piece = { type: 0, start: 0, end: 0 }
  const assembly = new Assembly(batches)
  let start = from
  let inside = false
  for (let at = from; at < blocks.bytes;) {
    const block = blocks.blockAt(at)
    const blockStart = at - (at % BLOCK_BYTES)
    const inBlock = at - blockStart
    if (BLOCK_BYTES - inBlock < HEADER_BYTES) {
      if (block.subarray(inBlock).some(byte => byte !== 0)) return { at: start, cause: 'the end of a block is not zero', unfinished: false }
      at = Math.min(blockStart + BLOCK_BYTES, blocks.bytes)
      if (!inside) start = at
      continue
    }
    const cause = readPiece(block, inBlock, piece) ?? misplaced(piece.type, inside)
    if (cause !== undefined) return { at: start, cause, unfinished: false }
    if (!inside) assembly.begin()
    assembly.add(block, piece)
    at = blockStart + piece.end
    inside = piece.type === FIRST || piece.type === MIDDLE
    if (inside) continue
    const record = assembly.record(start, at)
    if (record === undefined) return { at: start, cause: 'a record is too short for a batch', unfinished: false }
    yield record
    start = at
  }
  return { at: start, cause: undefined, unfinished: inside }
}

/**
 * No torn write leaves a type that is not ours, and RocksDB may never come back from one: it takes the type for that of a reused file and
 * looks for what follows for ever.
 */
export const isUnknownType = (cause: string): boolean => cause.startsWith(UNKNOWN_TYPE)

/** The first piece of a file that is all there and not as it was written. A file that ends in the middle of a piece, or in zeros, has none. */
export function damagedPiece(blocks: BlockFile): { readonly at: number; readonly cause: string } | undefined {
  const piece: Piece = { type: 0, start: 0, end: 0 }
  for (let at = 0; at < blocks.bytes;) {
    const block = blocks.blockAt(at)
    const blockStart = at - (at % BLOCK_BYTES)
    const inBlock = at - blockStart
    if (BLOCK_BYTES - inBlock < HEADER_BYTES) {
      at = blockStart + BLOCK_BYTES
      continue
    }
    if (inBlock + HEADER_BYTES > block.length) return undefined
    const cause = readPiece(block, inBlock, piece)
    if (cause === undefined) at = blockStart + piece.end
    else return cause === ZEROS || (cause === PAST_END && block.length < BLOCK_BYTES) ? undefined : { at, cause }
  }
  return undefined
}

/**
 * The first byte at or after `from` where a record begins whose first piece is whole and whose sequence is `sequence` or up to 2^40 above; −1 when
 * there is none. A wrong length hides what follows it, so in a block with a bad place every byte is tried; the sequence keeps that cheap.
 */
export function findRecord(blocks: BlockFile, from: number, sequence: number): number {
  const piece: Piece = { type: 0, start: 0, end: 0 }
  for (let at = from; at < blocks.bytes; at++) {
    const block = blocks.blockAt(at)
    const blockStart = at - (at % BLOCK_BYTES)
    for (let inBlock = at - blockStart; inBlock + HEADER_BYTES + BATCH_HEADER_BYTES <= block.length; inBlock++) {
      const type = block[inBlock + 6]!
      if (type !== FULL && type !== FIRST) continue
      const found = readSequence(block, inBlock + HEADER_BYTES)
      if (found < sequence || found > sequence + 2 ** 40) continue
      if (readPiece(block, inBlock, piece) === undefined && piece.end - piece.start >= BATCH_HEADER_BYTES) return blockStart + inBlock
    }
    at = blockStart + BLOCK_BYTES - 1
  }
  return -1
}
