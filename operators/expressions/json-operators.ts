/** What operators do with JSON: containment, joining, ways into it, and whether names are there. */
import { rowFault } from './fault.ts'
import { elementAt, equalJson, fieldOf, jsonDepthMax, jsonKindOf, orNull } from './json.ts'

type List = readonly unknown[]
type Fields = Readonly<Record<string, unknown>>

/** Whether everything in `b` is in `a`, at the same places of objects and anywhere in lists. */
export function containsJson(a: unknown, b: unknown): boolean {
  // A list contains a single value as if that were a list of one, but only at the top.
  if (Array.isArray(a) && jsonKindOf(b) !== 'array' && jsonKindOf(b) !== 'object') return a.some(one => equalJson(one, b))
  return containsAt(a, b, 0)
}

function containsAt(a: unknown, b: unknown, depth: number): boolean {
  if (depth > jsonDepthMax) throw rowFault(`a value is nested deeper than ${jsonDepthMax} levels`)
  const kind = jsonKindOf(b)
  if (kind !== jsonKindOf(a)) return false
  if (kind === 'array') return (b as List).every(one => (a as List).some(other => containsAt(orNull(other), orNull(one), depth + 1)))
  if (kind !== 'object') return equalJson(a, b)
  return Object.keys(b as Fields).every(
    name => Object.hasOwn(a as Fields, name) && containsAt(orNull((a as Fields)[name]), orNull((b as Fields)[name]), depth + 1),
  )
}

/** Objects are merged, lists follow each other; anything else counts as a list of one. */
export function joinJson(a: unknown, b: unknown): unknown {
  if (jsonKindOf(a) === 'object' && jsonKindOf(b) === 'object') return { ...(a as Fields), ...(b as Fields) }
  const list = (value: unknown): List => (Array.isArray(value) ? (value as List) : [value])
  return [...list(a), ...list(b)]
}

/** `->`: a field by its name, or an element by its number from 0. */
export function stepInto(value: unknown, key: unknown): unknown {
  if (typeof key === 'string') return fieldOf(value, key)
  if (Number.isInteger(key)) return elementAt(value, key as number)
  throw rowFault('a way into json is a text or an integer')
}

/** `#>`: along a path of names and numbers. */
export function wayInto(value: unknown, path: List): unknown {
  let found = value
  for (const key of path) {
    if (typeof key !== 'string' || found === null) return null
    found = Array.isArray(found) ? (/^[-+]?\d+$/.test(key) ? elementAt(found, Number(key)) : null) : fieldOf(found, key)
  }
  return found
}

/** `?`: a name of an object, or a text in a list. */
export function hasName(value: unknown, name: string): boolean {
  if (Array.isArray(value)) return value.includes(name)
  if (typeof value === 'string') return value === name
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
}
