/** Rows that a step keeps whole must come back from the state as they are: what can not is given up when it comes, and not when it is saved. */
import type { Column, Page } from '../flow.ts'
import { exactText, exactValue } from '../keyed/exact.ts'
import type { StepContext } from '../operator.ts'
import { aliveRows, selectRows } from '../page.ts'
import { isJson } from './window-values.ts'

/** The page with all values as they would be after a restart, without the rows that hold what can not be saved, such as a circle. */
export function settledPage(page: Page, context: StepContext): Page {
  const given = new Set<number>()
  const columns = new Map<string, Column>()
  for (const [name, column] of page.columns)
    columns.set(name, column.kind === 'value' ? settledColumn(page, column.values, { given, context }) : column)
  const settled = { ...page, columns }
  return given.size === 0
    ? settled
    : selectRows(
        settled,
        aliveRows(page).filter(row => !given.has(row)),
      )
}

function settledColumn(page: Page, values: readonly unknown[], { given, context }: { given: Set<number>; context: StepContext }): Column {
  let settled: unknown[] | undefined
  for (const row of aliveRows(page)) {
    const value = values[row]
    if (isJson(value) || given.has(row)) continue
    try {
      const text = exactText(value)
      settled ??= [...values]
      settled[row] = exactValue(text)
    } catch (error) {
      given.add(row)
      context.dead(page, row, error)
    }
  }
  return { kind: 'value', values: settled ?? values }
}
