/** Steps over JSON text byte by byte, as strict as JSON.parse: each function answers where the value ends, or −1 when it is none. RFC 8259. */

const QUOTE = 0x22
const BACKSLASH = 0x5c
/** Deeper nesting is given to JSON.parse, so that our own stack stays small. */
const LEVELS_MAX = 256

/** The first byte at or after `pos` that is not white space. */
export function skipSpace(bytes: Uint8Array, pos: number, end: number): number {
  while (pos < end) {
    const byte = bytes[pos]!
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) return pos
    pos++
  }
  return pos
}

/** `pos` stands after the opening quote; the answer after the closing one. */
export function skipText(bytes: Uint8Array, pos: number, end: number): number {
  while (pos < end) {
    const byte = bytes[pos++]!
    if (byte === QUOTE) return pos
    if (byte < 0x20) return -1
    if (byte === BACKSLASH) {
      pos = skipEscape(bytes, pos, end)
      if (pos < 0) return -1
    }
  }
  return -1
}

/** `pos` stands after the backslash. */
export function skipEscape(bytes: Uint8Array, pos: number, end: number): number {
  if (pos >= end) return -1
  switch (bytes[pos]) {
    case 0x22:
    case 0x5c:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74: // prettier-ignore
      return pos + 1
    case 0x75:
      if (pos + 5 > end) return -1
      for (let digit = pos + 1; digit < pos + 5; digit++) if (!isHex(bytes[digit]!)) return -1
      return pos + 5
    default:
      return -1
  }
}

function isHex(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66)
}

/** The end of the run of digits that begins at `pos`. */
export function skipDigits(bytes: Uint8Array, pos: number, end: number): number {
  while (pos < end) {
    const byte = bytes[pos]!
    if (byte < 0x30 || byte > 0x39) return pos
    pos++
  }
  return pos
}

export function skipNumber(bytes: Uint8Array, pos: number, end: number): number {
  if (pos < end && bytes[pos] === 0x2d) pos++
  if (pos >= end) return -1
  const whole = pos
  pos = skipDigits(bytes, pos, end)
  if (pos === whole || (bytes[whole] === 0x30 && pos > whole + 1)) return -1
  if (pos < end && bytes[pos] === 0x2e) {
    const fraction = pos + 1
    pos = skipDigits(bytes, fraction, end)
    if (pos === fraction) return -1
  }
  if (pos < end && (bytes[pos]! | 0x20) === 0x65) {
    pos++
    if (pos < end && (bytes[pos] === 0x2b || bytes[pos] === 0x2d)) pos++
    const exponent = pos
    pos = skipDigits(bytes, exponent, end)
    if (pos === exponent) return -1
  }
  return pos
}

/** `true`, `false`, `null`. */
export function skipWord(bytes: Uint8Array, pos: number, end: number): number {
  const first = bytes[pos]
  if (first === 0x74) return pos + 4 <= end && bytes[pos + 1] === 0x72 && bytes[pos + 2] === 0x75 && bytes[pos + 3] === 0x65 ? pos + 4 : -1
  if (first === 0x6e) return pos + 4 <= end && bytes[pos + 1] === 0x75 && bytes[pos + 2] === 0x6c && bytes[pos + 3] === 0x6c ? pos + 4 : -1
  if (first !== 0x66 || pos + 5 > end) return -1
  return bytes[pos + 1] === 0x61 && bytes[pos + 2] === 0x6c && bytes[pos + 3] === 0x73 && bytes[pos + 4] === 0x65 ? pos + 5 : -1
}

/** What becomes of an array or object below the last level: answers where it ends, or −1. */
type BelowLevels = (bytes: Uint8Array, pos: number, end: number) => number

const refused: BelowLevels = () => -1

/** Whether all of it is one JSON value with at most `levels` arrays and objects in one another. Whether its texts are UTF-8 is not looked at. */
export function isJson(bytes: Uint8Array, levels: number): boolean {
  const end = bytes.length
  const after = skipValue(bytes, skipSpace(bytes, 0, end), end, Math.min(levels, LEVELS_MAX), refused)
  return after >= 0 && skipSpace(bytes, after, end) === end
}

/** Any value that begins at `pos`; `levels`: how many arrays and objects in one another are gone through here. */
export function skipValue(bytes: Uint8Array, pos: number, end: number, levels = LEVELS_MAX, below: BelowLevels = skipDeep): number {
  if (pos >= end) return -1
  const first = bytes[pos]!
  if (first === QUOTE) return skipText(bytes, pos + 1, end)
  if (first === 0x2d || (first >= 0x30 && first <= 0x39)) return skipNumber(bytes, pos, end)
  if (first === 0x7b) return levels > 0 ? skipObject(bytes, pos, end, levels - 1, below) : below(bytes, pos, end)
  if (first === 0x5b) return levels > 0 ? skipArray(bytes, pos, end, levels - 1, below) : below(bytes, pos, end)
  return skipWord(bytes, pos, end)
}

function skipArray(bytes: Uint8Array, pos: number, end: number, levels: number, below: BelowLevels): number {
  pos = skipSpace(bytes, pos + 1, end)
  if (pos < end && bytes[pos] === 0x5d) return pos + 1
  for (;;) {
    pos = skipValue(bytes, pos, end, levels, below)
    if (pos < 0) return -1
    pos = skipSpace(bytes, pos, end)
    if (pos >= end) return -1
    if (bytes[pos] === 0x5d) return pos + 1
    if (bytes[pos] !== 0x2c) return -1
    pos = skipSpace(bytes, pos + 1, end)
  }
}

function skipObject(bytes: Uint8Array, pos: number, end: number, levels: number, below: BelowLevels): number {
  pos = skipSpace(bytes, pos + 1, end)
  if (pos < end && bytes[pos] === 0x7d) return pos + 1
  for (;;) {
    if (pos >= end || bytes[pos] !== QUOTE) return -1
    pos = skipText(bytes, pos + 1, end)
    if (pos < 0) return -1
    pos = skipSpace(bytes, pos, end)
    if (pos >= end || bytes[pos] !== 0x3a) return -1
    pos = skipValue(bytes, skipSpace(bytes, pos + 1, end), end, levels, below)
    if (pos < 0) return -1
    pos = skipSpace(bytes, pos, end)
    if (pos >= end) return -1
    if (bytes[pos] === 0x7d) return pos + 1
    if (bytes[pos] !== 0x2c) return -1
    pos = skipSpace(bytes, pos + 1, end)
  }
}

/** Finds the matching bracket without a stack, then lets JSON.parse judge what lies between. */
function skipDeep(bytes: Uint8Array, start: number, end: number): number {
  let open = 0
  for (let pos = start; pos < end;) {
    const byte = bytes[pos]!
    if (byte === QUOTE) {
      pos = skipText(bytes, pos + 1, end)
      if (pos < 0) return -1
      continue
    }
    pos++
    if (byte === 0x7b || byte === 0x5b) open++
    if ((byte === 0x7d || byte === 0x5d) && --open === 0) return parses(bytes, start, pos) ? pos : -1
  }
  return -1
}

function parses(bytes: Uint8Array, start: number, end: number): boolean {
  try {
    JSON.parse(Buffer.prototype.utf8Slice.call(bytes, start, end))
    return true
  } catch {
    return false
  }
}
