/** Rows of which some are in memory and some on disk only, in one order. */
import { compareBytes } from '../../event/compare-bytes.ts'

interface WithRowKey {
  readonly rowKey: Uint8Array
}

/**
 * Rows in memory, sorted by their row keys, among the saved ones, which come in that order; of a row that is in both, what memory holds. A saved row is
 * made what leaves when its turn comes.
 */
export function* mergedByRowKey<Near extends WithRowKey, Saved extends WithRowKey>(
  near: readonly Near[],
  saved: Iterable<Saved>,
  made: (saved: Saved) => Near,
): Generator<Near> {
  let at = 0
  for (const one of saved) {
    for (let next = near[at]; next !== undefined && compareBytes(next.rowKey, one.rowKey) < 0; next = near[++at]) yield next
    const next = near[at]
    if (next !== undefined && compareBytes(next.rowKey, one.rowKey) === 0) {
      at++
      yield next
    } else yield made(one)
  }
  yield* near.slice(at)
}
