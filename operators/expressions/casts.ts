/** Which type can become which, and how. */
import { parseArray, arrayText } from './arrays.ts'
import { elementOf, isArrayType } from './compare.ts'
import { demandOf, notA } from './demand.ts'
import { intervalText, parseInterval } from './intervals.ts'
import { jsonText, orNull, parseJson, plainText } from './json.ts'
import { integerFromNumber, numberText, parseBoolean, parseInteger, parseNumber } from './numbers.ts'
import { parseTimestamp, timestampOf, timestampText } from './timestamps.ts'
import type { ValueType } from './types.ts'

/** Turns a value that is not null into one of the other type; `label` is what a message calls it. */
export type Cast = (value: never, label: string) => unknown

const keep = (value: unknown): unknown => value

/** To text, from every type. */
const toText: Readonly<Record<string, Cast>> = {
  boolean: String,
  integer: String,
  number: numberText,
  text: keep,
  timestamp: timestampText,
  interval: intervalText,
  json: jsonText,
  any: plainText,
}

const fromText: Readonly<Record<string, Cast>> = {
  boolean: parseBoolean,
  integer: parseInteger,
  number: parseNumber,
  text: keep,
  timestamp: parseTimestamp,
  interval: parseInterval,
  json: parseJson,
}

const others: Readonly<Record<string, Cast>> = {
  'boolean integer': Number,
  'boolean json': keep,
  'integer boolean': (value: number) => value !== 0,
  'integer number': keep,
  'integer timestamp': timestampOf,
  'integer json': keep,
  'number integer': integerFromNumber,
  'number timestamp': timestampOf,
  'number json': keep,
  'timestamp integer': keep,
  'timestamp number': keep,
  'timestamp json': keep,
  'json boolean': demandOf('boolean'),
  'json number': demandOf('number'),
  'json integer': (value: unknown, label: string) => integerFromNumber(demandOf('number')(value, label) as number),
}

/** How `from` becomes `to`; undefined when it can not. */
export function castOf(from: ValueType, to: ValueType): Cast | undefined {
  if (from === to || to === 'any') return keep
  if (from === 'any') return fromAny(to)
  if (isArrayType(from)) return fromArray(from, to)
  if (isArrayType(to)) return from === 'text' ? textToArray(to) : from === 'json' ? demandOf(to) : undefined
  if (to === 'text') return toText[from]
  if (from === 'text') return fromText[to]
  return others[`${from} ${to}`]
}

function fromArray(from: ValueType, to: ValueType): Cast | undefined {
  if (to === 'json') return keep
  const element = castOf(elementOf(from), isArrayType(to) ? elementOf(to) : 'text')
  if (element === undefined || (!isArrayType(to) && to !== 'text')) return undefined
  const each = (list: readonly unknown[], label: string): unknown[] =>
    Array.from(list, one => (orNull(one) === null ? null : element(one as never, label)))
  return to === 'text' ? (list: readonly unknown[], label) => arrayText(each(list, label)) : each
}

function textToArray(to: ValueType): Cast {
  const element = castOf('text', elementOf(to)) as Cast
  return (text: string, label) => parseArray(text).map(one => (one === null ? null : element(one as never, label)))
}

/** A value that nobody declared: by what it turns out to be. */
function fromAny(to: ValueType): Cast {
  if (to === 'text') return plainText
  if (to === 'json') return keep
  const text = isArrayType(to) ? textToArray(to) : (fromText[to] as Cast)
  const demand = demandOf(to)
  return (value: unknown, label) => {
    if (typeof value === 'string') return text(value as never, label)
    if (to === 'integer' && typeof value === 'number') return integerFromNumber(value)
    if (to === 'integer' && typeof value === 'boolean') return Number(value)
    if (to === 'interval') throw notA('interval', value, label)
    return demand(value, label)
  }
}
