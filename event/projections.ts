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
  /** Only rows whose values have just this in these fields; a field that is not there is null. INVALID names what is indexed when one of them is not. */
  readonly where?: Readonly<Record<string, unknown>>
}

/** Follows either one key, or all that begin with a prefix; every key when both are left out. */
export interface StateSubscribeOptions {
  /** A key that is no array is its one element. */
  readonly key?: unknown
  /** First elements of the keys wanted. */
  readonly prefix?: readonly unknown[]
  /** Ends the subscription. */
  readonly signal?: AbortSignal
}

export interface StateChange {
  readonly key: readonly unknown[]
  /** Undefined: there is no such row any more. */
  readonly value: unknown
  /** The place in the log that the value reflects at least; null before the first event and for generators. */
  readonly position: Position | null
}

export interface ProjectionReader {
  /** The row of a key; undefined when there is none. A key that is no array is its one element. NOT_FOUND when nothing writes such a projection. */
  get(key: unknown, options?: StateAsOf): Promise<StateRow | undefined>
  /** Rows in the order of their keys. */
  list(options?: StateListOptions): AsyncIterable<{ readonly key: readonly unknown[]; readonly value: unknown }>
}

/**
 * What a process sees of the projections of a node in itself: rows that are hot lie in memory that all its threads share, and are read without a promise;
 * changes come as they are folded.
 */
export interface HotProjectionReader extends ProjectionReader {
  /**
   * First the rows that are there, then each that changes, as soon as it is folded. A row that changes more than once before it is read comes once, with its
   * newest value: a slow reader misses values, and never the last one. Should what was folded be lost before it is durable, the rows come again as they are.
   * Ends with CLOSED when the node closes, NOT_FOUND when the topology is undeployed, and BUSY when more rows wait than `limits.stateChanges`.
   */
  subscribe(options?: StateSubscribeOptions): AsyncIterable<StateChange>
  /**
   * As `get`, but at once, and only what is hot: undefined is no proof that there is no such row. A row is hot from the moment its page is folded until
   * others need the room, and a topology that has just begun has folded nothing yet.
   */
  peek(key: unknown): StateRow | undefined
  /**
   * As `peek`, the value alone: its JSON text in UTF-8 is copied to the beginning of `into`. The answer is how many bytes it has, −1 when it is not hot; when
   * they are more than `into` holds, nothing is copied.
   */
  peekBytes(key: unknown, into: Uint8Array): number
  /** What hot rows that are read after this reflect at least; null before the first event, for generators, and when nothing is hot. */
  readonly foldedTo: Position | null
}
