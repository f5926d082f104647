/** 64-bit hashes of values of any kind, for sketches: the same value has the same hash in every process. MurmurHash3 (Appleby), two seeds. */
import { valueAt } from '../columns.ts'
import type { Column, TextColumn } from '../flow.ts'

/** Seeds of both halves; kinds are told apart, so that 1 and "1" are two. */
const highSeed = 0x9747b28c
const lowSeed = 0x3c6ef372
const textSalt = 0x51ed270b
const otherSalt = 0x2545f491

const wide = new Float64Array(1)
const halves = new Int32Array(wide.buffer)

function mixed(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51)
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593)
  const h = hash ^ k
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
}

function finished(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

function hashOfText(text: string, seed: number): number {
  let hash = seed
  const pairs = text.length & ~1
  for (let i = 0; i < pairs; i += 2) hash = mixed(hash, text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16))
  if (pairs < text.length) hash = mixed(hash, text.charCodeAt(pairs))
  return finished(hash ^ text.length)
}

/** Hashes of the rows of columns; null has none. */
export class ValueHashes {
  high = new Int32Array(64)
  low = new Int32Array(64)
  /** 1 where there is no value. */
  isNull = new Uint8Array(64)
  /** High and low half of each text of a dictionary, as far as they are known. */
  readonly #ofDictionary = new WeakMap<readonly string[], { pairs: Int32Array; known: number }>()

  /** Leaves the hashes of rows in `high` and `low`. */
  fill(column: Column, rows: Int32Array, count: number): void {
    if (this.high.length < count) {
      this.high = new Int32Array(count)
      this.low = new Int32Array(count)
      this.isNull = new Uint8Array(count)
    }
    this.isNull.fill(0, 0, count)
    if (column.kind === 'text') return this.#fillTexts(column, rows, count)
    if (column.kind === 'number') {
      for (let i = 0; i < count; i++) {
        const row = rows[i] as number
        if (column.nulls !== undefined && column.nulls[row] === 1) this.isNull[i] = 1
        else this.#putNumber(i, column.values[row] as number)
      }
      return
    }
    for (let i = 0; i < count; i++) this.#put(i, valueAt(column, rows[i] as number))
  }

  #fillTexts({ codes, dictionary }: TextColumn, rows: Int32Array, count: number): void {
    const { pairs } = this.#pairsOf(dictionary)
    for (let i = 0; i < count; i++) {
      const code = codes[rows[i] as number] as number
      if (code < 0) this.isNull[i] = 1
      else {
        this.high[i] = pairs[2 * code] as number
        this.low[i] = pairs[2 * code + 1] as number
      }
    }
  }

  #pairsOf(dictionary: readonly string[]): { pairs: Int32Array } {
    let found = this.#ofDictionary.get(dictionary)
    if (found === undefined) this.#ofDictionary.set(dictionary, (found = { pairs: new Int32Array(32), known: 0 }))
    if (2 * dictionary.length > found.pairs.length) {
      const larger = new Int32Array(Math.max(2 * dictionary.length, 2 * found.pairs.length))
      larger.set(found.pairs)
      found.pairs = larger
    }
    for (; found.known < dictionary.length; found.known++) {
      const text = dictionary[found.known] as string
      found.pairs[2 * found.known] = hashOfText(text, highSeed ^ textSalt)
      found.pairs[2 * found.known + 1] = hashOfText(text, lowSeed ^ textSalt)
    }
    return found
  }

  #putNumber(at: number, value: number): void {
    wide[0] = value + 0
    const isNone = Number.isNaN(value)
    const low = isNone ? 0 : (halves[0] as number)
    const high = isNone ? 0x7ff80000 : (halves[1] as number)
    this.high[at] = finished(mixed(mixed(highSeed, low), high) ^ 8)
    this.low[at] = finished(mixed(mixed(lowSeed, low), high) ^ 8)
  }

  #put(at: number, value: unknown): void {
    if (value === null || value === undefined) {
      this.isNull[at] = 1
      return
    }
    if (typeof value === 'number') return this.#putNumber(at, value)
    const isText = typeof value === 'string'
    const [text, salt] = isText ? [value, textSalt] : [JSON.stringify(value), otherSalt]
    this.high[at] = hashOfText(text, highSeed ^ salt)
    this.low[at] = hashOfText(text, lowSeed ^ salt)
  }
}
