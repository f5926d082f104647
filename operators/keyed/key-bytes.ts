/** Keys as bytes whose order is that of `compareKeys`, so that rows of state lie, and are read, in the order in which results leave. */
import { assert } from '../../event/assert.ts'
import { exactText, exactValue } from './exact.ts'

/** First byte of each kind of value, in the order of the kinds; 0 ends a text and so sorts before all of them. */
const END = 0x00
const NULL = 0x10
const FALSE = 0x20
const TRUE = 0x21
const INTEGER = 0x2f
const NUMBER = 0x30
const TEXT = 0x40
const OTHER = 0x50
/** Behind a 0 that belongs to a text. */
const ESCAPED = 0xff

const number = new DataView(new ArrayBuffer(8))

/** Writes a key behind what was written before it; the bytes are used again by the next one. */
export class KeyBytes {
  #bytes = new Uint8Array(256)
  #length = 0

  /** Begins a row key with a byte that tells kinds of rows apart. */
  begin(kind: number): this {
    this.#bytes[0] = kind
    this.#length = 1
    return this
  }

  number(value: number): this {
    this.#room(9)
    this.#number(value)
    return this
  }

  /** One value, of any kind. */
  value(value: unknown): this {
    this.#room(16)
    if (typeof value === 'number') this.number(value)
    else if (typeof value === 'string') this.#text(value, TEXT)
    else if (typeof value === 'boolean') this.#bytes[this.#length++] = value ? TRUE : FALSE
    else if (value === null || value === undefined) this.#bytes[this.#length++] = NULL
    else this.#other(value)
    return this
  }

  key(values: readonly unknown[]): this {
    for (let i = 0; i < values.length; i++) this.value(values[i])
    return this
  }

  /** From 0 to 2³² − 1. */
  integer(value: number): this {
    this.#room(5)
    this.#bytes[this.#length++] = INTEGER
    for (let shift = 24; shift >= 0; shift -= 8) this.#bytes[this.#length++] = value >>> shift
    return this
  }

  /** Stands behind all that goes on from here. */
  end(): this {
    this.#room(1)
    this.#bytes[this.#length++] = 0xff
    return this
  }

  /** A copy of all since `begin`. */
  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  /** Big-endian with the sign bit turned, and all bits of a negative number: then bytes sort as numbers do, NaN last. */
  #number(value: number): void {
    number.setFloat64(0, value === 0 ? 0 : value)
    const flip = value < 0 ? 0xff : 0
    this.#bytes[this.#length++] = NUMBER
    this.#bytes[this.#length++] = number.getUint8(0) ^ (flip || 0x80)
    for (let byte = 1; byte < 8; byte++) this.#bytes[this.#length++] = number.getUint8(byte) ^ flip
  }

  /**
   * UTF-8 of the UTF-16 units, with surrogates moved above all others (as ICU compares by code point): so texts sort by code point, and a
   * lone surrogate comes back as it was.
   */
  #text(text: string, kind: number): void {
    this.#room(3 * text.length + 2)
    const bytes = this.#bytes
    let at = this.#length
    bytes[at++] = kind
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      if (unit < 0x80) {
        bytes[at++] = unit
        // Behind a 0 that belongs to the text stands what nothing begins with.
        if (unit === 0) {
          this.#length = at
          this.#room(3 * (text.length - i) + 2)
          return this.#rest(text, i + 1)
        }
      } else at = placeUnit(bytes, at, unit)
    }
    bytes[at++] = END
    this.#length = at
  }

  /** The rest of a text that holds a 0, which was written. */
  #rest(text: string, from: number): void {
    this.#bytes[this.#length++] = ESCAPED
    for (let i = from; i < text.length; i++) {
      this.#room(4)
      const unit = text.charCodeAt(i)
      if (unit >= 0x80) this.#length = placeUnit(this.#bytes, this.#length, unit)
      else {
        this.#bytes[this.#length++] = unit
        if (unit === 0) this.#bytes[this.#length++] = ESCAPED
      }
    }
    this.#room(1)
    this.#bytes[this.#length++] = END
  }

  /** By JSON text, and behind it, where that does not say all of it, exactly. */
  #other(value: unknown): void {
    const exact = exactText(value)
    const shown = typeof value === 'bigint' ? '' : (JSON.stringify(value) ?? '')
    this.#text(shown, OTHER)
    this.#text(exact === shown ? '' : exact, TEXT)
  }

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const larger = new Uint8Array(2 * (this.#length + more))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
}

/** A unit from 0x80 on, as two or three bytes. */
function placeUnit(bytes: Uint8Array, at: number, unit: number): number {
  if (unit < 0x800) {
    bytes[at] = 0xc0 | (unit >> 6)
    bytes[at + 1] = 0x80 | (unit & 0x3f)
    return at + 2
  }
  const moved = unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800
  bytes[at] = 0xe0 | (moved >> 12)
  bytes[at + 1] = 0x80 | ((moved >> 6) & 0x3f)
  bytes[at + 2] = 0x80 | (moved & 0x3f)
  return at + 3
}

/** Reads what `KeyBytes` wrote. */
export class KeyReader {
  readonly #bytes: Uint8Array
  #at: number

  constructor(bytes: Uint8Array, from = 1) {
    this.#bytes = bytes
    this.#at = from
  }

  /** Bytes that were read or passed over. */
  get at(): number {
    return this.#at
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  /** A number written by `number`, or any value. */
  value(): unknown {
    const kind = this.#bytes[this.#at++]
    if (kind === NUMBER) return this.#number()
    if (kind === TEXT) return this.#text()
    if (kind === FALSE || kind === TRUE) return kind === TRUE
    if (kind !== OTHER) return null
    const shown = this.#text()
    this.#at++
    return exactValue(this.#text() || shown)
  }

  key(columns: number): unknown[] {
    const key = new Array<unknown>(columns)
    for (let c = 0; c < columns; c++) key[c] = this.value()
    return key
  }

  integer(): number {
    this.#at++
    let value = 0
    for (let byte = 0; byte < 4; byte++) value = (value << 8) | (this.#bytes[this.#at++] as number)
    return value >>> 0
  }

  #number(): number {
    const flip = (this.#bytes[this.#at] as number) & 0x80 ? 0 : 0xff
    for (let byte = 0; byte < 8; byte++) number.setUint8(byte, (this.#bytes[this.#at++] as number) ^ flip)
    if (flip === 0) number.setUint8(0, number.getUint8(0) ^ 0x80)
    return number.getFloat64(0)
  }

  #text(): string {
    const bytes = this.#bytes
    let text = ''
    for (;;) {
      assert(this.#at < bytes.length, 'a text of a key has an end')
      const byte = bytes[this.#at++] as number
      if (byte >= 0x80) text += String.fromCharCode(this.#unit(byte))
      else if (byte !== END) text += String.fromCharCode(byte)
      else if (bytes[this.#at] === ESCAPED) {
        text += '\0'
        this.#at++
      } else return text
    }
  }

  #unit(first: number): number {
    const second = (this.#bytes[this.#at++] as number) & 0x3f
    if (first < 0xe0) return ((first & 0x1f) << 6) | second
    const moved = ((first & 0x0f) << 12) | (second << 6) | ((this.#bytes[this.#at++] as number) & 0x3f)
    return moved < 0xd800 ? moved : moved >= 0xf800 ? moved - 0x2000 : moved + 0x800
  }
}
