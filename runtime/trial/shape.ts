/** Reads plain values of an expected shape, and says of each mistake where it is and what would be right. */
import { hint } from '../../topology/nearest.ts'

export type ValuePath = readonly (string | number)[]

/** A mistake in a file, by where it stands in its value. */
export interface ShapeIssue {
  readonly path: ValuePath
  readonly message: string
  /** An error when left out. */
  readonly severity?: 'error' | 'warning'
  /** The name is to blame, and not what stands behind it. */
  readonly isName?: boolean
}

/** A value with its place; readers below note their mistakes in `issues`. */
export interface Placed {
  readonly value: unknown
  readonly path: ValuePath
  readonly issues: ShapeIssue[]
}

export function say({ path, issues }: Placed, message: string): undefined {
  issues.push({ path, message })
}

/** A name that should not be there. */
export function sayName({ path, issues }: Placed, message: string): undefined {
  issues.push({ path, message, isName: true })
}

export function warn({ path, issues }: Placed, message: string): undefined {
  issues.push({ path, message, severity: 'warning' })
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What was written, short. */
export function shownAs(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  const text = JSON.stringify(value) ?? typeof value
  return text.length > 60 ? `${text.slice(0, 59).toWellFormed()}…` : text
}

export function inside(placed: Placed, ...path: ValuePath): Placed {
  let { value } = placed
  for (const part of path) value = isRecord(value) || Array.isArray(value) ? (value as Record<string | number, unknown>)[part] : undefined
  return { ...placed, value, path: [...placed.path, ...path] }
}

/** Its members by name; a name that is not known is a mistake. */
export function membersOf(placed: Placed, what: string, known?: readonly string[]): Readonly<Record<string, Placed>> | undefined {
  const { value } = placed
  if (!isRecord(value)) return say(placed, `${what}, not ${shownAs(value)}`)
  const names = Object.keys(value)
  for (const name of names) {
    if (known?.includes(name) !== false) continue
    sayName(inside(placed, name), `there is no ${name} here${hint(name, known)} (there are: ${known.join(', ')})`)
  }
  return Object.fromEntries(names.map(name => [name, inside(placed, name)]))
}

export function itemsOf(placed: Placed, what: string): readonly Placed[] {
  const { value } = placed
  if (Array.isArray(value)) return value.map((_, index) => inside(placed, index))
  say(placed, `${what}, not ${shownAs(value)}`)
  return []
}

export function textOf(placed: Placed | undefined, what: string): string | undefined {
  if (placed === undefined) return undefined
  const { value } = placed
  return typeof value === 'string' && value !== '' ? value : say(placed, `${what}, not ${shownAs(value)}`)
}

export function booleanOf(placed: Placed | undefined, what: string): boolean | undefined {
  if (placed === undefined) return undefined
  const { value } = placed
  return typeof value === 'boolean' ? value : say(placed, `${what}, not ${shownAs(value)}`)
}
