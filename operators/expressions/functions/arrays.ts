/** Functions of arrays. Elements are counted from 1. */
import { boundedLength, rowFault } from '../fault.ts'
import { equalJson, orNull } from '../json.ts'
import type { FunctionSpec } from './spec.ts'

type List = readonly unknown[]

/** Nulls are the same here, as in Postgres. Elements of one array are of one type, for which this is what `=` says. */
function isSame(a: unknown, b: unknown): boolean {
  const [left, right] = [orNull(a), orNull(b)]
  return left === null || right === null ? left === right : equalJson(left, right)
}

function position(list: List, element: unknown, from: number): number | null {
  for (let i = Math.max(from, 1) - 1; i < list.length; i++) if (isSame(list[i], element)) return i + 1
  return null
}

function stringToArray(text: string | null, delimiter: string | null, none: string | null): List | null {
  if (text === null) return null
  if (text === '') return []
  const parts = delimiter === null ? Array.from(text) : delimiter === '' ? [text] : text.split(delimiter)
  return parts.map(part => (part === none ? null : part))
}

function arrayToString(list: readonly (string | null)[] | null, delimiter: string | null, none: string | null = null): string | null {
  if (list === null || delimiter === null) return null
  const texts = list.map(one => one ?? none).filter(one => one !== null)
  boundedLength(texts.reduce((sum, text) => sum + text.length + delimiter.length, 0))
  return texts.join(delimiter)
}

export const arrayFunctions: readonly FunctionSpec[] = [
  { signature: 'cardinality(array) → integer', about: 'How many elements it has.', run: (list: List) => list.length },
  {
    signature: 'array_length(array, integer) → integer',
    about: 'The same, and null for an empty array; the second is 1, for arrays have one dimension.',
    run: (list: List, dimension: number) => (dimension === 1 && list.length > 0 ? list.length : null),
    mayBeNull: true,
  },
  {
    signature: 'array_append(array, element) → array',
    about: 'With one more at its end.',
    run: (list: List | null, element: unknown) => [...(list ?? []), element],
    takesNulls: true,
  },
  {
    signature: 'array_prepend(element, array) → array',
    about: 'With one more at its start.',
    run: (element: unknown, list: List | null) => [element, ...(list ?? [])],
    takesNulls: true,
  },
  {
    signature: 'array_cat(array, array) → array',
    about: 'One behind the other, as `||`.',
    run: (a: List | null, b: List | null) => (a === null ? b : b === null ? a : [...a, ...b]),
    takesNulls: true,
    mayBeNull: true,
  },
  {
    signature: 'array_position(array, element, [integer]) → integer',
    about: 'Where an element is first found, from a place if given; null when it is not there.',
    run: (list: List | null, element: unknown, from: number | null = 1) => {
      if (from === null) throw rowFault('the place to begin at must not be null')
      return list === null ? null : position(list, element, from)
    },
    takesNulls: true,
    mayBeNull: true,
  },
  {
    signature: 'array_remove(array, element) → array',
    about: 'Without an element, wherever it is.',
    run: (list: List | null, element: unknown) => list?.filter(one => !isSame(one, element)) ?? null,
    takesNulls: true,
    mayBeNull: true,
  },
  {
    signature: 'array_replace(array, element, element) → array',
    about: 'With an element replaced, wherever it is.',
    run: (list: List | null, from: unknown, to: unknown) => list?.map(one => (isSame(one, from) ? to : one)) ?? null,
    takesNulls: true,
    mayBeNull: true,
  },
  {
    signature: 'array_to_string(texts, text, [text]) → text',
    about: 'Joined with a text between; nulls are left out, or the third stands for them.',
    run: arrayToString,
    takesNulls: true,
    mayBeNull: true,
  },
  {
    signature: 'string_to_array(text, text, [text]) → text[]',
    about: 'Cut at a delimiter (into characters when it is null); what equals the third is null.',
    run: (text: string | null, delimiter: string | null, none: string | null = null) => stringToArray(text, delimiter, none),
    takesNulls: true,
    mayBeNull: true,
  },
]
