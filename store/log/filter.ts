/** Which rows of a block a reader wants, by type, category, and whether the system's streams count; decided once a block from its dictionaries. */
import { categoryOf, isSystemStream } from '../../event/stream-id.ts'
import type { Block } from './block.ts'

export interface FilterOptions {
  readonly types?: readonly string[] | undefined
  readonly categories?: readonly string[] | undefined
  /** Also the system's streams (`$…`). Default: no. */
  readonly system?: boolean | undefined
}

/** null: all rows are wanted. Empty: none is. Else 1 for each row that is. */
export type BlockFilter = (block: Block) => Uint8Array | null

const NONE = new Uint8Array(0)

/** null when every row of every block is wanted. */
export function blockFilter(options: FilterOptions): BlockFilter | null {
  const types = options.types && new Set(options.types)
  const categories = options.categories && new Set(options.categories)
  const system = options.system ?? false
  if (!types && !categories && system) return null
  return block => {
    const typeWanted = block.types.map(type => !types || types.has(type))
    const streamWanted = block.streams.map(
      stream => (system || !isSystemStream(stream)) && (!categories || categories.has(categoryOf(stream))),
    )
    if (typeWanted.every(Boolean) && streamWanted.every(Boolean)) return null
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
}
