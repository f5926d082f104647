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

const DASH = 0x2d
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
  let [scopeStart, scopeEnd] = [0, -1]
  let known = 0
  let from = start
  for (let i = 0; i < count; i++) {
    const end = nameEnds[i]!
    if (end === from) continue
    const name = bytes[from] === 0 ? bytes.indexOf(0, from + 1) + 1 : from
    if (name - from !== scopeEnd - scopeStart || !isSameSlice(bytes, from, scopeStart, name - from))
      scope(bytes, (scopeStart = from), (scopeEnd = name))
    if (!isKnownCategory(bytes, name, end, known)) known = addCategory(bytes, { name, end, known }, hashes, found)
    from = end
  }
}

/** True when the name begins with a category that was met before in the block: most do. */
function isKnownCategory(bytes: Uint8Array, name: number, end: number, known: number): boolean {
  for (let at = 0; at < known; at++) {
    const length = ends[at]! - starts[at]!
    const to = name + length
    if ((to === end || (to < end && bytes[to] === DASH)) && isSameSlice(bytes, name, starts[at]!, length)) return true
  }
  return false
}

/** Answers how many are known now. */
function addCategory(bytes: Uint8Array, stream: { name: number; end: number; known: number }, hashes: TermHashes, found: TermSink): number {
  const { name, end, known } = stream
  let to = name
  let hasBraces = false
  for (; to < end && bytes[to] !== DASH; to++) if (bytes[to] === 0x7b || bytes[to] === 0x7d) hasBraces = true
  const hash = hashes.category
  const { lo, hi } = hasBraces ? hash.text(categoryOf(textOf(bytes, name, end))) : hash.bytes(bytes, name, to)
  found(lo, hi)
  if (hasBraces || known === CATEGORIES_KNOWN) return known
  starts[known] = name
  ends[known] = to
  return known + 1
}

function isSameSlice(bytes: Uint8Array, start: number, other: number, length: number): boolean {
  for (let i = length - 1; i >= 0; i--) if (bytes[start + i] !== bytes[other + i]) return false
  return true
}
