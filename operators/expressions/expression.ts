/** Expressions: Postgres syntax over the columns of a row; checked once, then run over whole pages. The door to this folder. */
import { EventStoreError, isEventStoreError } from '../../event/error.ts'
import { checked } from './check.ts'
import { Compiled } from './compile/run.ts'
import { folded } from './fold.ts'
import type { Column, Page } from '../flow.ts'
import { interpretNode } from './interpret.ts'
import type { Fitting } from '../kinds.ts'
import type { StepContext } from '../operator.ts'
import { parse } from './parse.ts'
import { type ColumnRead, columnsOf } from './read-columns.ts'
import type { Node } from './tree.ts'
import { anyRow, type RowType, type ValueType } from './types.ts'

/** A checked expression. */
export interface Expression {
  readonly text: string
  readonly type: ValueType
  /** Columns it reads. */
  readonly reads: readonly string[]
}

/** The trees of expressions, which nobody outside of this folder sees: as it was written, and with what is constant computed. */
const trees = new WeakMap<Expression, { readonly plain: Node; readonly folded: Node }>()

/**
 * Parses and checks an expression. INVALID otherwise; `details` hold `expression`, and `offset` and `length` of the part of the text to blame.
 * `wanted`: the type it must have (a condition is `boolean`).
 */
export function expressionOf(text: string, row: RowType = anyRow, wanted?: ValueType): Expression {
  const { node, reads } = checked(text, row, wanted)
  const expression = { text, type: node.type, reads }
  trees.set(expression, { plain: node, folded: folded(node) })
  return expression
}

/** The columns a text reads, told by reading it alone: no column and no type need be known. INVALID when it is no expression. */
export function columnsRead(text: string): readonly string[] {
  return [...new Set(columnPlaces(text).map(({ name }) => name))]
}

/** Each place of a text at which a column is read, in the order in which they are written. INVALID when it is no expression. */
export function columnPlaces(text: string): readonly ColumnRead[] {
  return columnsOf(parse(text))
}

function treesOf(expression: Expression): { readonly plain: Node; readonly folded: Node } {
  const found = trees.get(expression)
  if (found === undefined) throw new TypeError('this is no expression; expressionOf(text) makes one')
  return found
}

/** Computes the expression for the rows alive of a page; rows for which it fails are given up and the others go on. */
export function evaluate(expression: Expression): (page: Page, context: StepContext) => Fitting<Column> {
  const compiled = new Compiled(treesOf(expression).folded, expression.reads, false)
  return (page, context) => compiled.column(page, (of, row, error) => context.dead(of, row, blamed(error, expression)))
}

/** Keeps the rows for which a condition is true (null is not). */
export function keepWhere(condition: Expression): (page: Page, context: StepContext) => Page {
  if (condition.type !== 'boolean') throw new TypeError("a condition is boolean; expressionOf(text, row, 'boolean') makes one")
  const compiled = new Compiled(treesOf(condition).folded, condition.reads, true)
  return (page, context) => compiled.keep(page, (of, row, error) => context.dead(of, row, blamed(error, condition)))
}

/** The value for one row, in the plainest way: the twin that `evaluate` is tested against. Throws what makes the row a dead letter. */
export function interpret(expression: Expression, row: Readonly<Record<string, unknown>>): unknown {
  try {
    return interpretNode(treesOf(expression).plain, row)
  } catch (error) {
    throw blamed(error, expression)
  }
}

/** The failure of a row with the text of the expression. */
function blamed(error: unknown, { text }: Expression): unknown {
  if (!isEventStoreError(error)) return error
  return new EventStoreError(error.code, error.message, { expression: text, ...error.details })
}
