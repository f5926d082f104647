/** Keys of projections as bytes: JSON arrays whose byte order is the order of their values, so that a prefix of a key is a range. */

/** First byte of each kind of value; the order of the kinds. 0 ends a text or an array, and so sorts first. */
const END = 0x00
const NULL = 0x10
const FALSE = 0x20
const TRUE = 0x21
const NUMBER = 0x30
const TEXT = 0x40
const ARRAY = 0x50
const OBJECT = 0x60
/** Behind a 0 that belongs to a text. */
const ESCAPED = 0xff

const number = new DataView(new ArrayBuffer(8))

/** A key as bytes in memory that is used again for the next one. */
export class RowKey {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(256)
  /** The same bytes as words; what is behind the key in the last one is 0. */
  words = new Int32Array(this.bytes.buffer)
  length = 0

  /** The key, or its first elements as a prefix. Values are taken as JSON.stringify would take them. */
  set(key: readonly unknown[]): this {
    this.length = 0
    for (let i = 0; i < key.length; i++) this.#encode(key[i])
    this.#room(4)
    for (let i = 0; i < 3; i++) this.bytes[this.length + i] = 0
    return this
  }

  /** The bytes of a key that was encoded before. */
  setBytes(bytes: Uint8Array): this {
    this.length = 0
    this.#room(bytes.length + 4)
    this.bytes.set(bytes)
    this.length = bytes.length
    for (let i = 0; i < 3; i++) this.bytes[this.length + i] = 0
    return this
  }

  #encode(value: unknown): void {
    this.#room(16)
    if (typeof value === 'number' && Number.isFinite(value)) this.#encodeNumber(value)
    else if (typeof value === 'string') this.#encodeText(value, TEXT)
    else if (typeof value === 'boolean') this.bytes[this.length++] = value ? TRUE : FALSE
    else if (Array.isArray(value)) {
      this.bytes[this.length++] = ARRAY
      for (const inner of value) this.#encode(inner)
      this.#room(1)
      this.bytes[this.length++] = END
    } else if (typeof value === 'object' && value !== null) this.#encodeText(canonical(value), OBJECT)
    else this.bytes[this.length++] = NULL
  }

  /** Big-endian with the sign bit turned, and all bits of a negative number: then bytes sort as numbers do. */
  #encodeNumber(value: number): void {
    number.setFloat64(0, value === 0 ? 0 : value)
    const flip = value < 0 ? 0xff : 0
    this.bytes[this.length++] = NUMBER
    this.bytes[this.length++] = number.getUint8(0) ^ (flip || 0x80)
    for (let byte = 1; byte < 8; byte++) this.bytes[this.length++] = number.getUint8(byte) ^ flip
  }

  #encodeText(text: string, kind: number): void {
    const start = this.length
    this.#room(text.length * 2 + 2)
    const { bytes } = this
    let at = start
    let isPlain = true
    bytes[at++] = kind
    for (let i = 0; i < text.length && isPlain; i++) {
      const code = text.charCodeAt(i)
      isPlain = code > 0 && code < 0x80
      bytes[at++] = code
    }
    if (!isPlain) return this.#encodeBytes(new TextEncoder().encode(text), kind)
    bytes[at++] = END
    this.length = at
  }

  #encodeBytes(text: Uint8Array, kind: number): void {
    this.#room(text.length * 2 + 2)
    this.bytes[this.length++] = kind
    for (const byte of text) {
      this.bytes[this.length++] = byte
      if (byte === 0) this.bytes[this.length++] = ESCAPED
    }
    this.bytes[this.length++] = END
  }

  #room(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const grown = new Uint8Array(((this.length + more) * 2 + 3) & ~3)
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
    this.words = new Int32Array(grown.buffer)
  }
}

const shared = new RowKey()

/** Bytes of a key, or of its first elements as a prefix. Values are taken as JSON.stringify would take them. */
export function encodeRowKey(key: readonly unknown[]): Uint8Array {
  shared.set(key)
  return shared.bytes.slice(0, shared.length)
}

/** The key again; members of an object come back sorted by name. */
export function decodeRowKey(bytes: Uint8Array): unknown[] {
  const from = { bytes, at: 0 }
  const key: unknown[] = []
  while (from.at < bytes.length) key.push(decode(from))
  return key
}

/** JSON with the members of every object sorted, so that equal values are equal bytes. */
function canonical(value: object): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}

interface From {
  readonly bytes: Uint8Array
  at: number
}

function decode(from: From): unknown {
  const kind = from.bytes[from.at++]
  if (kind === NUMBER) return decodeNumber(from)
  if (kind === TEXT) return decodeText(from)
  if (kind === OBJECT) return JSON.parse(decodeText(from))
  if (kind === TRUE || kind === FALSE) return kind === TRUE
  if (kind !== ARRAY) return null
  const values: unknown[] = []
  while (from.bytes[from.at] !== END) values.push(decode(from))
  from.at++
  return values
}

function decodeNumber(from: From): number {
  const flip = from.bytes[from.at]! & 0x80 ? 0 : 0xff
  for (let byte = 0; byte < 8; byte++) number.setUint8(byte, from.bytes[from.at++]! ^ flip)
  if (flip === 0) number.setUint8(0, number.getUint8(0) ^ 0x80)
  return number.getFloat64(0)
}

function decodeText(from: From): string {
  const plain: number[] = []
  for (;;) {
    const byte = from.bytes[from.at++]!
    if (byte === 0 && from.bytes[from.at++] !== ESCAPED) {
      from.at--
      return new TextDecoder().decode(new Uint8Array(plain))
    }
    plain.push(byte)
  }
}
