/** The terms of a block, gathered when it is closed and when it is read back in: what the index of terms is made of. */
import { categoryOf } from '../../event/stream-id.ts'
import { textOf } from '../../event/payload.ts'
import type { TermHashes, TermKind } from '../index/terms.ts'
import { eachCorrelation, eachTag } from './extras-terms.ts'

/** Slices of bytes one behind the other: the first begins at `start`, slice i ends at `ends[i]`. */
export interface Slices {
  readonly bytes: Uint8Array
  readonly ends: Uint32Array
  readonly count: number
  readonly start: number
}

/** What a block holds beside the payloads of its events; extras are one slice an event, or none at all. */
export interface BlockParts {
  readonly streams: Slices
  readonly types: Slices
  readonly extras: Slices
}

/** Takes the hash of a term; may be told the same one twice. */
export type TermSink = (lo: number, hi: number) => void

/** Categories of a block remembered by where they stand, so that each is hashed once. */
const CATEGORIES_KNOWN = 8
const starts = new Uint32Array(CATEGORIES_KNOWN)
const ends = new Uint32Array(CATEGORIES_KNOWN)

export function eachTerm({ streams, types, extras }: BlockParts, hashes: TermHashes, found: TermSink): void {
  const type = give(hashes, 'type', found)
  // A row that was removed has neither stream nor type any more.
  eachSlice(types, (bytes, start, end) => end > start && type(bytes, start, end))
  streamTerms(streams, hashes, found)
  if (extras.count === 0) return
  const tag = give(hashes, 'tag', found)
  const correlation = give(hashes, 'correlation', found)
  eachSlice(extras, (bytes, start, end) => {
    eachTag(bytes, start, end, tag)
    eachCorrelation(bytes, start, end, correlation)
  })
}

function eachSlice({ bytes, ends: slices, count, start }: Slices, found: (bytes: Uint8Array, start: number, end: number) => unknown): void {
  let from = start
  for (let i = 0; i < count; i++) {
    const end = slices[i]!
    found(bytes, from, end)
    from = end
  }
}

function give(hashes: TermHashes, kind: TermKind, found: TermSink): (bytes: Uint8Array, start: number, end: number) => void {
  const hash = hashes[kind]
  return (bytes, start, end) => {
    const { lo, hi } = hash.bytes(bytes, start, end)
    found(lo, hi)
  }
}

/** Of each stream's name: the scope that it begins with, which is empty for the default tenant's, and the category of what is behind it. */
function streamTerms({ bytes, ends: nameEnds, count, start }: Slices, hashes: TermHashes, found: TermSink): void {
  const scope = give(hashes, 'scope', found)
  const category = give(hashes, 'category', found)
  let [scopeStart, scopeEnd] = [0, -1]
  let known = 0
  let from = start
  for (let i = 0; i < count; i++) {
    const end = nameEnds[i]!
    if (end === from) continue
    const name = bytes[from] === 0 ? bytes.indexOf(0, from + 1) + 1 : from
    if (!isSameSlice(bytes, from, name, scopeStart, scopeEnd)) scope(bytes, (scopeStart = from), (scopeEnd = name))
    let to = name
    let hasBraces = false
    for (let byte = bytes[to]; to < end && byte !== 0x2d; byte = bytes[++to]) if (byte === 0x7b || byte === 0x7d) hasBraces = true
    from = end
    if (hasBraces) {
      const { lo, hi } = hashes.category.text(categoryOf(textOf(bytes, name, end)))
      found(lo, hi)
      continue
    }
    let at = 0
    while (at < known && !isSameSlice(bytes, name, to, starts[at]!, ends[at]!)) at++
    if (at < known) continue
    if (known < CATEGORIES_KNOWN) {
      starts[known] = name
      ends[known++] = to
    }
    category(bytes, name, to)
  }
}

function isSameSlice(bytes: Uint8Array, start: number, end: number, otherStart: number, otherEnd: number): boolean {
  if (end - start !== otherEnd - otherStart) return false
  for (let i = end - start - 1; i >= 0; i--) if (bytes[start + i] !== bytes[otherStart + i]) return false
  return true
}
