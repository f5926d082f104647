/** Expressions: Postgres syntax over the columns of a row; checked once, then run over whole pages. The door to this folder. */
import type { Column, Page } from '../flow.ts'
import type { Fitting } from '../kinds.ts'
import type { StepContext } from '../operator.ts'
import { anyRow, type RowType, type ValueType } from './types.ts'

/** A checked expression. */
export interface Expression {
  readonly text: string
  readonly type: ValueType
  /** Columns it reads. */
  readonly reads: readonly string[]
}

/**
 * Parses and checks an expression. INVALID otherwise; `details` hold `expression`, and `offset` and `length` of the part of the text to blame.
 * `wanted`: the type it must have (a condition is `boolean`).
 */
export function expressionOf(_text: string, _row: RowType = anyRow, _wanted?: ValueType): Expression {
  throw new Error('not yet')
}

/** Computes the expression for the rows alive of a page; rows for which it fails are given up and the others go on. */
export function evaluate(_expression: Expression): (page: Page, context: StepContext) => Fitting<Column> {
  throw new Error('not yet')
}

/** Keeps the rows for which a condition is true (null is not). */
export function keepWhere(_condition: Expression): (page: Page, context: StepContext) => Page {
  throw new Error('not yet')
}

/** The value for one row, in the plainest way: the twin that `evaluate` is tested against. Throws what makes the row a dead letter. */
export function interpret(_expression: Expression, _row: Readonly<Record<string, unknown>>): unknown {
  throw new Error('not yet')
}
