/** Reads the wanted top-level fields of event payloads into columns, without making an object of any payload. */
import { decodeData, textOf } from '../../event/payload.ts'
import { Field, type FieldColumn, NULL, sketchOf } from './field.ts'
import { skipDigits, skipEscape, skipNumber, skipSpace, skipText, skipValue, skipWord } from '../../event/json-scan.ts'

/** With `*`: more fields than this, and those of earlier pages are forgotten. */
const FIELDS_MAX = 1024

/** Whole numbers with so many digits, and powers of ten up to 22, are exact in a double, and so is their quotient. Clinger 1990. */
const EXACT_DIGITS_MAX = 15
const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`))

/** One reader serves page after page: `begin`, a call a row, `columns`. */
export class FieldReader {
  readonly #fields: Field[]
  readonly #byName: Map<string, Field>
  /** With `*` every key is wanted, and becomes a field when it is first seen. */
  readonly #wantsAll: boolean
  #count = 0
  /** Where the key or text read last ends (after its closing quote), and whether it held an escape. */
  #end = 0

  /** Names of the wanted fields; `*` for all of them. */
  constructor(names: readonly string[]) {
    this.#wantsAll = names.includes('*')
    this.#fields = [...new Set(names)].filter(name => name !== '*').map(name => new Field(name))
    this.#byName = new Map(this.#fields.map(field => [field.name, field]))
  }

  begin(count: number): void {
    this.#count = count
    if (this.#fields.length > FIELDS_MAX && this.#wantsAll) this.#forget()
    for (const field of this.#fields) field.begin(count)
  }

  /** JSON text at `bytes[start..end)`. False when it is malformed: then the row's cells are null. A value that is no object has no fields. */
  json(bytes: Uint8Array, start: number, end: number, row: number): boolean {
    if (this.#json(bytes, start, end, row)) return true
    for (const field of this.#fields) field.tags[row] = NULL
    return false
  }

  /** MessagePack at `bytes[start..end)`; as `json` else. */
  msgpack(bytes: Uint8Array, start: number, end: number, row: number): boolean {
    try {
      const value = decodeData(bytes, start, end, 'msgpack')
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return true
      const names = this.#wantsAll ? Object.keys(value) : this.#byName.keys()
      for (const name of names) if (Object.hasOwn(value, name)) this.#named(name)?.value(row, (value as Record<string, unknown>)[name])
      return true
    } catch {
      return false
    }
  }

  /** The page's columns by name; with `*` only of fields that a row of the page has. What was read for it is no longer ours after this. */
  columns(): Map<string, FieldColumn> {
    const seen = this.#wantsAll ? this.#fields.filter(field => field.tags.some(tag => tag !== NULL)) : this.#fields
    return new Map(seen.map(field => [field.name, field.column()]))
  }

  #named(name: string): Field | undefined {
    let field = this.#byName.get(name)
    if (field === undefined && this.#wantsAll) {
      field = new Field(name)
      field.begin(this.#count)
      this.#fields.push(field)
      this.#byName.set(name, field)
    }
    return field
  }

  /** Keys that are data themselves (ids, say) would pile up as fields. */
  #forget(): void {
    this.#fields.length = 0
    this.#byName.clear()
  }

  #json(bytes: Uint8Array, start: number, end: number, row: number): boolean {
    let pos = skipSpace(bytes, start, end)
    if (pos >= end) return false
    if (bytes[pos] !== 0x7b) {
      pos = skipValue(bytes, pos, end)
      return pos >= 0 && skipSpace(bytes, pos, end) === end
    }
    pos = skipSpace(bytes, pos + 1, end)
    if (pos < end && bytes[pos] === 0x7d) return skipSpace(bytes, pos + 1, end) === end
    for (;;) {
      if (pos >= end || bytes[pos] !== 0x22) return false
      const field = this.#key(bytes, pos + 1, end)
      if (this.#end < 0) return false
      pos = skipSpace(bytes, this.#end, end)
      if (pos >= end || bytes[pos] !== 0x3a) return false
      pos = skipSpace(bytes, pos + 1, end)
      pos = field === undefined ? skipValue(bytes, pos, end) : this.#take(field, bytes, pos, end, row)
      if (pos < 0) return false
      pos = skipSpace(bytes, pos, end)
      if (pos >= end) return false
      if (bytes[pos] === 0x7d) return skipSpace(bytes, pos + 1, end) === end
      if (bytes[pos] !== 0x2c) return false
      pos = skipSpace(bytes, pos + 1, end)
    }
  }

  /** The field named by the key at `start`, after its quote. Sets `#end`. */
  #key(bytes: Uint8Array, start: number, end: number): Field | undefined {
    let pos = start
    for (; pos < end; pos++) {
      const byte = bytes[pos]!
      if (byte === 0x22) break
      if (byte < 0x20) return this.#ended(-1)
      if (byte === 0x5c) return this.#escapedKey(bytes, start, end)
    }
    if (pos >= end) return this.#ended(-1)
    this.#end = pos + 1
    const sketch = sketchOf(bytes, start, pos)
    for (const field of this.#fields) if (field.sketch === sketch && isSame(field.nameBytes, bytes, start)) return field
    return this.#wantsAll ? this.#named(textOf(bytes, start, pos)) : undefined
  }

  #escapedKey(bytes: Uint8Array, start: number, end: number): Field | undefined {
    this.#end = skipText(bytes, start, end)
    return this.#end < 0 ? undefined : this.#named(JSON.parse(textOf(bytes, start - 1, this.#end)) as string)
  }

  #ended(end: number): undefined {
    this.#end = end
  }

  /** Reads the value at `pos` into the field's cell; the answer is where it ends, or −1. */
  #take(field: Field, bytes: Uint8Array, pos: number, end: number, row: number): number {
    if (pos >= end) return -1
    const first = bytes[pos]!
    if (first === 0x22) return this.#text(field, bytes, pos + 1, end, row)
    if (first === 0x2d || (first >= 0x30 && first <= 0x39)) return this.#number(field, bytes, pos, end, row)
    if (first === 0x7b || first === 0x5b) {
      const after = skipValue(bytes, pos, end)
      if (after >= 0) field.value(row, JSON.parse(textOf(bytes, pos, after)))
      return after
    }
    const after = skipWord(bytes, pos, end)
    if (after < 0) return -1
    if (first === 0x6e) field.tags[row] = NULL
    else field.boolean(row, first === 0x74)
    return after
  }

  #text(field: Field, bytes: Uint8Array, start: number, end: number, row: number): number {
    let hash = 0x811c9dc5 | 0
    for (let pos = start; pos < end; pos++) {
      const byte = bytes[pos]!
      if (byte === 0x22) {
        field.code(row, field.texts.ofBytes(bytes, start, pos, hash))
        return pos + 1
      }
      if (byte < 0x20) return -1
      if (byte === 0x5c) return this.#escapedText(field, bytes, start, { pos, end, row })
      hash = Math.imul(hash ^ byte, 0x01000193)
    }
    return -1
  }

  #escapedText(field: Field, bytes: Uint8Array, start: number, at: { pos: number; end: number; row: number }): number {
    const resumed = skipEscape(bytes, at.pos + 1, at.end)
    const after = resumed < 0 ? -1 : skipText(bytes, resumed, at.end)
    if (after >= 0) field.code(at.row, field.texts.ofText(JSON.parse(textOf(bytes, start - 1, after)) as string))
    return after
  }

  #number(field: Field, bytes: Uint8Array, start: number, end: number, row: number): number {
    const isNegative = bytes[start] === 0x2d
    const whole = isNegative ? start + 1 : start
    let mantissa = 0
    let pos = whole
    for (; pos < end; pos++) {
      const byte = bytes[pos]!
      if (byte < 0x30 || byte > 0x39) break
      mantissa = mantissa * 10 + (byte - 0x30)
    }
    let digits = pos - whole
    if (digits === 0 || (digits > 1 && bytes[whole] === 0x30)) return -1
    let fraction = 0
    if (pos < end && bytes[pos] === 0x2e) {
      const from = pos + 1
      pos = skipDigits(bytes, from, end)
      fraction = pos - from
      if (fraction === 0) return -1
      digits += fraction
      if (digits <= EXACT_DIGITS_MAX) for (let at = from; at < pos; at++) mantissa = mantissa * 10 + (bytes[at]! - 0x30)
    }
    if (digits > EXACT_DIGITS_MAX || (pos < end && (bytes[pos]! | 0x20) === 0x65)) {
      const after = skipNumber(bytes, start, end)
      if (after >= 0) field.number(row, Number(textOf(bytes, start, after)))
      return after
    }
    const value = fraction === 0 ? mantissa : mantissa / POWERS_OF_TEN[fraction]!
    field.number(row, isNegative ? -value : value)
    return pos
  }
}

function isSame(name: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[start + i]) return false
  return true
}
