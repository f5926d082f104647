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
/** The bounds of a window, ms since the epoch. */
export interface Bounds {
  windowStart: number
  windowEnd: number
}
/** What leaves windows: their bounds as well. */
export type Windowed<Row, Key extends FieldOf<Row>, Aggregates extends Uses> = Aggregated<Row, Key, Aggregates> & Bounds

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

/** A match of a pattern: its key, its first and last time, ms since the epoch, and what was selected. */
export type Matching<Row, Key extends FieldOf<Row>, Select> = Pick<Row, Key> & { matchStart: number; matchEnd: number } & {
  [Name in keyof Select & string]: unknown
}

/** A row that a step gave up, with why. */
export type Caught<Row> = Row & { error: string; errorCode: string | null; errorStep: string }

/** The options of a join, with the columns of both sides known by name. */
export type Joining<Options, Left, Right> = Omit<Options, 'match' | 'take'> & {
  readonly match: readonly (FieldOf<Left> & FieldOf<Right>)[] | Readonly<{ [Name in FieldOf<Left>]?: FieldOf<Right> }>
  readonly take?: readonly FieldOf<Right>[] | Readonly<Record<string, FieldOf<Right>>>
}

/** Columns of the left, null where it has no row, and those taken of the right, null where that has none. */
export type Joined<Left, Right, Options> = Sided<Left, Options, 'right' | 'full'> & Sided<TakenOf<Right, Options>, Options, 'left' | 'full'>

type Sided<Row, Options, Kinds> = Options extends { readonly kind: infer Kind }
  ? Extract<Kind, Kinds> extends never
    ? Row
    : { [Name in keyof Row]: Row[Name] | null }
  : Row

type TakenOf<Right, Options> = Options extends { readonly take: infer Take }
  ? Take extends readonly (infer Name extends string)[]
    ? { [N in Name as `${PrefixOf<Options>}${N}`]: N extends keyof Right ? Right[N] : unknown }
    : { [N in keyof Take & string as `${PrefixOf<Options>}${N}`]: Take[N] extends keyof Right ? Right[Take[N]] : unknown }
  : object

type PrefixOf<Options> = Options extends { readonly prefix: infer Prefix extends string } ? Prefix : ''
