/** What a filter asks of the index of terms: no block that holds a wanted row is left out by it. */
import type { TextHash } from '../../event/hash.ts'
import { DEFAULT_SCOPE } from '../../event/scope.ts'
import type { BlockQuery } from '../index/term-blocks.ts'
import { type Term, type TermHashes, type TermKind, termOf } from '../index/terms.ts'
import type { FilterOptions } from './filter.ts'

export function blockQueryOf(options: FilterOptions, hashes: { stream: TextHash; terms: TermHashes }): BlockQuery {
  const anyOf = (kind: TermKind, texts: readonly string[] | undefined): Term[][] =>
    texts === undefined ? [] : [texts.map(text => termOf(hashes.terms, kind, text))]
  const terms = [
    ...anyOf('scope', [options.scope ?? DEFAULT_SCOPE]),
    ...anyOf('type', options.types),
    ...anyOf('category', options.categories),
    ...(options.tags ?? []).flatMap(tag => anyOf('tag', [tag])),
    ...anyOf('correlation', options.correlation),
  ]
  if (options.also === undefined) return { terms }
  // The hash is one object that is used again.
  const also = options.also.map(({ stream }) => {
    const { lo, hi } = hashes.stream.text(stream)
    return { lo, hi }
  })
  return { terms, also }
}
