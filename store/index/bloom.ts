/** Bloom filter over 64-bit hashes: "certainly not" or "perhaps" (Bloom 1970; double hashing of Kirsch and Mitzenmacher 2006). */

const BITS_PER_ITEM = 10
const PROBES = 7

/** About 1 % false "perhaps" at `items` items. */
export class BloomFilter {
  readonly bytes: Uint8Array
  readonly #bits: number

  constructor(items: number, bytes = new Uint8Array(Math.max(8, Math.ceil((items * BITS_PER_ITEM) / 8)))) {
    this.bytes = bytes
    this.#bits = bytes.length * 8
  }

  add(lo: number, hi: number): void {
    const step = (hi | 1) >>> 0
    let at = lo >>> 0
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = at % this.#bits
      this.bytes[bit >>> 3]! |= 1 << (bit & 7)
      at = (at + step) % 0x1_0000_0000
    }
  }

  has(lo: number, hi: number): boolean {
    const step = (hi | 1) >>> 0
    let at = lo >>> 0
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = at % this.#bits
      if (!(this.bytes[bit >>> 3]! & (1 << (bit & 7)))) return false
      at = (at + step) % 0x1_0000_0000
    }
    return true
  }
}
