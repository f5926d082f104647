/** Functions of JSON; each is also known by the name it has for Postgres's older `json`. */
import { rowFault } from '../fault.ts'
import { jsonKindOf, jsonText, orNull, plainText } from '../json.ts'
import { wayInto } from '../json-operators.ts'
import type { FunctionSpec } from './spec.ts'

type Fields = Readonly<Record<string, unknown>>

function arrayLength(value: unknown): number {
  if (Array.isArray(value)) return value.length
  throw rowFault(`only a list of json has a length, not ${jsonKindOf(value) === 'object' ? 'an object' : 'a single value'}`)
}

/** An object without a prototype would print strangely; one made from entries holds `__proto__` as any other name. */
function buildObject(...values: unknown[]): Fields {
  if (values.length % 2 !== 0) throw rowFault('jsonb_build_object takes names and values in turn')
  const entries: [string, unknown][] = []
  for (let i = 0; i < values.length; i += 2) {
    const name = orNull(values[i])
    if (name === null) throw rowFault('a name in an object must not be null')
    entries.push([typeof name === 'string' ? name : jsonText(name), orNull(values[i + 1])])
  }
  return Object.fromEntries(entries)
}

function stripNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(stripNulls)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([, one]) => orNull(one) !== null)
  return Object.fromEntries(kept.map(([name, one]) => [name, stripNulls(one)]))
}

const both = (spec: FunctionSpec): FunctionSpec[] => [
  spec,
  { ...spec, signature: spec.signature.replace('jsonb', 'json'), about: `As \`${spec.signature.replace(/\(.*/, '')}\`.` },
]

export const jsonFunctions: readonly FunctionSpec[] = [
  { signature: 'jsonb_typeof(json) → text', about: '`object`, `array`, `string`, `number` or `boolean`.', run: jsonKindOf },
  { signature: 'jsonb_array_length(json) → integer', about: 'How many elements a list has.', run: arrayLength },
  {
    signature: 'jsonb_extract_path(json, text…) → json',
    about: 'What lies at the end of a path, as `#>`.',
    run: (value: unknown, ...path: readonly string[]) => wayInto(value, path),
    mayBeNull: true,
  } satisfies FunctionSpec,
  {
    signature: 'jsonb_extract_path_text(json, text…) → text',
    about: 'The same as text, as `#>>`.',
    run: (value: unknown, ...path: readonly string[]) => plainText(wayInto(value, path)),
    mayBeNull: true,
  } satisfies FunctionSpec,
  {
    signature: 'jsonb_build_object([value…]) → json',
    about: 'An object from names and values in turn.',
    run: buildObject,
    takesNulls: true,
  } satisfies FunctionSpec,
  {
    signature: 'jsonb_build_array([value…]) → json',
    about: 'A list of the values.',
    run: (...values: unknown[]) => values,
    takesNulls: true,
  } satisfies FunctionSpec,
  { signature: 'jsonb_strip_nulls(json) → json', about: 'Without fields that are null.', run: stripNulls } satisfies FunctionSpec,
  { signature: 'to_jsonb(value) → json', about: 'The value as json.', run: (value: unknown) => value } satisfies FunctionSpec,
].flatMap(both)
