/** Checks operators between two values: arithmetic, comparison, and what else Postgres has signs for. */
import { checkArrays, checkConcatenation, checkContains } from './check-arrays.ts'
import { refuseQuoted } from './check-columns.ts'
import { checkJson, jsonOperators } from './check-json.ts'
import { checkMatch, elementMatcher } from './check-patterns.ts'
import { type Checker, type Given, isLiteral, isNull, typeWord, call } from './checker.ts'
import { elementOf, equalityOf, isArrayType, orderOf } from './compare.ts'
import { functions } from './functions/index.ts'
import { addIntervals, divideInterval, type Interval, multiplyInterval, parseInterval, subtractIntervals } from './intervals.ts'
import type { Syntax } from './syntax.ts'
import { addInterval, subtractInterval, subtractTimestamps } from './timestamps.ts'
import type { ArithmeticOperator, ComparisonOperator, Node } from './tree.ts'
import type { ValueType } from './types.ts'

type Of<Kind extends Syntax['kind']> = Extract<Syntax, { kind: Kind }>

const comparisons: readonly string[] = ['=', '<>', '<', '<=', '>', '>=']

export function checkBinary(syntax: Of<'binary'>, checker: Checker): Node {
  const { operator } = syntax
  const left = checker.check(syntax.left)
  const right = checker.check(syntax.right)
  if (comparisons.includes(operator)) {
    refuseQuoted(checker, syntax.right)
    return checkCompare(operator as ComparisonOperator, left, right, checker)
  }
  if (operator === '||') return checkConcatenation(syntax, left, right, checker)
  if (operator === '@>' || operator === '<@') return checkContains(syntax, left, right, checker)
  if (jsonOperators.has(operator)) return checkJson(syntax, left, right, checker)
  if (operator.includes('~')) return checkMatch(syntax, left, right, checker)
  return checkArithmetic(syntax, left, right, checker)
}

export function checkCompare(operator: ComparisonOperator, left: Given, right: Given, checker: Checker): Node {
  const nothing = [left, right].find(({ node, syntax }) => isNull(node) && syntax.kind === 'null')
  if (nothing !== undefined)
    checker.fail(nothing.syntax.span, `a comparison with null is never true; write ${operator === '<>' ? 'is not null' : 'is null'}`)
  const { type, nodes } = checker.unified([left, right], 'can not compare')
  if (operator !== '=' && operator !== '<>' && type.startsWith('json'))
    checker.fail(left.syntax.span, "json has no order; compare something in it, as (x->>'a')::number")
  return { kind: 'compare', type: 'boolean', operator, by: type, left: nodes[0] as Node, right: nodes[1] as Node }
}

const isTime = (type: ValueType): boolean => type === 'timestamp' || type === 'interval'

function checkArithmetic(syntax: Of<'binary'>, left: Given, right: Given, checker: Checker): Node {
  const { operator } = syntax
  if (isTime(left.node.type) || isTime(right.node.type)) return checkTimes(syntax, left, right, checker)
  for (const given of [left, right]) refuseOperand(operator, given, checker)
  if (operator === '^') {
    const args = [checker.fit(left, 'number'), checker.fit(right, 'number')]
    return call('power', 'number', functions.get('power')?.[0]?.run as never, args)
  }
  if (isLiteral(left.node) && isLiteral(right.node))
    checker.fail(syntax.span, `both sides of ${operator} are texts; write numbers without quotes`)
  const shared = checker.shared([left, right])
  const type = shared === 'integer' ? 'integer' : 'number'
  const sides = [left, right].map(given => checker.fit(given, type, `${operator} takes numbers`))
  return { kind: 'arithmetic', type, operator: operator as ArithmeticOperator, left: sides[0] as Node, right: sides[1] as Node }
}

const cures: Readonly<Record<string, string>> = {
  text: '; cast it with ::number',
  'text +': '; texts are joined with ||, and become numbers with ::number',
  json: "; take a number out of it, as (x->>'a')::number",
}

function refuseOperand(operator: string, { node, syntax }: Given, checker: Checker): void {
  const shown = checker.quote(syntax.span)
  if (isLiteral(node)) {
    const text = (node as { value: unknown }).value as string
    if (isInterval(text)) checker.fail(syntax.span, `${shown} is no number; an interval is written interval ${shown}`)
  } else if (node.type !== 'integer' && node.type !== 'number' && node.type !== 'any')
    checker.fail(
      syntax.span,
      `${operator} takes numbers, but ${shown} is ${typeWord(node.type)}${cures[`${node.type} ${operator}`] ?? cures[node.type] ?? ''}`,
    )
}

