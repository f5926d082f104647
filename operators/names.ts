/** Choosing and renaming columns, and texts with columns in them. */
import { EventStoreError } from '../event/error.ts'
import { valueAt } from './columns.ts'
import type { Page } from './flow.ts'
import { columnNamed } from './page.ts'

/** Columns to take as they are, or `{ newName: column }`. */
export type Names = readonly string[] | Readonly<Record<string, string>>

/** Pairs of new name and column. */
export function namesOf(names: Names): (readonly [name: string, field: string])[] {
  return isList(names) ? names.map(name => [name, name] as const) : Object.entries(names)
}

function isList(names: Names): names is readonly string[] {
  return Array.isArray(names)
}

/** A text with `{column}` in it, cut into pieces; `{{` and `}}` stand for braces. */
export interface Template {
  readonly fields: readonly string[]
  /**
   * Makes the text of a row; throws when a column is null, or not a text, number or boolean. `encode` is for the values of columns, but for
   * one at the very beginning.
   */
  of(page: Page, encode?: (value: string) => string): (row: number) => string
}

export function templateOf(text: string): Template {
  const pieces: ({ text: string } | { field: string })[] = []
  const rest = text.replace(/\{\{|\}\}|\{([^{}]*)\}|[^{}]+|[{}]/g, (piece, field: string | undefined) => {
    if (piece === '{' || piece === '}' || field === '')
      throw new EventStoreError('INVALID', `unclosed or empty braces in "${text}"`, { template: text })
    pieces.push(field === undefined ? { text: piece === '{{' || piece === '}}' ? piece.slice(1) : piece } : { field })
    return ''
  })
  if (rest !== '') throw new EventStoreError('INVALID', `can not read the template "${text}"`, { template: text })
  const fields = pieces.flatMap(piece => ('field' in piece ? [piece.field] : []))
  return { fields, of: (page, encode) => textMaker(page, pieces, encode) }
}

function textMaker(
  page: Page,
  pieces: readonly ({ text: string } | { field: string })[],
  encode: (value: string) => string = value => value,
): (row: number) => string {
  const parts = pieces.map(piece => ('field' in piece ? { field: piece.field, column: columnNamed(page, piece.field) } : piece.text))
  return row => {
    let made = ''
    for (const part of parts) {
      if (typeof part === 'string') {
        made += part
        continue
      }
      const value = valueAt(part.column, row)
      if (typeof value === 'object' || value === undefined || value === '') throw new TypeError(`${part.field} is empty or no plain value`)
      const text = String(value as string | number | boolean)
      made += made === '' ? text : encode(text)
    }
    return made
  }
}
