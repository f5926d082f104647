/** The two forms of a user's function: row by row, and a loop over columns. */
import { EventStoreError } from '../event/error.ts'
import type { BooleanColumn, Column, NumberColumn, Row, TextColumn, ValueColumn } from './flow.ts'

/** A function of one row, with the columns it reads; `rows` makes it, a plain function counts as one that reads all. */
export interface RowFunction<Result = unknown> {
  readonly form: 'rows'
  readonly reads?: readonly string[]
  readonly run: (row: Row) => Result
}

interface ColumnKinds {
  number: NumberColumn
  text: TextColumn
  boolean: BooleanColumn
  value: ValueColumn
  any: Column
}
/** What a function over columns can write. */
export type ColumnKind = 'number' | 'text' | 'boolean' | 'value'

/** Places for the values that a function over columns writes; all arrays hold `count` rows. */
interface OutputKinds {
  number: { readonly values: Float64Array; readonly nulls: Uint8Array }
  text: { readonly codes: Int32Array; codeOf(text: string): number }
  boolean: { readonly values: Uint8Array }
  value: { readonly values: unknown[] }
}
export type Output<Kind extends ColumnKind = ColumnKind> = OutputKinds[Kind]

type Reads = Readonly<Record<string, keyof ColumnKinds>>
type Writes = Readonly<Record<string, ColumnKind>>

/** The loop: fills the output for every row of `selection`, or for all `count` rows (more than needed does no harm). */
export type ColumnLoop<In = never, Out = never> = (input: In, output: Out, count: number, selection: Int32Array | undefined) => void

/** A function over whole columns, with those it reads and writes. */
export interface ColumnFunction {
  readonly form: 'columns'
  readonly reads: Reads
  readonly writes: Writes
  readonly run: ColumnLoop
}

export type UserFunction = RowFunction | ColumnFunction

/** Declares the columns a function reads, so that only they are decoded and put into the row. */
export function rows<Fields extends Row = Row, Result = unknown>(
  declared: { readonly reads: readonly (keyof Fields & string)[] },
  run: (row: Fields) => Result,
): RowFunction<Result> {
  return { form: 'rows', reads: declared.reads, run: run as (row: Row) => Result }
}

type NamedReads<Names extends readonly string[]> = { readonly [Name in Names[number]]: Column }
type KindReads<Kinds extends Reads> = { readonly [Name in keyof Kinds]: ColumnKinds[Kinds[Name]] }
type InputOf<R> = R extends readonly string[] ? NamedReads<R> : R extends Reads ? KindReads<R> : never

/**
 * Declares a loop over columns: `reads` is a list of names, or `{ name: kind }` to be given that kind (rows that hold another are
 * given up); `writes` are the columns it makes. `filter` takes one that writes exactly one boolean.
 */
export function columns<const R extends readonly string[] | Reads, const W extends Writes>(
  declared: { readonly reads: R; readonly writes: W },
  run: ColumnLoop<InputOf<R>, { readonly [Name in keyof W]: Output<W[Name]> }>,
): ColumnFunction {
  const reads: Reads = isNames(declared.reads) ? Object.fromEntries(declared.reads.map(name => [name, 'any'])) : declared.reads
  return { form: 'columns', reads, writes: declared.writes, run: run as ColumnLoop }
}

function isNames(reads: readonly string[] | Reads): reads is readonly string[] {
  return Array.isArray(reads)
}

/** `module#export`, the module's part empty for the topology's own: no expression looks like it. */
export function isFunctionReference(value: unknown): value is string {
  return typeof value === 'string' && /^[^#\s]*#[\p{L}_$][\p{L}\p{N}_$]*$/u.test(value)
}

/** A resolved reference as a user function; INVALID when it is something else. */
export function userFunction(value: unknown, reference: string): UserFunction {
  if (typeof value === 'function') return { form: 'rows', run: value as (row: Row) => unknown }
  if (isUserFunction(value)) return value
  throw new EventStoreError('INVALID', `${reference} is not a function, nor made by rows() or columns()`, { reference })
}

export function isUserFunction(value: unknown): value is UserFunction {
  if (typeof value !== 'object' || value === null || !('form' in value) || !('run' in value)) return false
  return (value.form === 'rows' || value.form === 'columns') && typeof value.run === 'function'
}

/** The columns a function reads, or undefined when it does not say. */
export function readsOf(value: unknown): readonly string[] | undefined {
  if (!isUserFunction(value)) return undefined
  return value.form === 'rows' ? value.reads : Object.keys(value.reads)
}
