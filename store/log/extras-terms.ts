/** Tags and correlation ids in the extras of an event, found in their bytes: no object is made of metadata that nobody asked for. */
import { extrasJson } from '../../event/payload.ts'
import { skipSpace, skipText, skipValue } from '../../event/json-scan.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const DOLLAR = 0x24
/** `metadata.correlationId`, and as KurrentDB writes it `metadata.$correlationId`. */
const CORRELATION = new TextEncoder().encode('correlationId')

/** UTF-8 at `bytes[start..end)`. */
export type FoundText = (bytes: Uint8Array, start: number, end: number) => void

/** Calls `found` for each tag in an encoded extras slice. */
export function eachTag(bytes: Uint8Array, start: number, end: number, found: FoundText): void {
  const json = extrasJson(bytes, start, end, 'tags')
  if (!json) return
  let pos = skipSpace(bytes, json.start + 1, json.end)
  while (pos < json.end && bytes[pos] === QUOTE) {
    const after = skipText(bytes, pos + 1, json.end)
    if (after < 0) return
    textWithin(bytes, pos, after, found)
    pos = skipSpace(bytes, after, json.end)
    if (bytes[pos] === 0x2c) pos = skipSpace(bytes, pos + 1, json.end)
  }
}

/** Calls `found` for the correlation id in an encoded extras slice, or for both when it has one by either name. One that is no text is none. */
export function eachCorrelation(bytes: Uint8Array, start: number, end: number, found: FoundText): void {
  const json = extrasJson(bytes, start, end, 'metadata')
  if (!json) return
  let pos = skipSpace(bytes, json.start + 1, json.end)
  while (pos < json.end && bytes[pos] === QUOTE) {
    const name = pos + 1
    const nameEnd = skipText(bytes, name, json.end)
    if (nameEnd < 0) return
    // The colon.
    const value = skipSpace(bytes, skipSpace(bytes, nameEnd, json.end) + 1, json.end)
    const after = skipValue(bytes, value, json.end)
    if (after < 0) return
    if (bytes[value] === QUOTE && isCorrelation(bytes, name, nameEnd - 1)) textWithin(bytes, value, after, found)
    pos = skipSpace(bytes, after, json.end)
    if (bytes[pos] === 0x2c) pos = skipSpace(bytes, pos + 1, json.end)
  }
}

function isCorrelation(bytes: Uint8Array, start: number, end: number): boolean {
  return isSame(CORRELATION, bytes, bytes[start] === DOLLAR ? start + 1 : start, end)
}

/** The text between the quotes at `start` and before `end`; one that is not well-formed can not be asked for. */
function textWithin(bytes: Uint8Array, start: number, end: number, found: FoundText): void {
  let at = start + 1
  while (at < end && bytes[at] !== BACKSLASH) at++
  if (at === end) return found(bytes, start + 1, end - 1)
  const text = JSON.parse(Buffer.prototype.utf8Slice.call(bytes, start, end)) as string
  if (!text.isWellFormed()) return
  const own = Buffer.from(text)
  found(own, 0, own.length)
}

export function isSame(text: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== text.length) return false
  for (let i = text.length - 1; i >= 0; i--) if (bytes[start + i] !== text[i]) return false
  return true
}
