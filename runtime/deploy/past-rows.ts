/** Rows of a projection as they were: what is asked for and what is answered; plain data, for it crosses a thread. */
import { type FoldedRow, rowKeyText } from '../../actors/projection.ts'
import type { Stamp } from '../../event/event.ts'
import type { Place } from '../../event/position.ts'
import type { StartPipeline } from './pipeline-host.ts'
import { inRange } from './projection-list.ts'

/** What a projection was when all up to a place was folded. */
export interface PastQuestion extends Pick<StartPipeline, 'scope' | 'plan' | 'module' | 'digest' | 'deployment' | 'head' | 'skip'> {
  readonly projection: string
  /** Exclusive. */
  readonly upTo: Stamp
  /** Inclusive. */
  readonly last?: Place
  readonly range: PastRange
}

export interface PastRange {
  /** Exactly this key. */
  readonly key?: readonly unknown[]
  /** First elements of the keys wanted. */
  readonly prefix?: readonly unknown[]
  /** Behind this key. */
  readonly after?: readonly unknown[]
  readonly limit?: number
}

export interface PastRows {
  /** In the order of their keys. */
  readonly rows: readonly { readonly key: readonly unknown[]; readonly text: string }[]
  /** Of the last event folded. */
  readonly place: Place | null
}

/** Those that were not deleted. */
export function rowsWithin(folded: readonly (readonly [keyText: string, row: FoldedRow])[], range: PastRange): PastRows['rows'] {
  const { key, prefix, after, limit = Number.POSITIVE_INFINITY } = range
  const keyText = key && rowKeyText(key)
  const isWithin = inRange(prefix, after)
  const rows: { key: readonly unknown[]; text: string }[] = []
  for (const entry of folded) {
    if (rows.length >= limit) break
    const [entryText, { key: parts, text }] = entry
    if (text !== undefined && (keyText === undefined ? isWithin(entry) : entryText === keyText)) rows.push({ key: parts, text })
  }
  return rows
}
