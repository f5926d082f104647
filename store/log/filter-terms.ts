/** What a filter asks of the index of terms: no block that holds a wanted row is left out by it. */
import type { TextHash } from '../../event/hash.ts'
import type { BlockQuery } from '../index/term-blocks.ts'
import { type Term, type TermHashes, type TermKind, termOf } from '../index/terms.ts'
import type { FilterOptions } from './filter.ts'

/** Undefined when every block may hold something. */
export function blockQueryOf(options: FilterOptions, hashes: { stream: TextHash; terms: TermHashes }): BlockQuery | undefined {
  const anyOf = (kind: TermKind, texts: readonly string[] | undefined): Term[][] =>
    texts === undefined ? [] : [texts.map(text => termOf(hashes.terms, kind, text))]
  const terms = [
    ...anyOf('type', options.types),
    ...anyOf('category', options.categories),
    ...(options.tags ?? []).flatMap(tag => anyOf('tag', [tag])),
    ...anyOf('correlation', options.correlation),
  ]
  if (terms.length === 0) return undefined
  if (options.also === undefined) return { terms }
  const { lo, hi } = hashes.stream.text(options.also.stream)
  return { terms, also: { lo, hi } }
}
