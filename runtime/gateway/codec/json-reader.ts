/** Walks a JSON text in bytes without making values of it: what a caller does not look into is passed over as a span and stays as it was received. */
import { EventStoreError } from '../../../event/error.ts'
import { skipSpace, skipText, skipValue } from '../../../event/json-scan.ts'
import { textOf } from '../../../event/payload.ts'
import { jsonFault } from './json-fault.ts'

const OPEN_OBJECT = 0x7b
const OPEN_LIST = 0x5b
const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a

/** Bytes of one value, `end` exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Each call reads from where the last one ended. All throw INVALID where the text is not JSON. */
export class JsonReader {
  readonly bytes: Uint8Array
  #pos: number

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.#pos = skipSpace(bytes, 0, bytes.length)
  }

  get isObject(): boolean {
    return this.bytes[this.#pos] === OPEN_OBJECT
  }

  get isList(): boolean {
    return this.bytes[this.#pos] === OPEN_LIST
  }

  /** Passes over a value, checking it. */
  span(): Span {
    const start = this.#pos
    const end = skipValue(this.bytes, start, this.bytes.length)
    if (end < 0) throw this.malformed()
    this.#pos = end
    return { start, end }
  }

  /** Reads a value. */
  value(): unknown {
    const { start, end } = this.span()
    return JSON.parse(textOf(this.bytes, start, end))
  }

  /** Calls `each` at every item of the list that begins here; it must read the item. */
  items(each: () => void): void {
    if (!this.isList) throw this.malformed()
    this.#pos++
    if (this.#closes(0x5d)) return
    for (;;) {
      each()
      if (this.#closes(0x5d)) return
      this.#expect(COMMA)
    }
  }

  /** Calls `each` at the value of every member of the object that begins here; it must read the value. */
  members(each: (name: string) => void): void {
    if (!this.isObject) throw this.malformed()
    this.#pos++
    if (this.#closes(0x7d)) return
    for (;;) {
      const name = this.#name()
      this.#expect(COLON)
      each(name)
      if (this.#closes(0x7d)) return
      this.#expect(COMMA)
    }
  }

  /** Nothing but white space may follow. */
  finish(): void {
    if (skipSpace(this.bytes, this.#pos, this.bytes.length) < this.bytes.length) throw this.malformed()
  }

  /** Says where the text stops being JSON. */
  malformed(): EventStoreError {
    const at = jsonFault(this.bytes)
    const what = at >= this.bytes.length ? 'it ends too early' : `byte ${at} does not belong there`
    return new EventStoreError('INVALID', `the body is not JSON text: ${what}`, { field: 'body', at })
  }

  #name(): string {
    const { bytes } = this
    if (bytes[this.#pos] !== QUOTE) throw this.malformed()
    const start = this.#pos
    const end = skipText(bytes, start + 1, bytes.length)
    if (end < 0) throw this.malformed()
    this.#pos = skipSpace(bytes, end, bytes.length)
    return JSON.parse(textOf(bytes, start, end)) as string
  }

  #expect(byte: number): void {
    if (this.bytes[this.#pos] !== byte) throw this.malformed()
    this.#pos = skipSpace(this.bytes, this.#pos + 1, this.bytes.length)
  }

  /** Passes the closing bracket, if it comes next. */
  #closes(byte: number): boolean {
    this.#pos = skipSpace(this.bytes, this.#pos, this.bytes.length)
    if (this.bytes[this.#pos] !== byte) return false
    this.#pos++
    return true
  }
}
