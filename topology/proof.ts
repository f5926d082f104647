/** How a value of a topology is proved: small readers that say what is wrong, where, and what would be right. */
import { isEventStoreError } from '../event/error.ts'
import { type RowType, typeOfField } from '../operators/expressions/types.ts'
import type { OptionSpec } from '../operators/operator.ts'
import { type OptionIssue, type OptionPath, pathText } from './issue.ts'
import { hint } from './nearest.ts'

/** Where a value stands, and what is known of the columns there. */
export interface Place {
  readonly path: OptionPath
  readonly row: RowType
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export const isName = (value: unknown): value is string => typeof value === 'string' && value !== ''

export const inPlace = (place: Place, ...more: OptionPath): Place => ({ ...place, path: [...place.path, ...more] })

export function must(holds: boolean, { path }: Place, what: string, value: unknown): OptionIssue[] {
  return holds ? [] : [{ path, message: `option ${pathText(path)} must be ${what}, not ${JSON.stringify(value)}` }]
}

/** Runs a reader of the operators, which says what is wrong better than we could. */
export function readable({ path }: Place, read: () => unknown): OptionIssue[] {
  try {
    read()
    return []
  } catch (error) {
    const { offset, length } = isEventStoreError(error) ? error.details : {}
    const part = typeof offset === 'number' ? { offset, ...(typeof length === 'number' && { length }) } : {}
    return [{ path, message: error instanceof Error ? error.message : String(error), ...part }]
  }
}

/** The column must come in, as far as that is known; what is written like an expression is no column, whatever may come in. */
export function columnIssues(name: string, { isForeign, type }: OptionSpec, { path, row }: Place): OptionIssue[] {
  if (isForeign === true || Object.hasOwn(row.fields, name)) return []
  const other = meantBy(name, type)
  if (other === '' && typeOfField(row, name) !== undefined) return []
  const names = Object.keys(row.fields).filter(one => name.startsWith('$') === one.startsWith('$'))
  const known = row.isOpen ? '' : ` (there are: ${names.join(', ') || 'none'})`
  return [{ path, message: `there is no column ${name}${other === '' ? hint(name, names) : other}${known}` }]
}

/** What to write for words of SQL and for expressions where the name of a column is wanted. */
function meantBy(name: string, type: OptionSpec['type']): string {
  const [, column = '', direction = ''] = type === 'order' ? (/^(\S+)\s+(asc|desc)$/i.exec(name) ?? []) : []
  if (column !== '') return `; write ${/desc/i.test(direction) ? '-' : ''}${column}`
  const isComputed = /^[\p{L}_][\p{L}\p{N}_]*\(.*\)$|\s(?:[-+*/%^]|\|\|)\s|\S::[a-z]/u.test(name)
  return isComputed ? '; compute it in a map before it' : ''
}
