/** What a value must be to be of a type; the row fails when it is not. */
import { elementOf, isArrayType } from './compare.ts'
import { rowFault } from './fault.ts'
import { type Interval, parseInterval } from './intervals.ts'
import { orNull } from './json.ts'
import { shown } from './numbers.ts'
import { parseTimestamp, timestampOf } from './timestamps.ts'
import type { ValueType } from './types.ts'

/** Gives the value in the type's own form, or throws; the message calls it `label`. Null is no matter of it. */
export type Demanded = (value: unknown, label: string) => unknown

const names: Readonly<Record<string, string>> = {
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  text: 'a text',
  timestamp: 'a timestamp',
  interval: 'an interval',
}

export function notA(type: ValueType, value: unknown, label: string): Error {
  const what = Object.hasOwn(names, type) ? names[type] : 'a list'
  return rowFault(`${label} is not ${what}: ${shown(value)}`, { value: label })
}

export function demandNumber(value: unknown, label: string): number {
  if (typeof value === 'number') return value
  throw notA('number', value, label)
}

export function demandInteger(value: unknown, label: string): number {
  if (Number.isSafeInteger(value)) return (value as number) + 0
  throw notA('integer', value, label)
}

export function demandText(value: unknown, label: string): string {
  if (typeof value === 'string') return value
  throw notA('text', value, label)
}

export function demandBoolean(value: unknown, label: string): boolean {
  if (typeof value === 'boolean') return value
  throw notA('boolean', value, label)
}

/** Milliseconds, or a text as ISO 8601 has it. */
export function demandTimestamp(value: unknown, label: string): number {
  if (typeof value !== 'number' && typeof value !== 'string') throw notA('timestamp', value, label)
  try {
    return typeof value === 'number' ? timestampOf(value) : parseTimestamp(value)
  } catch (error) {
    throw rowFault(`${label}: ${(error as Error).message}`, { value: label })
  }
}

function demandInterval(value: unknown, label: string): Interval {
  if (typeof value === 'string') return parseInterval(value)
  throw notA('interval', value, label)
}

function demandList(type: ValueType): Demanded {
  const element = demandOf(elementOf(type))
  return (value, label) => {
    if (!Array.isArray(value)) throw notA(type, value, label)
    return Array.from(value as readonly unknown[], (one, index) => {
      const given = orNull(one)
      return given === null ? null : element(given, `${label}[${index + 1}]`)
    })
  }
}

export function demandOf(type: ValueType): Demanded {
  switch (type) {
    case 'boolean':
      return demandBoolean
    case 'integer':
      return demandInteger
    case 'number':
      return demandNumber
    case 'text':
      return demandText
    case 'timestamp':
      return demandTimestamp
    case 'interval':
      return demandInterval
    case 'json':
    case 'any':
      return value => value
    default:
      return isArrayType(type) ? demandList(type) : value => value
  }
}
