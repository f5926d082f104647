/** Keyed 96-bit hash of texts, so that nobody can make two stream ids collide. HalfSipHash-2-4 (Aumasson, Bernstein) with one more word squeezed out. */

const encoder = new TextEncoder()

/** Leaves its answer in `lo`, `hi`, `check`: no allocation a call. `lo` is never 0, so that 0 can mean an empty slot. */
export class TextHash {
  lo = 0
  hi = 0
  check = 0
  readonly #k0: number
  readonly #k1: number
  #text = new Uint8Array(512)

  constructor(key0: number, key1: number) {
    this.#k0 = key0 | 0
    this.#k1 = key1 | 0
  }

  /** Hashes the UTF-8 of a text. ASCII is written down by hand: a short text costs less so than a call of the encoder. */
  text(text: string): this {
    const { length } = text
    if (length > this.#text.length) this.#text = new Uint8Array(length * 2)
    let any = 0
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      any |= code
      this.#text[i] = code
    }
    return any > 127 ? this.bytes(encoder.encode(text)) : this.bytes(this.#text, 0, length)
  }

  bytes(bytes: Uint8Array, from = 0, to = bytes.length): this {
    let v0 = this.#k0
    let v1 = this.#k1 ^ 0xee
    let v2 = 0x6c796765 ^ this.#k0
    let v3 = 0x74656462 ^ this.#k1
    let word = 0
    for (let i = from; i < to; i++) {
      const at = (i - from) & 3
      word |= bytes[i]! << (at << 3)
      if (at === 3) {
        v3 ^= word
        for (let round = 0; round < 2; round++) {
          v0 = (v0 + v1) | 0
          v1 = (v1 << 5) | (v1 >>> 27)
          v1 ^= v0
          v0 = (v0 << 16) | (v0 >>> 16)
          v2 = (v2 + v3) | 0
          v3 = (v3 << 8) | (v3 >>> 24)
          v3 ^= v2
          v0 = (v0 + v3) | 0
          v3 = (v3 << 7) | (v3 >>> 25)
          v3 ^= v0
          v2 = (v2 + v1) | 0
          v1 = (v1 << 13) | (v1 >>> 19)
          v1 ^= v2
          v2 = (v2 << 16) | (v2 >>> 16)
        }
        v0 ^= word
        word = 0
      }
    }
    return this.#finish(v0, v1, v2, v3, word | ((to - from) << 24))
  }

  #finish(v0: number, v1: number, v2: number, v3: number, word: number): this {
    v3 ^= word
    for (let round = 0; round < 14; round++) {
      if (round === 2) {
        v0 ^= word
        v2 ^= 0xee
      }
      v0 = (v0 + v1) | 0
      v1 = (v1 << 5) | (v1 >>> 27)
      v1 ^= v0
      v0 = (v0 << 16) | (v0 >>> 16)
      v2 = (v2 + v3) | 0
      v3 = (v3 << 8) | (v3 >>> 24)
      v3 ^= v2
      v0 = (v0 + v3) | 0
      v3 = (v3 << 7) | (v3 >>> 25)
      v3 ^= v0
      v2 = (v2 + v1) | 0
      v1 = (v1 << 13) | (v1 >>> 19)
      v1 ^= v2
      v2 = (v2 << 16) | (v2 >>> 16)
      if (round === 5) {
        this.lo = (v1 ^ v3) >>> 0 || 1
        v1 ^= 0xdd
      }
      if (round === 9) {
        this.hi = (v1 ^ v3) >>> 0
        v1 ^= 0xcc
      }
    }
    this.check = (v1 ^ v3) >>> 0
    return this
  }
}
