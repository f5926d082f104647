/** Frames are ordinary zstd, one after the other from the same context, and a damaged one is refused without spoiling the next. */
import zlib from 'node:zlib'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { compress, decompress } from '../../../store/log/zstd.ts'

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

test('what is compressed comes back, here and by Node', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), fc.integer({ min: 1, max: 50 }), (bytes, times) => {
      const raw = Buffer.concat(Array.from({ length: times }, () => bytes))
      const frame = compress(raw, 0)
      return same(zlib.zstdDecompressSync(frame), raw) && same(decompress(frame, raw.length), raw)
    }),
    { seed: 4, numRuns: 200 },
  )
})

test('a megabyte that can not be made smaller', () => {
  const raw = Uint8Array.from({ length: 1024 * 1024 }, (_, i) => Math.imul(i ^ (i >>> 7), 0x9e3779b1) >>> 24)
  assert.ok(same(decompress(compress(raw, 0), raw.length), raw))
})

test('frames of other writers are read', () => {
  const raw = Buffer.from('x'.repeat(10_000))
  assert.ok(same(decompress(zlib.zstdCompressSync(raw), raw.length), raw))
})

test('a damaged frame throws, and the next is read all the same', () => {
  const raw = Buffer.from(Array.from({ length: 500 }, (_, i) => `row ${i * 7} of many`).join())
  const frame = compress(raw, 0)
  for (let at = 0; at < frame.length; at += 97) {
    const broken = Buffer.from(frame)
    broken[at]! ^= 0x55
    try {
      assert.is(decompress(broken, raw.length).length, raw.length)
    } catch (error) {
      assert.instance(error, Error)
    }
    assert.ok(same(decompress(frame, raw.length), raw))
  }
  assert.throws(() => decompress(frame.subarray(0, frame.length >> 1), raw.length))
  assert.throws(() => decompress(frame, raw.length + 1))
  assert.ok(same(decompress(compress(raw, 0), raw.length), raw))
})

test.run()
