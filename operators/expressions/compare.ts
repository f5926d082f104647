/** When two values are equal, and which comes first, by the type they have. */
import { rowFault } from './fault.ts'
import { compareIntervals, type Interval } from './intervals.ts'
import { equalJson, jsonKindOf } from './json.ts'
import { shown } from './numbers.ts'
import { compareTexts } from './texts.ts'
import type { ValueType } from './types.ts'

export type Order = (a: never, b: never) => number
export type Equality = (a: never, b: never) => boolean

const compareNumbers = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0)
const compareBooleans = (a: boolean, b: boolean): number => Number(a) - Number(b)
const same = (a: unknown, b: unknown): boolean => a === b

/** Less, equal or more than 0. Values of columns that nobody declared must be of the same kind of JSON. */
export function orderOf(type: ValueType): Order {
  switch (type) {
    case 'integer':
    case 'number':
    case 'timestamp':
      return compareNumbers
    case 'text':
      return compareTexts
    case 'boolean':
      return compareBooleans
    case 'interval':
      return compareIntervals
    case 'json':
    case 'any':
      return compareAny
    default:
      return arrayOrder(orderOf(elementOf(type)))
  }
}

export function equalityOf(type: ValueType): Equality {
  switch (type) {
    case 'integer':
    case 'number':
    case 'timestamp':
    case 'text':
    case 'boolean':
      return same
    case 'interval':
      return (a: Interval, b: Interval) => compareIntervals(a, b) === 0
    case 'json':
    case 'any':
      return equalJson
    default:
      return arrayEquality(equalityOf(elementOf(type)))
  }
}

export function elementOf(type: ValueType): ValueType {
  return type.endsWith('[]') ? (type.slice(0, -2) as ValueType) : 'any'
}

/** The array of a type; of `json` when there is none, as of arrays. */
export function arrayType(element: ValueType): ValueType {
  switch (element) {
    case 'boolean':
    case 'integer':
    case 'number':
    case 'text':
    case 'timestamp':
      return `${element}[]`
    default:
      return 'json[]'
  }
}

export function isArrayType(type: ValueType): boolean {
  return type.endsWith('[]')
}

function compareAny(a: unknown, b: unknown): number {
  const kind = jsonKindOf(a)
  if (kind !== jsonKindOf(b)) throw rowFault(`can not tell which is more, ${shown(a)} or ${shown(b)}: they are of different kinds`)
  if (kind === 'number') return compareNumbers(a as number, b as number)
  if (kind === 'string') return compareTexts(a as string, b as string)
  if (kind === 'boolean') return compareBooleans(a as boolean, b as boolean)
  throw rowFault(`can not tell which is more, ${shown(a)} or ${shown(b)}; compare something in them`)
}

type List = readonly unknown[]

/** Element by element; a null equals a null and comes behind all else, as Postgres has it inside of arrays. */
function arrayOrder(order: Order): (a: List, b: List) => number {
  return (a, b) => {
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
      const left = a[i] ?? null
      const right = b[i] ?? null
      const sign = left === null || right === null ? Number(left === null) - Number(right === null) : order(left as never, right as never)
      if (sign !== 0) return sign
    }
    return a.length - b.length
  }
}

function arrayEquality(equal: Equality): (a: List, b: List) => boolean {
  const both = (left: unknown, right: unknown): boolean =>
    left === null || right === null ? left === right : equal(left as never, right as never)
  return (a, b) => a.length === b.length && a.every((left, i) => both(left ?? null, b[i] ?? null))
}
