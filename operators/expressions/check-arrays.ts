/** Checks operators of arrays, and `||`, which joins arrays, json and texts. */
import { castOf } from './casts.ts'
import { call, type Checker, type Given, isLiteral, isNull, typeWord } from './checker.ts'
import { bounded, rowFault } from './fault.ts'
import { arrayType, elementOf, equalityOf, isArrayType } from './compare.ts'
import { containsJson, joinJson } from './json-operators.ts'
import type { Syntax } from './syntax.ts'
import type { Node } from './tree.ts'
import type { ValueType } from './types.ts'

type Binary = Extract<Syntax, { kind: 'binary' }>
type List = readonly unknown[]

/** The array behind `any` or `all`, whose elements are compared with a value of type `element`. */
export function checkArrays(given: Given, element: ValueType, checker: Checker): Node {
  const { node, syntax } = given
  if (isArrayType(node.type)) return node
  const wanted = arrayType(element === 'integer' && node.type === 'any' ? 'number' : element)
  if (node.type === 'any' || isLiteral(node)) return checker.fit(given, isLiteral(node) && wanted === 'json[]' ? 'text[]' : wanted)
  return checker.fail(syntax.span, `an array is expected here, but ${checker.quote(syntax.span)} is ${typeWord(node.type)}`)
}

/** Any value as text, for `||` and `concat`. */
export function asText(given: Given, checker: Checker): Node {
  return asType(given, 'text', checker)
}

/** A value turned into another type without being asked, where everything that can be is welcome. */
export function asType(given: Given, type: 'text' | 'json' | 'text[]', checker: Checker): Node {
  const { node, syntax } = given
  if (isNull(node)) return checker.fit(given, type)
  if (isLiteral(node))
    return type === 'text[]' ? checker.fit(given, type) : { kind: 'constant', type, value: (node as { value: unknown }).value }
  if (node.type === type) return node
  // A text becomes a text of JSON, where a cast would read it.
  if (type === 'json' && node.type === 'text') return call('::json', 'json', (value: unknown) => value, [node])
  if (castOf(node.type, type) === undefined) checker.fail(syntax.span, `${typeWord(node.type)} can not become ${typeWord(type)} here`)
  return castCall(node, type, checker.label(syntax))
}

/** A cast that is known to be possible; when it fails for a row, the message calls the value `label`. */
export function castCall(node: Node, type: ValueType, label: string): Node {
  const cast = castOf(node.type, type) as (value: unknown, label: string) => unknown
  const run = (value: unknown): unknown => {
    try {
      return cast(value, label)
    } catch (error) {
      const { message } = error as Error
      throw message.startsWith(label) ? error : rowFault(`${label}: ${message}`, { value: label })
    }
  }
  return call(`::${type}`, type, run, [node])
}

const joined = (a: string, b: string): string => bounded(a + b)
const joinedLists = (a: List | null, b: List | null): List | null => (a === null ? b : b === null ? a : [...a, ...b])
const appended = (list: List | null, element: unknown): List => [...(list ?? []), element]
const prepended = (element: unknown, list: List | null): List => [element, ...(list ?? [])]

export function checkConcatenation(syntax: Binary, left: Given, right: Given, checker: Checker): Node {
  const [a, b] = [left.node.type, right.node.type]
  if (isArrayType(a) || isArrayType(b)) return checkLists(left, right, checker)
  if (a === 'json' && (b === 'json' || isLiteral(right.node))) return call('||', 'json', joinJson, [left.node, checker.fit(right, 'json')])
  if (b === 'json' && isLiteral(left.node)) return call('||', 'json', joinJson, [checker.fit(left, 'json'), right.node])
  const hasText = [a, b].some(type => type === 'text' || type === 'any')
  if (!hasText)
    checker.fail(syntax.span, `|| joins texts, but both sides are none: ${typeWord(a)} and ${typeWord(b)}; cast one with ::text`)
  return call('||', 'text', joined, [asText(left, checker), asText(right, checker)])
}

function checkLists(left: Given, right: Given, checker: Checker): Node {
  const array = isArrayType(left.node.type) ? left : right
  const other = array === left ? right : left
  const { type } = array.node
  const loose = { kind: 'call' as const, name: '||', type, takesNulls: true, mayBeNull: true }
  const isOther = isArrayType(other.node.type) || isLiteral(other.node) || isNull(other.node)
  if (isOther) return { ...loose, run: joinedLists, args: [left, right].map(given => checker.fit(given, type)) }
  const element = checker.fit(other, elementOf(type), `an element of ${checker.quote(array.syntax.span)} is expected here`)
  return { ...loose, run: array === left ? appended : prepended, args: array === left ? [array.node, element] : [element, array.node] }
}

/** `a @> b`: all elements of `b` are in `a`; of json, all that is in `b`. */
export function checkContains(syntax: Binary, left: Given, right: Given, checker: Checker): Node {
  const [whole, part] = syntax.operator === '@>' ? [left, right] : [right, left]
  const args = (type: ValueType): Node[] => [checker.fit(left, type), checker.fit(right, type)]
  const turned = (run: (a: never, b: never) => boolean): ((a: never, b: never) => boolean) =>
    syntax.operator === '@>' ? run : (a, b) => run(b, a)
  const array = [whole, part].find(({ node }) => isArrayType(node.type))
  if (array === undefined) return call(syntax.operator, 'boolean', turned(containsJson), args('json'))
  const equal = equalityOf(elementOf(array.node.type)) as (a: unknown, b: unknown) => boolean
  const contains = (a: List, b: List): boolean => b.every(one => one !== null && a.some(other => other !== null && equal(other, one)))
  return call(syntax.operator, 'boolean', turned(contains), args(array.node.type))
}
