/** One field of the payloads of a page: its cells as they are read, and the column they make. */
import { TextCodes } from './text-codes.ts'

/** The columns it makes: shaped as those of `operators/flow.ts`, which this room may not know. */
export type FieldColumn =
  | { readonly kind: 'number'; readonly values: Float64Array; readonly nulls?: Uint8Array }
  | { readonly kind: 'text'; readonly codes: Int32Array; readonly dictionary: readonly string[] }
  | { readonly kind: 'boolean'; readonly values: Uint8Array }
  | { readonly kind: 'value'; readonly values: readonly unknown[] }

/** What one cell holds; the sum over a page decides the kind of its column. */
export const NULL = 0
const NUMBER = 1
const TEXT = 2
const BOOLEAN = 4
const VALUE = 8
/** A dictionary that grew past this is left to the pages that share it, and a new one begun. */
const DICTIONARY_TEXTS_MAX = 131_072
const DICTIONARY_BYTES_MAX = 8 * 1024 * 1024
const NO_BYTES = new Uint8Array(0)
const NO_NUMBERS = new Float64Array(0)
const NO_CODES = new Int32Array(0)

/** One wanted field: its cells of the page being read. */
export class Field {
  readonly name: string
  readonly nameBytes: Uint8Array
  /** Length, first and last byte of the name: tells most other names apart in one comparison. */
  readonly sketch: number
  tags: Uint8Array = NO_BYTES
  numbers: Float64Array = NO_NUMBERS
  codes: Int32Array = NO_CODES
  values: unknown[] = []
  texts = new TextCodes()

  constructor(name: string) {
    this.name = name
    this.nameBytes = new TextEncoder().encode(name)
    this.sketch = sketchOf(this.nameBytes, 0, this.nameBytes.length)
  }

  begin(count: number): void {
    this.tags = new Uint8Array(count)
    this.numbers = NO_NUMBERS
    this.codes = NO_CODES
    this.values = []
    if (this.texts.dictionary.length > DICTIONARY_TEXTS_MAX || this.texts.bytes > DICTIONARY_BYTES_MAX) this.texts = new TextCodes()
  }

  number(row: number, value: number): void {
    if (this.numbers.length === 0) this.numbers = new Float64Array(this.tags.length)
    this.numbers[row] = value
    this.tags[row] = NUMBER
  }

  code(row: number, code: number): void {
    if (this.codes.length === 0) this.codes = new Int32Array(this.tags.length)
    this.codes[row] = code
    this.tags[row] = TEXT
  }

  boolean(row: number, value: boolean): void {
    this.number(row, value ? 1 : 0)
    this.tags[row] = BOOLEAN
  }

  /** A value that is an object already, or whatever `JSON.parse` made of a slice. */
  value(row: number, value: unknown): void {
    if (value === null || value === undefined) this.tags[row] = NULL
    else if (typeof value === 'number') this.number(row, value)
    else if (typeof value === 'string') this.code(row, this.texts.ofText(value))
    else if (typeof value === 'boolean') this.boolean(row, value)
    else {
      this.values[row] = value
      this.tags[row] = VALUE
    }
  }

  column(): FieldColumn {
    let seen = 0
    let nulls = 0
    for (const tag of this.tags) {
      seen |= tag
      if (tag === NULL) nulls++
    }
    if (seen === NUMBER) return this.#numberColumn(nulls)
    if (seen === TEXT) return this.#textColumn(nulls)
    if (seen === BOOLEAN)
      return { kind: 'boolean', values: Uint8Array.from(this.tags, (tag, row) => (tag === NULL ? 2 : this.numbers[row]!)) }
    return { kind: 'value', values: Array.from(this.tags, (tag, row) => this.#cell(tag, row)) }
  }

  #numberColumn(nulls: number): FieldColumn {
    if (nulls === 0) return { kind: 'number', values: this.numbers }
    const isNull = new Uint8Array(this.tags.length)
    for (let row = 0; row < isNull.length; row++) {
      if (this.tags[row] !== NULL) continue
      isNull[row] = 1
      this.numbers[row] = Number.NaN
    }
    return { kind: 'number', values: this.numbers, nulls: isNull }
  }

  #textColumn(nulls: number): FieldColumn {
    if (nulls > 0) for (let row = 0; row < this.codes.length; row++) if (this.tags[row] === NULL) this.codes[row] = -1
    return { kind: 'text', codes: this.codes, dictionary: this.texts.dictionary }
  }

  #cell(tag: number, row: number): unknown {
    if (tag === NUMBER) return this.numbers[row]
    if (tag === TEXT) return this.texts.dictionary[this.codes[row]!]
    if (tag === BOOLEAN) return this.numbers[row] === 1
    return tag === VALUE ? this.values[row] : null
  }
}

/** Length, first and last byte: tells most names apart in one comparison. */
export function sketchOf(bytes: Uint8Array, start: number, end: number): number {
  return end === start ? 0 : ((end - start) << 16) | (bytes[start]! << 8) | bytes[end - 1]!
}
