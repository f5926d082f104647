/** Looks at the columns of rows before they are joined: which have no key, and which can not be kept. */
import type { Column, Page } from '../flow.ts'
import { exactText } from '../keyed/exact.ts'
import { aliveRows, selectRows } from '../page.ts'

/** 1 for rows of which a column is null; undefined when there are none. */
export function nullsOf(columns: readonly Column[], rows: Int32Array): Uint8Array | undefined {
  let nulls: Uint8Array | undefined
  for (const column of columns) {
    if (column.kind === 'number' && column.nulls === undefined) continue
    for (let i = 0; i < rows.length; i++) if (isNullAt(column, rows[i] as number)) (nulls ??= new Uint8Array(rows.length))[i] = 1
  }
  return nulls
}

function isNullAt(column: Column, row: number): boolean {
  switch (column.kind) {
    case 'number':
      return column.nulls?.[row] === 1
    case 'text':
      return (column.codes[row] as number) < 0
    case 'slice':
      return (column.length[row] as number) < 0
    case 'boolean':
      return column.values[row] === 2
    case 'value':
      return (column.values[row] ?? null) === null
  }
}

/** The page without rows that hold something in a column which can not be saved. */
export function storable(page: Page, names: Iterable<string>, refuse: (row: number, error: unknown) => void): Page {
  let rows: Int32Array | undefined
  for (const name of names) {
    const column = page.columns.get(name)
    if (column?.kind !== 'value') continue
    const { values } = column
    const fits = (row: number): boolean => {
      if (typeof values[row] !== 'object' || values[row] === null) return true
      try {
        exactText(values[row])
        return true
      } catch (error) {
        refuse(row, error)
        return false
      }
    }
    const before = rows ?? aliveRows(page)
    const good = before.filter(fits)
    if (good.length < before.length) rows = good
  }
  return rows === undefined ? page : selectRows(page, rows)
}
