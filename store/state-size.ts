/** How much a topology holds in the `state` database, found by reading it: the database keeps no such figures. */
import type { StateSize } from '../event/topologies.ts'
import { prefixesOf, scanPrefix, type StateStore } from './state.ts'

/** Rows between two steps. */
const ROWS_PER_STEP = 4096

/** Rows of steps, of projections with their indexes, and of the outbox; keys without what all of them begin with. A generator, so that others get a turn. */
export function* measureTopology(store: StateStore, topology: string): Generator<void, StateSize> {
  let rows = 0
  let bytes = 0
  for (const prefix of prefixesOf(store, topology)) {
    for (const [key, value] of scanPrefix(store, 'state', prefix)) {
      rows++
      bytes += key.length + value.length
      if (rows % ROWS_PER_STEP === 0) yield
    }
  }
  return { rows, bytes }
}
