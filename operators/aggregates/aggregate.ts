/** The shape of an aggregate: arithmetic over many cells at once, a cell being one key in one window. */
import type { ValueType } from '../expressions/types.ts'
import type { Page } from '../flow.ts'
import type { OptionSpec } from '../operator.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'

/** How a topology names an aggregate: plain data, made by functions such as `sum('delay')`. */
export interface AggregateUse<Result = unknown> {
  readonly aggregate: string
  readonly field?: string
  /** An expression in place of the field: it is computed for each row. */
  readonly of?: string
  /** A condition: only rows of which it is true are taken, as `filter (where …)` of Postgres. */
  readonly where?: string
  readonly [option: string]: unknown
  /** Never there: carries the type of the result for the builder. */
  readonly result?: Result
}

/** Only rows of which a condition is true are taken. */
export interface Filtered {
  readonly where?: string
}

/** What is aggregated: a column, or what an expression makes of each row; of all rows, or of those of which a condition is true. */
export type Operand = string | ({ readonly of: string } & Filtered) | ({ readonly field: string } & Filtered)

/** The operand as a use says it. */
export function operandOf(operand: Operand | Filtered): Pick<AggregateUse, 'field' | 'of' | 'where'> {
  return typeof operand === 'string' ? { field: operand } : { ...operand }
}

export interface AggregateSpec {
  readonly name: string
  readonly summary: string
  readonly description?: string
  readonly options: Readonly<Record<string, OptionSpec>>
  /** `exact`, or how far the result may be off. */
  readonly precision: string
  /** What a cell, one key in one window, holds in memory and in the state. */
  readonly memory: string
  /** Shown in the docs and run by the tests; `use` is how one writes it. */
  readonly example: {
    readonly use: string
    readonly options: Readonly<Record<string, unknown>>
    readonly rows: readonly Readonly<Record<string, unknown>>[]
    readonly result: unknown
  }
}

/** Where large state keeps parts that will not change any more, so that they are written once. */
export interface ChunkWriter {
  put(chunk: number, bytes: Uint8Array): void
}

/** Where a window starts and ends, ms since the epoch; neither where windows have no bounds in time. */
export interface WindowSpan {
  readonly start?: number
  readonly end?: number
}

/**
 * The state of one aggregate in all cells. Cells are small numbers given out by the window; a cell is reset before it is used again.
 * What it computes does not depend on how rows are cut into pages.
 */
export interface AggregateCells {
  /** Makes room for cells below `cells`. */
  grow(cells: number): void
  reset(cell: number): void
  /** Takes row `rows[i]` of the page into cell `cells[i]`, for i below `count`. */
  update(page: Page, rows: Int32Array, cells: Int32Array, count: number): void
  /**
   * Takes all of cell `from` into cell `into`, two sessions that have become one. What depends on the order of rows goes by the order of
   * the page; where that does not say, the rows of `into` come first.
   */
  merge(into: number, from: number): void
  /** The result as a JSON value; null when there was nothing to compute it from. */
  result(cell: number, span?: WindowSpan): unknown
  save(cell: number, writer: ByteWriter, chunks: ChunkWriter): void
  /** Into a cell that was reset. Chunks follow one by one, in order. */
  load(cell: number, reader: ByteReader): void
  loadChunk?(cell: number, chunk: number, bytes: Uint8Array): void
}

/** The columns that an aggregate reads, with those that must be numbers, or true and false, or any JSON value (`*`: all of them). */
export interface AggregateReads {
  readonly fields: readonly string[]
  readonly numbers?: readonly string[]
  readonly booleans?: readonly string[]
  readonly values?: readonly string[]
  /** Rows must have an event time. */
  readonly needsTime?: boolean
  /** Windows must have bounds in time. */
  readonly needsBounds?: boolean
}

export interface Aggregate<Options = never> {
  readonly spec: AggregateSpec
  /** Type of the result, or how it follows from the type of what is aggregated. */
  readonly resultType: ValueType | ((operand: ValueType) => ValueType)
  /** An operand that is an expression comes as a `field` like any other. */
  reads(options: Options): AggregateReads
  create(options: Options): AggregateCells
}

export type AnyAggregate = Aggregate<never>

/** The type of a number that is taken as it is from a column of numbers. */
export function numberOf(operand: ValueType): ValueType {
  return operand === 'integer' || operand === 'timestamp' ? operand : 'number'
}

/** The option that every aggregate of numbers has. */
export const numberField: OptionSpec = {
  type: 'field',
  required: true,
  summary: 'Column of numbers, or an expression in `of`; null is left out, anything else is a dead letter.',
}

/** A longer copy of an array of cells; doubled, so that growing one by one stays cheap. */
export function grown<Cells extends Float64Array | Int32Array | Uint8Array>(cells: Cells, length: number): Cells {
  if (length <= cells.length) return cells
  const Kind = cells.constructor as new (length: number) => Cells
  const larger = new Kind(Math.max(64, length, 2 * cells.length))
  larger.set(cells as never)
  return larger
}

/** The option of aggregates of true and false. */
export const booleanField: OptionSpec = {
  type: 'field',
  required: true,
  summary: 'Column of true and false, or a condition in `of`; null is left out, anything else is a dead letter.',
}
