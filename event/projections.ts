/** Rows that topologies keep up to date, and how they are read. */
import type { Position } from './event.ts'

export interface StateRow {
  readonly key: readonly unknown[]
  readonly value: unknown
  /** The place in the log that the value reflects at least; null before the first event and for generators. */
  readonly position: Position | null
  /** False: a crash may take it back to the last epoch, and then it comes again. */
  readonly durable: boolean
}

export interface StateListOptions {
  /** First elements of the keys wanted. */
  readonly prefix?: readonly unknown[]
  readonly limit?: number
  /** The last key of an earlier list. */
  readonly after?: readonly unknown[]
}

export interface ProjectionReader {
  /** The row of a key; undefined when there is none. A key that is no array is its one element. NOT_FOUND when nothing writes such a projection. */
  get(key: unknown): Promise<StateRow | undefined>
  /** Rows in the order of their keys. */
  list(options?: StateListOptions): AsyncIterable<{ readonly key: readonly unknown[]; readonly value: unknown }>
}
