/** Columns computed by expressions: all of them see the columns as they came in. */
import { columnsRead, evaluate, expressionOf } from '../expressions/expression.ts'
import type { RowType, ValueType } from '../expressions/types.ts'
import type { Column, Page } from '../flow.ts'
import type { StepContext } from '../operator.ts'

/** Expressions by the column they make. */
export type Expressions = Readonly<Record<string, string>>

export interface Computed {
  readonly columns: readonly (readonly [name: string, column: Column])[]
  /** The page as it came, without the rows for which one of them failed. */
  readonly page: Page
}

/** The columns they read. */
export function computedReads(expressions: Expressions): readonly string[] {
  return Object.values(expressions).flatMap(text => columnsRead(text))
}

export function computedTypes(expressions: Expressions, row: RowType): Readonly<Record<string, ValueType>> {
  return Object.fromEntries(Object.entries(expressions).map(([name, text]) => [name, expressionOf(text, row).type]))
}

/** A row for which one fails is given up once, and those behind it are not asked about it. */
export function computedBy(expressions: Expressions, context: StepContext): (page: Page) => Computed {
  const runs = Object.entries(expressions).map(([name, text]) => [name, evaluate(expressionOf(text, context.row))] as const)
  return page => {
    const columns: (readonly [string, Column])[] = []
    let left = page
    for (const [name, run] of runs) {
      const fit = run(left, context)
      columns.push([name, fit.column])
      left = fit.page
    }
    return { columns, page: left }
  }
}
