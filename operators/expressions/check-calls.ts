/** Checks calls: finds the function by the types of its arguments, and says why some do not exist. */
import { asText, asType } from './check-arrays.ts'
import { type Checker, type Given, isLiteral, isNull, typeWord } from './checker.ts'
import { arrayType, elementOf, isArrayType } from './compare.ts'
import { functions, type KnownFunction } from './functions/index.ts'
import type { ParameterType, Run } from './functions/spec.ts'
import { hint } from './hint.ts'
import { reasonAgainstFunction } from './refused.ts'
import type { Syntax } from './syntax.ts'
import type { Node } from './tree.ts'
import type { ValueType } from './types.ts'

type CallSyntax = Extract<Syntax, { kind: 'call' }>
type Special = (syntax: CallSyntax, args: readonly Given[], checker: Checker) => Node

/** Calls that do not look at all their arguments, or take any type. */
const specials: Readonly<Record<string, { readonly least: number; readonly most: number; readonly check: Special }>> = {
  coalesce: {
    least: 1,
    most: Infinity,
    check(_, args, checker) {
      const { type, nodes } = checker.unified(args, 'the values of coalesce must have one type')
      return { kind: 'coalesce', type, items: nodes }
    },
  },
  greatest: { least: 1, most: Infinity, check: extreme },
  least: { least: 1, most: Infinity, check: extreme },
  nullif: {
    least: 2,
    most: 2,
    check(_, args, checker) {
      const { type, nodes } = checker.unified(args, 'can not compare')
      const [value, other] = nodes as [Node, Node]
      const slot = checker.slot()
      const ref: Node = { kind: 'ref', type, slot }
      const when: Node = { kind: 'compare', type: 'boolean', operator: '=', by: type, left: ref, right: other }
      const body: Node = { kind: 'case', type, branches: [{ when, value: { kind: 'constant', type, value: null } }], otherwise: ref }
      return { kind: 'let', type, slot, value, body }
    },
  },
}

function extreme(syntax: CallSyntax, args: readonly Given[], checker: Checker): Node {
  const { type, nodes } = checker.unified(args, `the values of ${syntax.name} must have one type`)
  if (type.startsWith('json')) checker.fail(syntax.span, 'json has no order')
  return { kind: 'extreme', type, operator: syntax.name as 'greatest', items: nodes }
}

/** Names of all that can be called, for hints. */
export const callable: readonly string[] = [...functions.keys(), ...Object.keys(specials), 'extract', 'position', 'overlay']

export function checkCall(syntax: CallSyntax, checker: Checker): Node {
  const { name, nameSpan } = syntax
  const special = Object.hasOwn(specials, name) ? specials[name] : undefined
  if (special !== undefined) {
    const count = syntax.args.length
    if (count < special.least || count > special.most)
      checker.fail(syntax.span, `${name} takes ${special.most === 2 ? 'two values' : 'at least one value'}, not ${count}`)
    return special.check(
      syntax,
      syntax.args.map(arg => checker.check(arg)),
      checker,
    )
  }
  const forms = functions.get(name)
  if (forms === undefined) checker.fail(nameSpan, reasonAgainstFunction(name) ?? `there is no function ${name}${hint(name, callable)}`)
  const args = syntax.args.map(arg => checker.check(arg))
  const form = chosen(syntax, forms, args, checker)
  return made(form, runOf(form, syntax, args, checker), args, checker)
}

/** What the function does; made for its constants where it is made so. */
function runOf(form: KnownFunction, syntax: CallSyntax, args: readonly Given[], checker: Checker): Run {
  if (form.bind === undefined) return form.run as Run
  const constants = args.map(({ node }) => (node.kind === 'constant' ? node.value : undefined))
  return form.bind(constants, (index, sentence, at) => {
    const blamed = args[index]?.syntax ?? syntax
    return at === undefined ? checker.fail(blamed.span, sentence) : checker.failInText(blamed, at, sentence)
  })
}

