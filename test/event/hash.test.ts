/** The keyed hash is HalfSipHash-2-4 with 64 bits, as its authors published it, and one word more. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TextHash } from '../../event/hash.ts'

/** Slow and straightforward: the state as four numbers, one step a line. */
class Slow {
  readonly #v: [number, number, number, number]

  constructor(k0: number, k1: number) {
    this.#v = [k0 >>> 0, (k1 ^ 0xee) >>> 0, (0x6c796765 ^ k0) >>> 0, (0x74656462 ^ k1) >>> 0]
  }

  #add(a: number, b: number): void {
    this.#v[a] = Number((BigInt(this.#v[a]!) + BigInt(this.#v[b]!)) & 0xffffffffn)
  }

  #turn(a: number, bits: number): void {
    const wide = BigInt(this.#v[a]!) << BigInt(bits)
    this.#v[a] = Number((wide & 0xffffffffn) | (wide >> 32n))
  }

  xor(a: number, value: number): void {
    this.#v[a] = (this.#v[a]! ^ value) >>> 0
  }

  rounds(count: number): void {
    const { xor } = this
    for (let n = 0; n < count; n++) {
      for (const [a, b, bits, other] of [
        [0, 1, 5, 16],
        [2, 3, 8, 0],
        [0, 3, 7, 0],
        [2, 1, 13, 16],
      ] as const) {
        this.#add(a, b)
        this.#turn(b, bits)
        xor.call(this, b, this.#v[a]!)
        this.#turn(a, other)
      }
    }
  }

  word(value: number): void {
    this.xor(3, value)
    this.rounds(2)
    this.xor(0, value)
  }

  get out(): number {
    return (this.#v[1] ^ this.#v[3]) >>> 0
  }
}

function slowly(k0: number, k1: number, bytes: Uint8Array): [lo: number, hi: number, check: number] {
  const state = new Slow(k0, k1)
  const whole = bytes.length & ~3
  const last = Buffer.alloc(4)
  last.set(bytes.subarray(whole))
  last[3] = bytes.length
  for (let i = 0; i < whole; i += 4) state.word(Buffer.from(bytes).readUInt32LE(i))
  state.word(last.readUInt32LE(0))
  state.xor(2, 0xee)
  state.rounds(4)
  const lo = state.out
  state.xor(1, 0xdd)
  state.rounds(4)
  const hi = state.out
  state.xor(1, 0xcc)
  state.rounds(4)
  return [lo || 1, hi, state.out]
}

const wordsOf = ({ lo, hi, check }: TextHash): number[] => [lo, hi, check]
const key = fc.integer({ min: 0, max: 0xffffffff })

test('with the key and the input of the published vectors: their 64 bits', () => {
  const hash = new TextHash(0x03020100, 0x07060504)
  const hex = (): string => {
    const out = Buffer.alloc(8)
    out.writeUInt32LE(hash.lo, 0)
    out.writeUInt32LE(hash.hi, 4)
    return out.toString('hex')
  }
  hash.bytes(new Uint8Array(0))
  assert.is(hex(), '218d1f59b9b83cc8')
  hash.bytes(Uint8Array.of(0))
  assert.is(hex(), 'be552412f8387315')
})

test('bytes of any length hash as the slow one says', () => {
  fc.assert(
    fc.property(key, key, fc.uint8Array({ maxLength: 70 }), (k0, k1, bytes) => {
      assert.equal(wordsOf(new TextHash(k0, k1).bytes(bytes)), slowly(k0, k1, bytes))
    }),
    { numRuns: 300, seed: 1 },
  )
})

test('a text hashes as its UTF-8, a part of a buffer as that part', () => {
  fc.assert(
    fc.property(key, key, fc.oneof(fc.string(), fc.string({ unit: 'grapheme', maxLength: 300 })), (k0, k1, text) => {
      const bytes = Buffer.from(text)
      const wanted = slowly(k0, k1, bytes)
      const hash = new TextHash(k0, k1)
      assert.equal(wordsOf(hash.text(text)), wanted)
      assert.equal(wordsOf(hash.bytes(Buffer.concat([Buffer.from('abc'), bytes, Buffer.from('de')]), 3, 3 + bytes.length)), wanted)
    }),
    { numRuns: 300, seed: 2 },
  )
})

test('another key hashes otherwise', () => {
  assert.not.equal(wordsOf(new TextHash(1, 2).text('order-1')), wordsOf(new TextHash(1, 3).text('order-1')))
  assert.not.equal(wordsOf(new TextHash(1, 2).text('order-1')), wordsOf(new TextHash(2, 2).text('order-1')))
})

test.run()
