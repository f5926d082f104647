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

/** Bytes of a key, or of its first elements as a prefix. Values are taken as JSON.stringify would take them. */
export function encodeRowKey(key: readonly unknown[]): Uint8Array {
  const out: number[] = []
  for (const value of key) encode(value, out)
  return new Uint8Array(out)
}

/** The key again; members of an object come back sorted by name. */
export function decodeRowKey(bytes: Uint8Array): unknown[] {
  const from = { bytes, at: 0 }
  const key: unknown[] = []
  while (from.at < bytes.length) key.push(decode(from))
  return key
}

function encode(value: unknown, out: number[]): void {
  if (typeof value === 'number' && Number.isFinite(value)) encodeNumber(value, out)
  else if (typeof value === 'string') encodeText(value, TEXT, out)
  else if (typeof value === 'boolean') out.push(value ? TRUE : FALSE)
  else if (Array.isArray(value)) {
    out.push(ARRAY)
    for (const inner of value) encode(inner, out)
    out.push(END)
  } else if (typeof value === 'object' && value !== null) encodeText(canonical(value), OBJECT, out)
  else out.push(NULL)
}

/** Big-endian with the sign bit turned, and all bits of a negative number: then bytes sort as numbers do. */
function encodeNumber(value: number, out: number[]): void {
  number.setFloat64(0, value === 0 ? 0 : value)
  const flip = value < 0 ? 0xff : 0
  out.push(NUMBER, number.getUint8(0) ^ (flip || 0x80))
  for (let byte = 1; byte < 8; byte++) out.push(number.getUint8(byte) ^ flip)
}

function encodeText(text: string, kind: number, out: number[]): void {
  out.push(kind)
  let isAscii = true
  for (let i = 0; i < text.length && isAscii; i++) isAscii = text.charCodeAt(i) < 0x80
  if (isAscii) for (let i = 0; i < text.length; i++) pushByte(text.charCodeAt(i), out)
  else for (const byte of new TextEncoder().encode(text)) pushByte(byte, out)
  out.push(END)
}

function pushByte(byte: number, out: number[]): void {
  out.push(byte)
  if (byte === 0) out.push(ESCAPED)
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
