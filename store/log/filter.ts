/**
 * Which rows of a block a reader wants: whose, by type, category, and whether the system's streams count, decided once a block from its dictionaries;
 * by tags and correlation id of the rows that are left.
 */
import { DEFAULT_SCOPE, type Scope } from '../../event/scope.ts'
import { categoryOf, isSystemStream } from '../../event/stream-id.ts'
import type { Block } from './block.ts'
import { eachCorrelation, eachTag, isSame } from './extras-terms.ts'

/** Events of one stream, by its stored name. */
export interface StreamRows {
  readonly stream: string
  readonly types: readonly string[]
}

export interface FilterOptions {
  /** Whose events; nobody gets those of two tenants. Default: the default tenant's. */
  readonly scope?: Scope | undefined
  readonly types?: readonly string[] | undefined
  readonly categories?: readonly string[] | undefined
  /** An event must have all of them. */
  readonly tags?: readonly string[] | undefined
  /** An event must have one of them. */
  readonly correlation?: readonly string[] | undefined
  /** Also the system's streams (`$…`). Default: no. */
  readonly system?: boolean | undefined
  /** These too, whatever else is wanted. */
  readonly also?: readonly StreamRows[] | undefined
}

/** null: all rows are wanted. Empty: none is. Else 1 for each row that is. */
export type BlockFilter = (block: Block) => Uint8Array | null

const NONE = new Uint8Array(0)

export function blockFilter(options: FilterOptions): BlockFilter {
  const types = options.types && new Set(options.types)
  const categories = options.categories && new Set(options.categories)
  const { system = false, scope = DEFAULT_SCOPE } = options
  // A row that was removed has no stream any more.
  const isOfScope = (stream: string): boolean =>
    scope === DEFAULT_SCOPE ? stream !== '' && stream.charCodeAt(0) !== 0 : stream.startsWith(scope)
  const extras = extrasFilter(options)
  const named: BlockFilter = block => {
    const typeWanted = block.types.map(type => !types || types.has(type))
    const streamWanted = block.streams.map(
      stream => isOfScope(stream) && (system || !isSystemStream(stream)) && (!categories || categories.has(categoryOf(stream))),
    )
    if (typeWanted.every(Boolean) && streamWanted.every(Boolean)) return null
    return rowsWith(block, typeWanted, streamWanted)
  }
  const wanted: BlockFilter = extras === null ? named : block => extras(block, named(block))
  const { also = [] } = options
  return also.reduce<BlockFilter>((before, one) => block => either(before(block), rowsOf(block, one)), wanted)
}

/** Rows whose type and stream are both wanted. */
function rowsWith(block: Block, typeWanted: readonly boolean[], streamWanted: readonly boolean[]): Uint8Array {
  if (!typeWanted.some(Boolean) || !streamWanted.some(Boolean)) return NONE
  const rows = new Uint8Array(block.count)
  let any = false
  for (let row = 0; row < block.count; row++) {
    if (!typeWanted[block.typeIndex(row)] || !streamWanted[block.streamIndex(row)]) continue
    rows[row] = 1
    any = true
  }
  return any ? rows : NONE
}

/** Of rows that are wanted so far those with all the tags and one of the correlation ids; null when neither is asked for. */
function extrasFilter({ tags, correlation }: FilterOptions): ((block: Block, rows: Uint8Array | null) => Uint8Array) | null {
  if (tags === undefined && correlation === undefined) return null
  const tagTexts = [...new Set(tags ?? [])].map(text => Buffer.from(text))
  const correlationTexts = correlation?.map(text => Buffer.from(text))
  const isWanted = (block: Block, row: number): boolean => {
    const [start, end] = [block.extrasStart(row), block.extrasEnd(row)]
    if (correlationTexts && !isCorrelated(block.bytes, start, end, correlationTexts)) return false
    return tagTexts.length === 0 || hasTags(block.bytes, start, end, tagTexts)
  }
  return (block, rows) => {
    const kept = new Uint8Array(block.count)
    let any = false
    for (let row = 0; row < block.count; row++) {
      if ((rows !== null && rows[row] !== 1) || !isWanted(block, row)) continue
      kept[row] = 1
      any = true
    }
    return any ? kept : NONE
  }
}

function isCorrelated(bytes: Uint8Array, start: number, end: number, texts: readonly Uint8Array[]): boolean {
  let isFound = false
  eachCorrelation(bytes, start, end, (from, at, to) => {
    isFound ||= texts.some(text => isSame(text, from, at, to))
  })
  return isFound
}

/** An event may have a tag twice; the texts are distinct. */
function hasTags(bytes: Uint8Array, start: number, end: number, texts: readonly Uint8Array[]): boolean {
  const missing = new Set(texts)
  eachTag(bytes, start, end, (from, at, to) => {
    for (const text of missing) if (isSame(text, from, at, to)) missing.delete(text)
  })
  return missing.size === 0
}

/** Most blocks hold nothing of the stream, which shows in their names. */
function rowsOf(block: Block, { stream, types }: StreamRows): Uint8Array {
  const index = block.streams.indexOf(stream)
  if (index < 0) return NONE
  return rowsWith(
    block,
    block.types.map(type => types.includes(type)),
    block.streams.map((_, at) => at === index),
  )
}

function either(rows: Uint8Array | null, more: Uint8Array): Uint8Array | null {
  if (rows === null || more.length === 0) return rows
  return rows.length === 0 ? more : rows.map((wanted, row) => wanted | more[row]!)
}
