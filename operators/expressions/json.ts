/** JSON values: their kind, equality, the way into them, and their text. */
import { rowFault } from './fault.ts'
import { jsonNumberText, shown } from './numbers.ts'
import { compareTexts } from './texts.ts'

/** Deeper values are refused, because what walks over them calls itself. */
export const jsonDepthMax = 1000

export type JsonKind = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object'

export function jsonKindOf(value: unknown): JsonKind {
  switch (typeof value) {
    case 'boolean':
    case 'number':
    case 'string':
      return typeof value as 'string'
    case 'object':
      if (value === null) return 'null'
      return Array.isArray(value) ? 'array' : 'object'
    case 'undefined':
      return 'null'
    default:
      throw rowFault(`${String(value).slice(0, 60)} is no value of JSON`)
  }
}

/** Values that mean null: none, and a number that is none. */
export function orNull(value: unknown): unknown {
  return value === undefined || (typeof value === 'number' && value !== value) ? null : value
}

/** A field of an object, or null. Only fields of its own, never what JavaScript has on all objects. */
export function fieldOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  return Object.hasOwn(value, key) ? orNull((value as Record<string, unknown>)[key]) : null
}

/** An element of a list, counted from 0; from its end when negative. */
export function elementAt(value: unknown, index: number): unknown {
  return Array.isArray(value) ? orNull(value.at(index)) : null
}

export function equalJson(a: unknown, b: unknown): boolean {
  return equalAt(a, b, 0)
}

function equalAt(a: unknown, b: unknown, depth: number): boolean {
  if (a === b) return true
  const kind = jsonKindOf(a)
  if (kind !== jsonKindOf(b) || (kind !== 'array' && kind !== 'object')) return kind === 'number' && orNull(a) === orNull(b)
  if (depth > jsonDepthMax) throw rowFault(`a value is nested deeper than ${jsonDepthMax} levels`)
  if (kind === 'array') {
    const [left, right] = [a as readonly unknown[], b as readonly unknown[]]
    return left.length === right.length && left.every((one, i) => equalAt(orNull(one), orNull(right[i]), depth + 1))
  }
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>]
  const names = namesOf(left)
  return (
    names.length === namesOf(right).length &&
    names.every(name => Object.hasOwn(right, name) && equalAt(orNull(left[name]), orNull(right[name]), depth + 1))
  )
}

/** Names of the fields JSON would show; a field that is undefined is none. */
function namesOf(value: Record<string, unknown>): string[] {
  return Object.keys(value).filter(name => value[name] !== undefined)
}

/** The value as Postgres writes `jsonb`: names in a fixed order, so that equal values have equal texts. */
export function jsonText(value: unknown): string {
  return textAt(value, 0)
}

function textAt(value: unknown, depth: number): string {
  if (depth > jsonDepthMax) throw rowFault(`a value is nested deeper than ${jsonDepthMax} levels`)
  switch (jsonKindOf(value)) {
    case 'null':
      return 'null'
    case 'boolean':
      return String(value)
    case 'number':
      return orNull(value) === null ? 'null' : jsonNumberText(value as number)
    case 'string':
      return JSON.stringify(value)
    case 'array':
      return `[${Array.from(value as readonly unknown[], one => textAt(one, depth + 1)).join(', ')}]`
    case 'object': {
      if (ArrayBuffer.isView(value)) throw rowFault('bytes are no value of JSON')
      const fields = value as Record<string, unknown>
      const names = namesOf(fields).sort((a, b) => Buffer.byteLength(a) - Buffer.byteLength(b) || compareTexts(a, b))
      return `{${names.map(name => `${JSON.stringify(name)}: ${textAt(fields[name], depth + 1)}`).join(', ')}}`
    }
  }
}

/** What `->>` gives: a text as it is, everything else as its JSON. */
export function plainText(value: unknown): string | null {
  const given = orNull(value)
  return given === null ? null : typeof given === 'string' ? given : jsonText(given)
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw rowFault(`${shown(text)} is no JSON`)
  }
}
