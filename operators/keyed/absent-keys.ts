/**
 * Which rows lie on disk only: a Bloom filter over their keys, so that a key that was never seen costs no read. It may say yes for a row that is
 * not there, never no for one that is. Made of layers, each larger than the one before, because a filter can not grow; 10 bits a key with
 * 4 probes are wrong once in a hundred (Bloom 1970; two hashes make all probes, Kirsch and Mitzenmacher 2006).
 */

const probes = 4
const bitsOfKey = 10
const firstBytes = 1024
const growth = 8

interface Layer {
  readonly words: Int32Array
  readonly keysMost: number
  keys: number
}

export class AbsentKeys {
  readonly #bytesMost: number
  readonly #layers: Layer[] = []
  #isEverything = false
  #bytes = 0
  #first = 0
  #second = 0
  /** Keys added. */
  size = 0

  /** The filter takes no more than `bytesMost`: with more keys than that is for, it says yes too often. */
  constructor(bytesMost: number) {
    this.#bytesMost = Math.max(firstBytes, bytesMost)
  }

  /** From now on any key may be on disk. */
  everything(): void {
    this.#isEverything = true
  }

  /** It can not tell keys apart well any more. */
  get isFull(): boolean {
    const last = this.#layers.at(-1)
    return this.#isEverything || (last !== undefined && last.keys >= last.keysMost && this.#bytes >= this.#bytesMost)
  }

  add(key: Uint8Array): void {
    this.size++
    let layer = this.#layers.at(-1)
    if (layer === undefined || (layer.keys >= layer.keysMost && this.#bytes < this.#bytesMost))
      this.#layers.push((layer = this.#larger(layer)))
    layer.keys++
    this.#hash(key)
    const { words } = layer
    for (let probe = 0, at = this.#first; probe < probes; probe++, at = (at + this.#second) | 0) {
      const word = (at >>> 5) & (words.length - 1)
      words[word] = (words[word] as number) | (1 << (at & 31))
    }
  }

  mayHold(key: Uint8Array): boolean {
    if (this.#isEverything) return true
    if (this.#layers.length === 0) return false
    this.#hash(key)
    for (let l = this.#layers.length - 1; l >= 0; l--) {
      const { words } = this.#layers[l] as Layer
      let probe = 0
      for (let at = this.#first; probe < probes; probe++, at = (at + this.#second) | 0)
        if (((words[(at >>> 5) & (words.length - 1)] as number) & (1 << (at & 31))) === 0) break
      if (probe === probes) return true
    }
    return false
  }

  /** Lengths are powers of two. The last layer takes what is left, which may be a bit more. */
  #larger(before: Layer | undefined): Layer {
    const wanted = before === undefined ? firstBytes : before.words.length * 4 * growth
    const bytes = 2 ** Math.ceil(Math.log2(Math.min(wanted, Math.max(firstBytes, this.#bytesMost - this.#bytes))))
    this.#bytes += bytes
    return { words: new Int32Array(bytes / 4), keysMost: Math.floor((8 * bytes) / bitsOfKey), keys: 0 }
  }

  /** Two numbers of 32 bits: FNV-1a and a sum of other weights, each mixed as in MurmurHash3. The second is odd. */
  #hash(key: Uint8Array): void {
    let [first, second] = [0x811c9dc5, 0x9747b28c]
    for (let i = 0; i < key.length; i++) {
      const byte = key[i] as number
      first = Math.imul(first ^ byte, 0x01000193)
      second = (Math.imul(second, 31) + byte) | 0
    }
    this.#first = mixed(first)
    this.#second = mixed(second ^ first) | 1
  }
}

function mixed(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
