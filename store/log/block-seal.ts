/** The last step of every block: its body is compressed, and its header written. */
import { crc32 } from 'node:zlib'
import { type Block, BLOCK_EXTRAS, BLOCK_HEADER_BYTES, BLOCK_MAGIC, BLOCK_REMOVED, CODEC_PLAIN, CODEC_ZSTD } from './block.ts'
import { BodyRoom } from './body-room.ts'
import { compress as compressBytes } from './zstd.ts'

type Room = Buffer<ArrayBuffer>

/** Below this a block is not worth the call into zstd. */
const COMPRESS_BYTES_MIN = 256

/** What stands before the body of a block, in the layout of `block.ts`. */
interface BlockHead {
  readonly partition: number
  readonly count: number
  readonly streams: number
  readonly types: number
  readonly firstSequence: number
  readonly firstStamp: number
  readonly lastStamp: number
  readonly previousCrc: number
  readonly flags: number
  /** With REMOVED the CRC as it was first written, else 0. */
  readonly firstCrc: number
}

const plainBlocks = new BodyRoom()

/** Room for a plain block of so many bytes: its own when it stays plain, else until the next one is sealed. */
export function plainRoom(bytes: number, compress: boolean): Room {
  if (!compress) return Buffer.allocUnsafeSlow(bytes)
  plainBlocks.reset()
  return plainBlocks.take(bytes)
}

/** The stored bytes of a block, its own; `plain`, of `plainRoom` for the same `compress`, holds its body behind room for the header. */
export function withHeader(plain: Room, head: BlockHead, compress: boolean): Buffer {
  const { value, codec } = compress ? packed(plain) : { value: plain, codec: CODEC_PLAIN }
  const words = new Uint32Array(value.buffer, 0, 16)
  const floats = new Float64Array(value.buffer, 0, 8)
  words[0] = BLOCK_MAGIC
  words[2] = head.previousCrc
  words[3] = (codec << 8) | (head.flags << 16)
  words[4] = head.partition
  words[5] = head.count
  words[6] = head.streams
  words[7] = head.types
  floats[4] = head.firstSequence
  floats[5] = head.firstStamp
  floats[6] = head.lastStamp
  words[14] = plain.length - BLOCK_HEADER_BYTES
  words[15] = head.firstCrc
  words[1] = crc32(value.subarray(8))
  return value
}

/** The plain block with its body compressed, if that pays. */
function packed(plain: Room): { value: Room; codec: number } {
  const rawBytes = plain.length - BLOCK_HEADER_BYTES
  if (rawBytes < COMPRESS_BYTES_MIN) return { value: ownCopy(plain), codec: CODEC_PLAIN }
  const value = compressBytes(plain.subarray(BLOCK_HEADER_BYTES), BLOCK_HEADER_BYTES)
  if (value.length - BLOCK_HEADER_BYTES >= rawBytes * 0.9) return { value: ownCopy(plain), codec: CODEC_PLAIN }
  return { value, codec: CODEC_ZSTD }
}

function ownCopy(plain: Room): Room {
  const copy = Buffer.allocUnsafeSlow(plain.length)
  copy.set(plain)
  return copy
}

/** The stored bytes of a block of which only `body` is left. */
export function sealLeft(body: Uint8Array, block: Block): Buffer {
  const plain = plainRoom(BLOCK_HEADER_BYTES + body.length, true)
  plain.set(body, BLOCK_HEADER_BYTES)
  const { partition, count, firstSequence, firstStamp, lastStamp, previousCrc, crc: firstCrc } = block
  const flags = BLOCK_REMOVED | (block.hasExtras ? BLOCK_EXTRAS : 0)
  const [streams, types] = [block.streams.length, block.types.length]
  return withHeader(plain, { partition, count, streams, types, firstSequence, firstStamp, lastStamp, previousCrc, flags, firstCrc }, true)
}