function countOf(form: KnownFunction, count: number): boolean {
  return count >= form.form.least && (form.form.isOpen || count <= form.form.parameters.length)
}

function parameterAt({ form }: KnownFunction, index: number): ParameterType {
  return form.parameters[Math.min(index, form.parameters.length - 1)] as ParameterType
}

/** The form that needs the least change of types; the first of those that need the same. */
function chosen(syntax: CallSyntax, forms: readonly KnownFunction[], args: readonly Given[], checker: Checker): KnownFunction {
  const fitting = forms.filter(form => countOf(form, args.length))
  const written = forms.map(({ signature }) => signature.replace(/ → .*/, '')).join(', ')
  if (fitting.length === 0) checker.fail(syntax.span, `${checker.quote(syntax.nameSpan)} takes other arguments: ${written}`)
  const costs = fitting.map(form => args.reduce((sum, given, index) => sum + costOf(given, parameterAt(form, index)), 0))
  const least = Math.min(...costs)
  const best = fitting[costs.indexOf(least)] as KnownFunction
  if (least !== Infinity) return best
  if (fitting.length > 1) {
    const types = args.map(({ node }) => (isLiteral(node) ? 'text' : node.type)).join(', ')
    checker.fail(syntax.span, `there is no ${checker.quote(syntax.nameSpan)} of (${types}); there are: ${written}`)
  }
  return best
}

/** Which of several forms a value takes that nobody declared. */
const costOfAny: Readonly<Record<string, number>> = { number: 2, timestamp: 2, integer: 4, text: 5 }

function costOf({ node }: Given, parameter: ParameterType): number {
  if (parameter === 'shown' || parameter === 'value' || parameter === node.type || isNull(node)) return 0
  if (isLiteral(node)) return parameter === 'array' || parameter === 'texts' ? Infinity : parameter === 'text' ? 0 : 3
  if (parameter === 'element') return 0
  if (parameter === 'array' || parameter === 'texts') return isArrayType(node.type) ? 0 : node.type === 'any' ? 2 : Infinity
  if (node.type === 'integer' && parameter === 'number') return 1
  if (node.type === 'any') return costOfAny[parameter] ?? 3
  if (parameter === 'json[]' && isArrayType(node.type)) return 1
  return Infinity
}

function made(form: KnownFunction, run: Run, args: readonly Given[], checker: Checker): Node {
  const array = arrayOf(form, args, checker)
  const nodes = args.map((given, index) => {
    const parameter = parameterAt(form, index)
    if (parameter === 'shown') return asText(given, checker)
    if (parameter === 'value') return asType(given, 'json', checker)
    if (parameter === 'texts') return asType(given, 'text[]', checker)
    const type = typeOfParameter(parameter, array)
    return checker.fit(given, type, `${form.form.name} takes ${typeWord(type)} here`)
  })
  const { result } = form.form
  const type = typeOfParameter(result, array)
  return {
    kind: 'call',
    name: form.form.name,
    type,
    run,
    args: nodes,
    takesNulls: form.takesNulls === true,
    mayBeNull: form.mayBeNull === true,
  }
}

function typeOfParameter(parameter: ParameterType, array: ValueType): ValueType {
  if (parameter === 'array') return array
  return parameter === 'element' ? elementOf(array) : (parameter as ValueType)
}

/** Which array a form with `array` and `element` is given. */
function arrayOf(form: KnownFunction, args: readonly Given[], checker: Checker): ValueType {
  const at = (wanted: ParameterType): Given | undefined => args.find((_, index) => parameterAt(form, index) === wanted)
  const given = at('array')
  if (given === undefined || isArrayType(given.node.type)) return given?.node.type ?? 'json[]'
  const element = at('element')
  const type = element === undefined ? 'any' : checker.shared([element])
  return arrayType(type ?? 'any')
}
