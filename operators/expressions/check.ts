/** Checks an expression against the columns there are: every node gets its type, and what can not be is said with its place. */
import { checkBinary, checkCompare, checkQuantified } from './check-operators.ts'
import { checkCall } from './check-calls.ts'
import { checkColumn, checkField, checkSubscript, refuseQuoted } from './check-columns.ts'
import { checkLike } from './check-patterns.ts'
import { castOf } from './casts.ts'
import { castCall } from './check-arrays.ts'
import { call, Checker, type Given, isLiteral, isNull, typeWord } from './checker.ts'
import { arrayType, isArrayType } from './compare.ts'
import { negateInterval } from './intervals.ts'
import { parse } from './parse.ts'
import type { Syntax, TypeName } from './syntax.ts'
import { boolean, type Node } from './tree.ts'
import { typeNames } from './type-names.ts'
import type { RowType, ValueType } from './types.ts'

export interface CheckedText {
  readonly node: Node
  readonly reads: readonly string[]
}

/** Parses and checks. INVALID with expression, offset and length. */
export function checked(text: string, row: RowType, wanted: ValueType | undefined): CheckedText {
  const syntax = parse(text)
  const checker = new Checker(text, row, checkNode)
  const given = checker.check(syntax)
  const node =
    wanted === undefined
      ? settled(given, checker)
      : checker.fit(given, wanted, wanted === 'boolean' ? 'a condition must be true or false' : undefined)
  if (node.type === 'interval' || node.type === 'interval[]')
    checker.fail(syntax.span, 'an interval can not be the value of a column; take its seconds with extract(epoch from …)')
  return { node, reads: [...checker.reads] }
}

/** A text that became nothing else is a text. */
function settled(given: Given, checker: Checker): Node {
  return isLiteral(given.node) ? checker.literal(given, 'text') : given.node
}

function checkNode(syntax: Syntax, checker: Checker): Node {
  switch (syntax.kind) {
    case 'number':
      return checkNumber(syntax.text, syntax, checker)
    case 'text':
      return { kind: 'constant', type: 'text', value: syntax.text, isLiteral: true }
    case 'boolean':
      return boolean(syntax.value)
    case 'null':
      return { kind: 'constant', type: 'any', value: null }
    case 'column':
      return checkColumn(syntax, checker)
    case 'field':
      return checkField(syntax, checker)
    case 'subscript':
      return checkSubscript(syntax, checker)
    case 'call':
      return checkCall(syntax, checker)
    case 'unary':
      return checkUnary(syntax, checker)
    case 'binary':
      return checkBinary(syntax, checker)
    case 'quantified':
      return checkQuantified(syntax, checker)
    case 'logic':
      return { kind: 'logic', type: 'boolean', operator: syntax.operator, items: syntax.items.map(item => condition(item, checker)) }
    case 'cast':
      return checkCast(syntax, checker)
    case 'is':
      return checkIs(syntax, checker)
    case 'distinct': {
      const { type, nodes } = checker.unified([checker.check(syntax.left), checker.check(syntax.right)], 'can not compare')
      return { kind: 'distinct', type: 'boolean', isNot: syntax.isNot, by: type, left: nodes[0] as Node, right: nodes[1] as Node }
    }
    case 'between':
      return checkBetween(syntax, checker)
    case 'in': {
      refuseQuoted(checker, ...syntax.items)
      const { type, nodes } = checker.unified(
        [syntax.of, ...syntax.items].map(each => checker.check(each)),
        'can not compare',
      )
      const [of, ...items] = nodes as [Node, ...Node[]]
      return negated({ kind: 'in', type: 'boolean', by: type, of, items }, syntax.isNot)
    }
    case 'like':
      return checkLike(syntax, checker)
    case 'array':
      return checkArray(syntax, checker)
    case 'case':
      return checkCase(syntax, checker)
  }
}

type Of<Kind extends Syntax['kind']> = Extract<Syntax, { kind: Kind }>

function negated(node: Node, isNot: boolean): Node {
  return isNot ? { kind: 'not', type: 'boolean', of: node } : node
}

function condition(syntax: Syntax, checker: Checker): Node {
  return checker.fit(checker.check(syntax), 'boolean')
}

function checkNumber(text: string, syntax: Syntax, checker: Checker): Node {
  const value = Number(text)
  if (/^\d+$/.test(text)) {
    if (!Number.isSafeInteger(value))
      checker.fail(syntax.span, `${text} is beyond the integers there are (±2^53); as a number it is written ${text}.0`)
    return { kind: 'constant', type: 'integer', value }
  }
  if (!Number.isFinite(value)) checker.fail(syntax.span, `${text} is beyond the numbers there are`)
  return { kind: 'constant', type: 'number', value }
}

function checkUnary(syntax: Of<'unary'>, checker: Checker): Node {
  if (syntax.operator === 'not') return negated(condition(syntax.of, checker), true)
  const given = checker.check(syntax.of)
  if (given.node.type === 'interval') return syntax.operator === '+' ? given.node : call('-', 'interval', negateInterval, [given.node])
  const type = given.node.type === 'integer' ? 'integer' : 'number'
  const of = checker.fit(given, type)
  if (syntax.operator === '+') return of
  // A sign before a number is part of it.
  if (of.kind === 'constant' && typeof of.value === 'number')
    return { kind: 'constant', type, value: type === 'integer' ? 0 - of.value : -of.value }
  return { kind: 'arithmetic', type, operator: '*', left: of, right: { kind: 'constant', type, value: -1 } }
}

