/** Saved state as bytes: numbers and texts one after another, read back in the same order. */
import { assert } from '../../event/assert.ts'

const decoder = new TextDecoder()
/** Node's own writer of UTF-8 at a place, which its types leave out; an encoder makes an array for each text. */
const writeText = (Buffer.prototype as unknown as { utf8Write(this: Uint8Array, text: string, at: number): number }).utf8Write

const roomBytes = 16 * 1024

/** Grows as it is written; `take` gives a copy and begins anew. */
export class ByteWriter {
  #bytes = new Uint8Array(256)
  #view = new DataView(this.#bytes.buffer)
  #length = 0
  #rooms = new Uint8Array(0)
  #roomAt = roomBytes

  #reserve(count: number): number {
    const start = this.#length
    if (start + count > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.#bytes.length, start + count))
      larger.set(this.#bytes)
      this.#bytes = larger
      this.#view = new DataView(larger.buffer)
    }
    this.#length += count
    return start
  }

  byte(value: number): void {
    const at = this.#reserve(1)
    this.#view.setUint8(at, value)
  }

  integer(value: number): void {
    const at = this.#reserve(4)
    this.#view.setUint32(at, value)
  }

  number(value: number): void {
    const at = this.#reserve(8)
    this.#view.setFloat64(at, value)
  }

  text(value: string): void {
    const at = this.#reserve(4 + 3 * value.length)
    const length = writeText.call(this.#bytes, value, at + 4)
    this.#view.setUint32(at, length)
    this.#length = at + 4 + length
  }

  /** A JSON value; a number keeps all its bits. */
  value(value: unknown): void {
    const isNumber = typeof value === 'number'
    this.byte(isNumber ? 1 : 0)
    if (isNumber) this.number(value)
    else this.text(JSON.stringify(value ?? null))
  }

  numbers(values: Float64Array): void {
    const at = this.#reserve(8 * values.length)
    for (let i = 0; i < values.length; i++) this.#view.setFloat64(at + 8 * i, values[i] as number)
  }

  take(): Uint8Array {
    const taken = this.#room(this.#length)
    taken.set(this.#bytes.subarray(0, this.#length))
    this.#length = 0
    return taken
  }

  /** Small pieces are parts of one array: an array of its own for each costs several times what is written into it. */
  #room(length: number): Uint8Array {
    if (length > roomBytes / 16) return new Uint8Array(length)
    if (this.#roomAt + length > roomBytes) {
      this.#rooms = new Uint8Array(roomBytes)
      this.#roomAt = 0
    }
    const start = this.#roomAt
    this.#roomAt += length
    return this.#rooms.subarray(start, start + length)
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  #pass(count: number): number {
    const start = this.#at
    this.#at += count
    assert(this.#at <= this.#bytes.length, 'saved state is shorter than what is read from it')
    return start
  }

  byte(): number {
    return this.#view.getUint8(this.#pass(1))
  }

  integer(): number {
    return this.#view.getUint32(this.#pass(4))
  }

  number(): number {
    return this.#view.getFloat64(this.#pass(8))
  }

  text(): string {
    return this.textOf(this.integer())
  }

  /** A text of so many bytes. */
  textOf(length: number): string {
    const start = this.#pass(length)
    return decoder.decode(this.#bytes.subarray(start, start + length))
  }

  value(): unknown {
    return this.byte() === 1 ? this.number() : (JSON.parse(this.text()) as unknown)
  }

  numbers(count: number): Float64Array {
    const start = this.#pass(8 * count)
    return Float64Array.from({ length: count }, (_, i) => this.#view.getFloat64(start + 8 * i))
  }

  get rest(): number {
    return this.#bytes.length - this.#at
  }
}