/** What intervals and timestamps can do, by operator and types. */
const timeOperators: Readonly<Record<string, { readonly type: ValueType; readonly run: (a: never, b: never) => unknown }>> = {
  'timestamp + interval': { type: 'timestamp', run: addInterval },
  'interval + timestamp': { type: 'timestamp', run: (a: Interval, b: number) => addInterval(b, a) },
  'timestamp - interval': { type: 'timestamp', run: subtractInterval },
  'timestamp - timestamp': { type: 'interval', run: subtractTimestamps },
  'interval + interval': { type: 'interval', run: addIntervals },
  'interval - interval': { type: 'interval', run: subtractIntervals },
  'interval * number': { type: 'interval', run: multiplyInterval },
  'number * interval': { type: 'interval', run: (a: number, b: Interval) => multiplyInterval(b, a) },
  'interval / number': { type: 'interval', run: divideInterval },
}

function checkTimes(syntax: Of<'binary'>, left: Given, right: Given, checker: Checker): Node {
  const { operator } = syntax
  const isLeft = isTime(left.node.type)
  const [time, other] = isLeft ? [left, right] : [right, left]
  const sides = [left, right].map(given => (given === other ? beside(operator, time, given, checker) : given.node))
  const name = (node: Node): string => (node.type === 'integer' ? 'number' : node.type)
  const [a, b] = sides as [Node, Node]
  const key = `${name(a)} ${operator} ${name(b)}`
  const known = Object.hasOwn(timeOperators, key) ? timeOperators[key] : undefined
  if (known !== undefined) return call(operator, known.type, known.run, [a, b])
  const isSum = operator === '+' || operator === '-'
  const how = isSum && key !== 'interval - timestamp' ? "; a number of units is added as n * interval '1 second'" : ''
  return checker.fail(syntax.span, `there is no ${a.type} ${operator} ${b.type}${how}`)
}

/** The value beside a time, as what the operator takes there. */
function beside(operator: string, time: Given, given: Given, checker: Checker): Node {
  const { node, syntax } = given
  const isFactor = operator === '*' || operator === '/'
  if (isFactor && (node.type === 'any' || isLiteral(node))) return checker.fit(given, 'number')
  if (isLiteral(node)) {
    const type = operator === '+' && time.node.type === 'timestamp' ? 'interval' : time.node.type
    if (type === 'timestamp' && isInterval((node as { value: unknown }).value as string))
      checker.fail(syntax.span, `this is read as a timestamp; write interval ${checker.quote(syntax.span)}`)
    return checker.literal(given, type)
  }
  if (isNull(node)) return checker.fit(given, operator === '+' ? 'interval' : time.node.type)
  // A column holds no intervals, so that what nobody declared is a time.
  if (node.type === 'any') return checker.fit(given, 'timestamp')
  return node
}

function isInterval(text: string): boolean {
  try {
    parseInterval(text)
    return true
  } catch {
    return false
  }
}

/** `x = any (array)`: the operator between `x` and the elements. */
export function checkQuantified(syntax: Of<'quantified'>, checker: Checker): Node {
  const { operator, isAll } = syntax
  const left = checker.check(syntax.left)
  const given = checker.check(syntax.array)
  const array = checkArrays(given, isLiteral(left.node) ? 'text' : left.node.type, checker)
  const element = elementOf(array.type)
  if (operator.includes('~')) {
    const { node, test } = elementMatcher(syntax, left, element, checker)
    return { kind: 'quantified', type: 'boolean', isAll, test, left: node, array }
  }
  if (!comparisons.includes(operator)) checker.fail(syntax.sign, `${operator} does not go with ${isAll ? 'all' : 'any'} (…)`)
  const ref: Node = { kind: 'ref', type: element, slot: -1 }
  const { type } = checker.unified([left, { node: ref, syntax: syntax.array }], 'can not compare')
  if (isArrayType(type)) checker.fail(syntax.span, 'arrays of arrays are not known here')
  const isOrder = operator !== '=' && operator !== '<>'
  if (isOrder && type === 'json') checker.fail(syntax.span, 'json has no order')
  return {
    kind: 'quantified',
    type: 'boolean',
    isAll,
    test: testOf(operator as ComparisonOperator, type),
    left: checker.fit(left, type),
    array,
  }
}

/** Whether the operator holds between two values of a type, neither null. */
function testOf(operator: ComparisonOperator, type: ValueType): (a: never, b: never) => boolean {
  const equal = equalityOf(type)
  const order = orderOf(type)
  switch (operator) {
    case '=':
      return equal
    case '<>':
      return (a, b) => !equal(a, b)
    case '<':
      return (a, b) => order(a, b) < 0
    case '<=':
      return (a, b) => order(a, b) <= 0
    case '>':
      return (a, b) => order(a, b) > 0
    case '>=':
      return (a, b) => order(a, b) >= 0
  }
}
