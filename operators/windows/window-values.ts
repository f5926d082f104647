/** Values that a step keeps must be JSON, so that they are the same after a restart: rows with others are given up. */
import type { Column, Page } from '../flow.ts'
import type { StepContext } from '../operator.ts'
import { aliveRows, selectRows, withColumns } from '../page.ts'

/** The page with what JSON makes of the values in the columns named (`*`: in all), without the rows that hold what it can not write. */
export function jsonFitting(page: Page, fields: Iterable<string>, context: StepContext): Page {
  let fitting = page
  for (const field of fields) {
    const names = field === '*' ? [...page.columns.keys()] : [field]
    for (const name of names) {
      const column = fitting.columns.get(name)
      if (column?.kind === 'value') fitting = fitColumn(fitting, name, { values: column.values, context })
    }
  }
  return fitting
}

interface Fit {
  readonly values: readonly unknown[]
  readonly context: StepContext
}

function fitColumn(page: Page, name: string, { values, context }: Fit): Page {
  const rows = aliveRows(page)
  let written: unknown[] | undefined
  let given: Set<number> | undefined
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number
    const value = values[row]
    if (isJson(value)) continue
    try {
      written ??= [...values]
      const text = JSON.stringify(value) as string | undefined
      written[row] = text === undefined ? null : JSON.parse(text)
    } catch (error) {
      context.dead(page, row, error)
      given ??= new Set()
      given.add(row)
    }
  }
  if (written === undefined) return page
  const column: Column = { kind: 'value', values: written }
  const fitting = withColumns(page, [[name, column]])
  return given === undefined
    ? fitting
    : selectRows(
        fitting,
        rows.filter(row => given?.has(row) !== true),
      )
}

/** Whether JSON would give the value back as it is. A number is kept with all its bits, so any is right at the top. */
export function isJson(value: unknown): boolean {
  return typeof value === 'number' || isJsonInside(value, 0)
}

/** Deeper than this a value is rather written and read than looked through. */
const depthMax = 100

function isJsonInside(value: unknown, depth: number): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (value === undefined) return depth === 0
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || depth === depthMax) return false
  if (Array.isArray(value)) return value.every(one => isJsonInside(one, depth + 1))
  const prototype: unknown = Object.getPrototypeOf(value)
  if ((prototype !== Object.prototype && prototype !== null) || 'toJSON' in value) return false
  return Object.values(value).every(one => isJsonInside(one, depth + 1))
}
