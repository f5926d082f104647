/** Gives each distinct text of a column a small number, straight from its UTF-8, so that a text seen before is never made again. */
import { textOf } from '../../event/payload.ts'

const SLOTS_FIRST = 256

/** Bytes → code by an open-addressing table over an arena; text → code beside it, because one text has many JSON spellings. */
export class TextCodes {
  /** Only ever grows; shared by all pages made with it. */
  readonly dictionary: string[] = []
  readonly #codes = new Map<string, number>()
  #slots = new Int32Array(SLOTS_FIRST)
  /** Of each spelling: hash, code, where its bytes end in the arena (they begin where those before end). */
  #hashes = new Int32Array(SLOTS_FIRST)
  #spelled = new Int32Array(SLOTS_FIRST)
  #ends = new Int32Array(SLOTS_FIRST + 1)
  #arena = new Uint8Array(SLOTS_FIRST * 8)
  #spellings = 0

  /** Bytes held by all spellings. */
  get bytes(): number {
    return this.#ends[this.#spellings]!
  }

  /** The code of the text whose UTF-8, with no escapes, is `bytes[start..end)`; `hash` is any hash of those bytes. */
  ofBytes(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const mask = this.#slots.length - 1
    let slot = (hash ^ (hash >>> 15)) & mask
    for (;;) {
      const entry = this.#slots[slot]!
      if (entry === 0) return this.#add(bytes, start, end, hash, slot)
      if (this.#hashes[entry - 1] === hash && this.#equals(entry - 1, bytes, start, end)) return this.#spelled[entry - 1]!
      slot = (slot + 1) & mask
    }
  }

  /** The code of a text that had to be decoded first. */
  ofText(text: string): number {
    let code = this.#codes.get(text)
    if (code === undefined) {
      code = this.dictionary.length
      this.dictionary.push(text)
      this.#codes.set(text, code)
    }
    return code
  }

  #equals(spelling: number, bytes: Uint8Array, start: number, end: number): boolean {
    const arena = this.#arena
    let at = this.#ends[spelling]!
    if (this.#ends[spelling + 1]! - at !== end - start) return false
    for (let pos = start; pos < end; pos++) if (arena[at++] !== bytes[pos]) return false
    return true
  }

  #add(bytes: Uint8Array, start: number, end: number, hash: number, slot: number): number {
    const code = this.ofText(textOf(bytes, start, end))
    const spelling = this.#spellings++
    const from = this.#ends[spelling]!
    const to = from + end - start
    if (to > this.#arena.length) this.#arena = grown(this.#arena, new Uint8Array(Math.max(to, this.#arena.length * 2)))
    this.#arena.set(bytes.subarray(start, end), from)
    if (spelling + 1 >= this.#hashes.length) this.#growRows()
    this.#hashes[spelling] = hash
    this.#spelled[spelling] = code
    this.#ends[spelling + 1] = to
    this.#slots[slot] = spelling + 1
    if (this.#spellings * 2 > this.#slots.length) this.#rehash()
    return code
  }

  #growRows(): void {
    const rows = this.#hashes.length * 2
    this.#hashes = grown(this.#hashes, new Int32Array(rows))
    this.#spelled = grown(this.#spelled, new Int32Array(rows))
    this.#ends = grown(this.#ends, new Int32Array(rows + 1))
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 4)
    const mask = this.#slots.length - 1
    for (let spelling = 0; spelling < this.#spellings; spelling++) {
      const hash = this.#hashes[spelling]!
      let slot = (hash ^ (hash >>> 15)) & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = spelling + 1
    }
  }
}

function grown<A extends Int32Array | Uint8Array>(from: A, to: A): A {
  to.set(from)
  return to
}
