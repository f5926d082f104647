/** The one lane of a pipeline: pages of rows as columns, with watermarks, barriers and the end in band. */

/** Numbers. A `NaN` in `values` with `nulls[i] = 1` is null. */
export interface NumberColumn {
  readonly kind: 'number'
  readonly values: Float64Array
  readonly nulls?: Uint8Array
}
/** Strings as codes into a dictionary; −1 is null. The dictionary may be shared by many pages and only ever grows. */
export interface TextColumn {
  readonly kind: 'text'
  readonly codes: Int32Array
  readonly dictionary: readonly string[]
}
/** True, false and null (2). */
export interface BooleanColumn {
  readonly kind: 'boolean'
  readonly values: Uint8Array
}
/** Strings as stretches of one pool, for text that hardly repeats: `pool.substr(start[i], length[i])`; a length of −1 is null. */
export interface SliceColumn {
  readonly kind: 'slice'
  readonly pool: string
  readonly start: Int32Array
  readonly length: Int32Array
}
/** Everything else: objects, arrays, bytes, mixed types. */
export interface ValueColumn {
  readonly kind: 'value'
  readonly values: readonly unknown[]
}
export type Column = NumberColumn | TextColumn | SliceColumn | BooleanColumn | ValueColumn

/** `main`, `late`, `suspect`, `dead`, or the name of a route. */
export type Port = string

/** Rows as columns. All arrays hold `count` rows; `selection` names those that are alive, in order. Pages are never changed after they were sent on. */
export interface Page {
  readonly kind: 'page'
  readonly port: Port
  /** Number of the input it came by; 0 but at joins. */
  readonly input: number
  readonly count: number
  /** Indexes of the rows alive, rising; all rows when left out. */
  readonly selection?: Int32Array
  readonly columns: ReadonlyMap<string, Column>
  /** Order of the source: the stamp for the log, the row number for files and generators. Rising from row to row at the source. */
  readonly order: Float64Array
  /** Event time of each row, ms; present after `eventTime`. */
  readonly eventTime?: Float64Array
  /** The watermark as it stood before each row, ms (−Infinity at first); present after `eventTime`. */
  readonly watermark?: Float64Array
  /** Names of the columns that are the key; present after `keyBy`. */
  readonly key?: readonly string[]
  /** Place among rows of the same order; present in lanes where several rows of a page have one order. */
  readonly rank?: Float64Array
  /** Present in lanes: what tells rows of one order apart that were made when time moved. */
  readonly tie?: Tie
}
/** Rows that leave together because time moved do so in the order of (time, key), in whichever lane they were made. */
export interface Tie {
  /** Of each row: the end of its window, or when its timer was due, ms. */
  readonly time: Float64Array
  readonly key: readonly Column[]
}
/**
 * "No row with an event time below `time` is still to come". `idle`, right behind it, says that none is expected at all: where inputs meet, this
 * one holds the others back no more, until it says a time again.
 */
export interface Watermark {
  readonly kind: 'watermark'
  readonly time: number | 'idle'
}
/**
 * How the watermark moves with the rows of the pages behind it, up to the next watermark in band. It comes before them, so that what is made at
 * any size of pages has the order of the row that is its cause, and leaves where it would have left if each row had been a page.
 */
export interface Moves {
  readonly kind: 'moves'
  /** Of rows; they do not fall. */
  readonly order: Float64Array
  /** The watermark as it stands before each of these rows, ms. */
  readonly before: Float64Array
  /** As it stands behind the last of them. */
  readonly time: number
  /** Behind the last of them the input is idle; else each of these rows shows that it is not. */
  readonly isIdle?: true
}
/**
 * The clock, as the log has it: when `time` was recorded, no row had come since the last one before. What is decided by the clock is decided
 * at ticks and at rows, so that the same log gives the same results.
 */
export interface Tick {
  readonly kind: 'tick'
  /** ms since the epoch. */
  readonly time: number
  /** Of its place among the rows. */
  readonly order: number
}
/** Everything before it belongs to epoch `epoch`: state is handed over when it passes. */
export interface Barrier {
  readonly kind: 'barrier'
  readonly epoch: number
}
/** The source has ended: every window closes. Always followed by a barrier. */
export interface End {
  readonly kind: 'end'
  /** Of the last row of the source, which is the cause of what leaves now. The graph fills it in. */
  readonly order?: number
}
export type Flow = Page | Moves | Watermark | Tick | Barrier | End

/** A row for user functions: plain object, built once. */
export type Row = Readonly<Record<string, unknown>>
