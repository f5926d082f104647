/** Checks operators of JSON: `->`, `->>`, `#>`, `#>>`, `?`, `?|`, `?&`. */
import { call, type Checker, type Given, typeWord } from './checker.ts'
import { plainText } from './json.ts'
import { hasName, stepInto, wayInto } from './json-operators.ts'
import type { Syntax } from './syntax.ts'
import type { Node } from './tree.ts'

type Binary = Extract<Syntax, { kind: 'binary' }>
type List = readonly unknown[]

export const jsonOperators: ReadonlySet<string> = new Set(['->', '->>', '#>', '#>>', '?', '?|', '?&'])

const stepText = (value: unknown, key: unknown): unknown => plainText(stepInto(value, key))
const wayText = (value: unknown, path: List): unknown => plainText(wayInto(value, path))
const hasOne = (value: unknown, names: List): boolean => names.some(name => typeof name === 'string' && hasName(value, name))
const hasAll = (value: unknown, names: List): boolean => names.every(name => typeof name !== 'string' || hasName(value, name))

export function checkJson(syntax: Binary, left: Given, right: Given, checker: Checker): Node {
  const { operator } = syntax
  const of = checker.fit(left, 'json', `${operator} looks into json`)
  const isText = operator.endsWith('>>')
  const found = (run: (value: never, key: never) => unknown, key: Node): Node => ({
    ...call(operator, isText ? 'text' : 'json', run, [of, key]),
    mayBeNull: true,
  })
  if (operator === '->' || operator === '->>') {
    const { type } = right.node
    if (type === 'number') checker.fail(right.syntax.span, 'elements of a list are counted in whole numbers')
    const key =
      type === 'integer' || type === 'any'
        ? right.node
        : checker.fit(right, 'text', `behind ${operator} stands a name or a number, not ${typeWord(type)}`)
    return found(isText ? stepText : stepInto, key)
  }
  if (operator === '#>' || operator === '#>>') return found(isText ? wayText : wayInto, checker.fit(right, 'text[]'))
  if (operator === '?') return call('?', 'boolean', hasName, [of, checker.fit(right, 'text')])
  return call(operator, 'boolean', operator === '?|' ? hasOne : hasAll, [of, checker.fit(right, 'text[]')])
}
