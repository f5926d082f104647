/** The types that follow the columns of rows through the builder. */
import type { AggregateUse } from '../operators/aggregates/aggregate.ts'

/** Rows by the names and types of their columns; what is not declared may have any name. */
export type Fields = object
export type FieldOf<Row> = keyof Row & string

export type Uses = Readonly<Record<string, AggregateUse>>
export type Results<Aggregates extends Uses> = {
  [Name in keyof Aggregates]: Aggregates[Name] extends AggregateUse<infer Result> ? Result : never
}

/** What leaves aggregates: the key and the results. */
export type Aggregated<Row, Key extends FieldOf<Row>, Aggregates extends Uses> = Pick<Row, Key> & Results<Aggregates>
/** What leaves windows: the bounds of the window as well, ms since the epoch. */
export type Windowed<Row, Key extends FieldOf<Row>, Aggregates extends Uses> = Aggregated<Row, Key, Aggregates> & {
  windowStart: number
  windowEnd: number
}

/** Columns taken from a table: by name, or `{ newName: name }`. */
export type Taken<Take> = Take extends readonly (infer Name extends string)[]
  ? { [N in Name]: unknown }
  : { [N in keyof Take & string]: unknown }

/** Columns chosen by name, or computed: `{ column: expression }`, where the name of a column is an expression too. */
export type Selected<Row, Columns> = Columns extends readonly (infer Name)[]
  ? Pick<Row, Name & FieldOf<Row>>
  : { [Name in keyof Columns & string]: Columns[Name] extends FieldOf<Row> ? Row[Columns[Name]] : unknown }

/** Columns added or replaced by expressions. */
export type Extended<Row, Columns> = Omit<Row, keyof Columns & string> & Selected<Row, Columns>

/** `{ newName: name }`: the other columns stay. */
export type Renamed<Row, Names> = Omit<Row, Names[keyof Names] & string> & {
  [New in keyof Names & string]: Names[New] extends FieldOf<Row> ? Row[Names[New]] : unknown
}

/** A row that a step gave up, with why. */
export type Caught<Row> = Row & { error: string; errorCode: string | null; errorStep: string }

/** What steps are named by; the name of a step with state stays. */
export interface Identified {
  readonly id?: string
}
/** Columns that are a key: later rows of the same key wait behind one that was given up. */
export interface InOrder<Row> {
  readonly inOrder?: readonly FieldOf<Row>[]
}
export type Named<Row> = Identified & InOrder<Row>
/** A step with state has an id that stays, since its state is kept under it. */
export type Kept<Row> = { readonly id: string } & InOrder<Row>
export type By<Row> = { readonly by?: readonly FieldOf<Row>[] }
