/** Rows that topologies keep up to date, and how they are read. */
import type { Position } from './event.ts'
import type { AsOf } from './event-store.ts'

export interface StateRow {
  readonly key: readonly unknown[]
  readonly value: unknown
  /** The place in the log that the value reflects at least; null before the first event and for generators. */
  readonly position: Position | null
  /** False: a crash may take it back to the last epoch, and then it comes again. */
  readonly durable: boolean
}

/**
 * As of a recorded time or a position, inclusive: the rows as the topology, as it is deployed now, has them when it has folded the log up to there. It is
 * folded again in memory for each answer, with nothing written or sent. INVALID when that takes more events than the limit `asOfEvents`, for a
 * topology that makes its own rows, and for one that looks rows up in projections of others: they are not what they were.
 */
export interface StateAsOf {
  readonly asOf?: AsOf
}

export interface StateListOptions extends StateAsOf {
  /** First elements of the keys wanted. */
  readonly prefix?: readonly unknown[]
  readonly limit?: number
  /** The last key of an earlier list. */
  readonly after?: readonly unknown[]
}

export interface ProjectionReader {
  /** The row of a key; undefined when there is none. A key that is no array is its one element. NOT_FOUND when nothing writes such a projection. */
  get(key: unknown, options?: StateAsOf): Promise<StateRow | undefined>
  /** Rows in the order of their keys. */
  list(options?: StateListOptions): AsyncIterable<{ readonly key: readonly unknown[]; readonly value: unknown }>
}
