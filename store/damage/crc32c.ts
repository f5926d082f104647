/** CRC-32C (Castagnoli), the checksum of RocksDB's write-ahead records; Node has only the other CRC-32. About 1 GB/s, eight bytes a step. */

/** Eight tables of 256 words: table k advances a byte that stands k places before the end of the step. */
const tables = makeTables()

function makeTables(): Uint32Array {
  const made = new Uint32Array(8 * 256)
  for (let byte = 0; byte < 256; byte++) {
    let word = byte
    for (let bit = 0; bit < 8; bit++) word = word & 1 ? (word >>> 1) ^ 0x82f63b78 : word >>> 1
    made[byte] = word
  }
  for (let entry = 256; entry < made.length; entry++) {
    const before = made[entry - 256]!
    made[entry] = (before >>> 8) ^ made[before & 255]!
  }
  return made
}

/** Checksum of `bytes[start]` up to but without `bytes[end]`. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  const table = tables
  let sum = 0xffffffff
  let at = start
  for (; at + 8 <= end; at += 8) {
    const low = sum ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24))
    sum =
      table[1792 + (low & 255)]! ^
      table[1536 + ((low >>> 8) & 255)]! ^
      table[1280 + ((low >>> 16) & 255)]! ^
      table[1024 + (low >>> 24)]! ^
      table[768 + bytes[at + 4]!]! ^
      table[512 + bytes[at + 5]!]! ^
      table[256 + bytes[at + 6]!]! ^
      table[bytes[at + 7]!]!
  }
  for (; at < end; at++) sum = (sum >>> 8) ^ table[(sum ^ bytes[at]!) & 255]!
  return (sum ^ 0xffffffff) >>> 0
}

/** Undoes the rotation that RocksDB stores a checksum under, so that a checksum of checksums stays sound. */
export function unmaskCrc(masked: number): number {
  const rotated = (masked - 0xa282ead8) >>> 0
  return ((rotated << 15) | (rotated >>> 17)) >>> 0
}
