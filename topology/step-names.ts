/** What a step of the builder is given beside its options. */
import type { FieldOf } from './fields.ts'

export interface Identified {
  readonly id?: string
}
/** Columns that are a key: later rows of the same key wait behind one that was given up. */
interface InOrder<Row> {
  readonly inOrder?: readonly FieldOf<Row>[]
}
export type Named<Row> = Identified & InOrder<Row>
/** A step with state has an id that stays, since its state is kept under it. */
export type Kept<Row> = { readonly id: string } & InOrder<Row>
/** A key of its own. */
export type By<Row> = { readonly by?: readonly FieldOf<Row>[] }
