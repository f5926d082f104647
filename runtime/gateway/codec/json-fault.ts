/** Where a text stops being JSON, for whoever has to mend it. */
import { skipEscape, skipSpace, skipText, skipValue } from '../../../event/json-scan.ts'

/** Each level is passed over once more for every level around it; deeper ones are named by where they begin. */
const DEPTH_MAX = 8

/** Number of the first byte, from 0, that does not belong there; the length of the text when it ends too early. */
export function jsonFault(bytes: Uint8Array): number {
  const start = skipSpace(bytes, 0, bytes.length)
  const end = skipValue(bytes, start, bytes.length)
  return end < 0 ? faultIn(bytes, start, 0) : skipSpace(bytes, end, bytes.length)
}

/** Of a value that is none. */
function faultIn(bytes: Uint8Array, start: number, depth: number): number {
  const first = bytes[start]
  if (first === 0x22) return textFault(bytes, start)
  if (depth < DEPTH_MAX && first === 0x7b) return partsFault(bytes, { start, close: 0x7d, isObject: true, depth: depth + 1 })
  if (depth < DEPTH_MAX && first === 0x5b) return partsFault(bytes, { start, close: 0x5d, isObject: false, depth: depth + 1 })
  return start
}

interface Parts {
  readonly start: number
  readonly close: number
  readonly isObject: boolean
  readonly depth: number
}

function partsFault(bytes: Uint8Array, { start, close, isObject, depth }: Parts): number {
  const { length } = bytes
  let pos = skipSpace(bytes, start + 1, length)
  for (;;) {
    if (isObject) {
      if (bytes[pos] !== 0x22) return pos
      const colon = skipText(bytes, pos + 1, length)
      if (colon < 0) return textFault(bytes, pos)
      pos = skipSpace(bytes, colon, length)
      if (bytes[pos] !== 0x3a) return pos
      pos = skipSpace(bytes, pos + 1, length)
    }
    const end = skipValue(bytes, pos, length)
    if (end < 0) return faultIn(bytes, pos, depth)
    pos = skipSpace(bytes, end, length)
    // What is closed here is not closed as it should be, or is followed by what does not belong: the caller looked at that.
    if (bytes[pos] === close || bytes[pos] !== 0x2c) return pos
    pos = skipSpace(bytes, pos + 1, length)
  }
}

/** Of a text that does not end, or holds what must be escaped. */
function textFault(bytes: Uint8Array, start: number): number {
  for (let pos = start + 1; pos < bytes.length; pos++) {
    if (bytes[pos]! < 0x20) return pos
    if (bytes[pos] !== 0x5c) continue
    const next = skipEscape(bytes, pos + 1, bytes.length)
    if (next < 0) return pos
    pos = next - 1
  }
  return bytes.length
}
