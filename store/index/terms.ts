/**
 * Terms: what events are filtered by beside their stream, as keys of one index. A term is a text of some kind, known by a keyed hash: what the
 * index finds is looked at again by name, so two terms that meet cost a block read in vain and nothing else.
 */
import { TextHash } from '../../event/hash.ts'

/** One more kind is one more row here, and a line where the terms of a block are gathered (`log/block-terms.ts`). Numbers are on disk. */
export const termKinds = { type: 1, category: 2, tag: 3, correlation: 4, scope: 5 } as const

export type TermKind = keyof typeof termKinds

export interface Term {
  readonly lo: number
  readonly hi: number
}

/** Every group must be met; a term of the group is enough for that. Without groups everything is asked for. */
export type TermQuery = readonly (readonly Term[])[]

export type TermHashes = Readonly<Record<TermKind, TextHash>>

/** One hash a kind, so that a type and a tag of the same text are two terms. */
export function termHashesOf(key0: number, key1: number): TermHashes {
  const hashOf = (kind: TermKind): TextHash => new TextHash(key0 ^ Math.imul(termKinds[kind], 0x9e3779b1), ~key1 ^ termKinds[kind])
  return {
    type: hashOf('type'),
    category: hashOf('category'),
    tag: hashOf('tag'),
    correlation: hashOf('correlation'),
    scope: hashOf('scope'),
  }
}

export function termOf(hashes: TermHashes, kind: TermKind, text: string): Term {
  const { lo, hi } = hashes[kind].text(text)
  return { lo, hi }
}