function checkCast({ of: inner, type: name }: Of<'cast'>, checker: Checker): Node {
  const type = typeOf(name)
  if (type === 'interval[]') checker.fail(name, 'arrays of intervals are not known here')
  if (inner.kind === 'array' && inner.items.length === 0 && isArrayType(type)) return { kind: 'array', type, items: [] }
  const given = checker.check(inner)
  const { node } = given
  if (isNull(node)) return { kind: 'constant', type, value: null }
  if (isLiteral(node)) return checker.literal(given, type)
  const cast = castOf(node.type, type)
  if (cast === undefined) checker.fail(name, `${typeWord(node.type)} can not become ${typeWord(type)}${advice(node.type, type)}`)
  if (node.type === type) return node
  return castCall(node, type, checker.label(inner))
}

function advice(from: ValueType, to: ValueType): string {
  if (from === 'json' && to !== 'interval') return '; take a text out of it first, with ->>'
  if (from === 'interval') return '; take its seconds with extract(epoch from …)'
  if (to === 'interval') return "; multiply, as in x * interval '1 second'"
  if (from === 'boolean') return '; say case when … then 1 else 0 end'
  return to === 'boolean' ? '; compare it with something' : ''
}

export function typeOf({ name, isArray }: TypeName): ValueType {
  const scalar = typeNames.get(name) as Exclude<ValueType, 'any' | `${string}[]`>
  return isArray ? `${scalar}[]` : scalar
}

function checkIs(syntax: Of<'is'>, checker: Checker): Node {
  const { isNot, what } = syntax
  if (what === 'null') return { kind: 'isNull', type: 'boolean', isNot, of: checker.check(syntax.of).node }
  const of = condition(syntax.of, checker)
  if (what === 'unknown') return { kind: 'isNull', type: 'boolean', isNot, of }
  return { kind: 'isTruth', type: 'boolean', truth: what === 'true', isNot, of }
}

/** The value once, under a name that only the tree knows. */
function bound(given: Given, checker: Checker, body: (ref: Given) => Node): Node {
  if (given.node.kind === 'constant') return body(given)
  const slot = checker.slot()
  const ref: Node = { kind: 'ref', type: given.node.type, slot }
  const inner = body({ node: ref, syntax: given.syntax })
  return { kind: 'let', type: inner.type, slot, value: given.node, body: inner }
}

function checkBetween(syntax: Of<'between'>, checker: Checker): Node {
  const [low, high] = [checker.check(syntax.low), checker.check(syntax.high)]
  return bound(checker.check(syntax.of), checker, of => {
    const within = (from: Given, to: Given): Node => {
      const items = [checkCompare('>=', of, from, checker), checkCompare('<=', of, to, checker)]
      return { kind: 'logic', type: 'boolean', operator: 'and', items }
    }
    if (!syntax.isSymmetric) return negated(within(low, high), syntax.isNot)
    const either: Node = { kind: 'logic', type: 'boolean', operator: 'or', items: [within(low, high), within(high, low)] }
    return negated(either, syntax.isNot)
  })
}

function checkCase(syntax: Of<'case'>, checker: Checker): Node {
  if (syntax.of !== undefined) refuseQuoted(checker, ...syntax.branches.map(({ when }) => when))
  const conditions = (of: Given | undefined): readonly Node[] =>
    syntax.branches.map(({ when }) => (of === undefined ? condition(when, checker) : checkCompare('=', of, checker.check(when), checker)))
  const results = [...syntax.branches.map(({ value }) => value), ...(syntax.otherwise ? [syntax.otherwise] : [])]
  const { type, nodes } = checker.unified(
    results.map(each => checker.check(each)),
    'the branches of a case must have one type',
  )
  const otherwise: Node = syntax.otherwise ? (nodes.at(-1) as Node) : { kind: 'constant', type, value: null }
  const made = (whens: readonly Node[]): Node => ({
    kind: 'case',
    type,
    branches: whens.map((when, index) => ({ when, value: nodes[index] as Node })),
    otherwise,
  })
  return syntax.of === undefined ? made(conditions(undefined)) : bound(checker.check(syntax.of), checker, of => made(conditions(of)))
}

function checkArray(syntax: Of<'array'>, checker: Checker): Node {
  if (syntax.items.length === 0) checker.fail(syntax.span, 'an empty array needs a type: array[]::text[]')
  const { type, nodes } = checker.unified(
    syntax.items.map(each => checker.check(each)),
    'the elements of an array must have one type',
  )
  if (isArrayType(type)) checker.fail(syntax.span, 'arrays of arrays are not known here; use json')
  if (type === 'interval') checker.fail(syntax.span, 'arrays of intervals are not known here')
  return { kind: 'array', type: arrayType(type), items: nodes }
}
