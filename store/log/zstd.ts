/**
 * zstd for blocks, at its fast level −3. Node makes a new native context for every `zstdCompressSync`, which costs as much as compressing
 * a block; one context a thread, reset between blocks, takes about half of the time (docs/decisions/zstd.md). The calls used are Node's own
 * but not its public ones, so a trial at load decides, and the public ones stand in.
 */
import zlib from 'node:zlib'

/** The native side of a zlib stream, and where it leaves how much room and input were left over. */
interface Engine {
  readonly _handle?: {
    reset(): void
    writeSync(flush: number, input: Uint8Array, at: number, bytes: number, output: Uint8Array, to: number, room: number): void
  }
  readonly _writeState?: Uint32Array
  on(event: 'error', ignore: () => void): unknown
}

const { ZSTD_e_end: END, ZSTD_c_compressionLevel: LEVEL } = zlib.constants
const FAST = { params: { [LEVEL]: -3 } }
/** Enough for what can not be compressed: zstd adds 1/256 and a few bytes. */
const boundOf = (bytes: number): number => bytes + (bytes >>> 8) + 512

let compressor: Engine | undefined
let decompressor: Engine | undefined
let output = Buffer.allocUnsafeSlow(64 * 1024)

/** Bytes written to `to`, or −1 when the engine can not do it. */
function run(engine: Engine, input: Uint8Array, to: Uint8Array): number {
  const { _handle: handle, _writeState: left } = engine
  if (!handle || !left) return -1
  handle.reset()
  // A call that fails leaves them alone, and they must not tell of the call before.
  left[0] = to.length
  left[1] = 1
  handle.writeSync(END, input, 0, input.length, to, 0, to.length)
  return left[1] === 0 ? to.length - left[0]! : -1
}

function quiet(engine: unknown): Engine {
  const made = engine as Engine
  made.on('error', () => undefined)
  return made
}

/** False where Node's inside is not what it was: then every call is a public one. */
const isReusable = ((): boolean => {
  try {
    const text = Buffer.from('a trial of compression, a trial of compression, '.repeat(20))
    for (let i = 0; i < 2; i++) {
      const packed = compressReused(text, 0)
      const back = Buffer.alloc(text.length)
      if (!packed || !zlib.zstdDecompressSync(packed).equals(text)) return false
      if (run((decompressor ??= quiet(zlib.createZstdDecompress())), packed, back) !== text.length || !back.equals(text)) return false
    }
    return true
  } catch {
    return false
  }
})()

function compressReused(bytes: Uint8Array, before: number): Buffer<ArrayBuffer> | null {
  compressor ??= quiet(zlib.createZstdCompress(FAST))
  if (output.length < boundOf(bytes.length)) output = Buffer.allocUnsafeSlow(boundOf(bytes.length))
  const written = run(compressor, bytes, output)
  return written < 0 ? null : behind(before, output.subarray(0, written))
}

function behind(before: number, bytes: Uint8Array): Buffer<ArrayBuffer> {
  const all = Buffer.allocUnsafeSlow(before + bytes.length)
  all.set(bytes, before)
  return all
}

/** A frame of its own, which any zstd reads, behind room for `before` bytes. */
export function compress(bytes: Uint8Array, before: number): Buffer<ArrayBuffer> {
  if (isReusable) {
    const packed = compressReused(bytes, before)
    if (packed) return packed
    compressor = undefined
  }
  return behind(before, zlib.zstdCompressSync(bytes, FAST))
}

const ownRoom = (bytes: number): Uint8Array => Buffer.allocUnsafeSlow(bytes)

/**
 * `rawBytes` is what the frame holds; fewer than that throws. Whether the bytes are right is for the block's checksum to say. `room`: gives that many
 * bytes, which may be written to and not be the answer.
 */
export function decompress(frame: Uint8Array, rawBytes: number, room = ownRoom): Uint8Array {
  if (rawBytes === 0) return new Uint8Array(0)
  if (isReusable) {
    const raw = room(rawBytes)
    decompressor ??= quiet(zlib.createZstdDecompress())
    if (run(decompressor, frame, raw) === rawBytes) return raw
    decompressor = undefined
  }
  const raw = zlib.zstdDecompressSync(frame, { maxOutputLength: rawBytes })
  if (raw.length !== rawBytes) throw new RangeError(`the frame holds ${raw.length} bytes, not ${rawBytes}`)
  return raw
}
