/** Checks `like` and regular expressions. Patterns that are constants are read once, and their mistakes are said with their place. */
import { call, type Checker, type Given, isLiteral } from './checker.ts'
import { refuseQuoted } from './check-columns.ts'
import { fault } from './fault.ts'
import { likeMatcher, matchesLike } from './like.ts'
import { PatternFault } from './regex-pattern.ts'
import { regexOf } from './regex.ts'
import type { Syntax } from './syntax.ts'
import type { Node } from './tree.ts'
import type { ValueType } from './types.ts'

type Of<Kind extends Syntax['kind']> = Extract<Syntax, { kind: Kind }>

const not = (node: Node, isNot: boolean): Node => (isNot ? { kind: 'not', type: 'boolean', of: node } : node)

export function checkLike(syntax: Of<'like'>, checker: Checker): Node {
  refuseQuoted(checker, syntax.pattern)
  const text = checker.check(syntax.of)
  const pattern = checker.check(syntax.pattern)
  const escape = syntax.escape === undefined ? undefined : checker.check(syntax.escape)
  return not(like(text, pattern, { escape, ignoresCase: syntax.ignoresCase, checker }), syntax.isNot)
}

interface LikeParts {
  readonly escape: Given | undefined
  readonly ignoresCase: boolean
  readonly checker: Checker
}

function like(text: Given, pattern: Given, { escape, ignoresCase, checker }: LikeParts): Node {
  const of = checker.fit(text, 'text', 'like compares texts')
  const name = ignoresCase ? 'ilike' : 'like'
  const sign = escape === undefined ? '\\' : escapeOf(escape, checker)
  if (!isLiteral(pattern.node)) {
    const run = (value: string, form: string): boolean => matchesLike(value, form, { escape: sign, ignoresCase })
    return call(name, 'boolean', run, [of, checker.fit(pattern, 'text', 'a pattern is a text')])
  }
  try {
    const matches = likeMatcher((pattern.node as { value: unknown }).value as string, { escape: sign, ignoresCase })
    return call(name, 'boolean', matches, [of])
  } catch (error) {
    throw fault(checker.text, pattern.syntax.span, (error as Error).message)
  }
}

function escapeOf(given: Given, checker: Checker): string {
  const { node, syntax } = given
  const value = isLiteral(node) ? ((node as { value: unknown }).value as string) : undefined
  if (value === undefined || Array.from(value).length > 1) checker.fail(syntax.span, "escape takes one character in quotes, or '' for none")
  return value
}

/** `~~` is like and `~` a regular expression; `!` in front is not, `*` behind ignores case. */
export function checkMatch(syntax: Of<'binary'>, left: Given, right: Given, checker: Checker): Node {
  const { operator } = syntax
  const ignoresCase = operator.endsWith('*')
  if (operator.includes('~~')) return not(like(left, right, { escape: undefined, ignoresCase, checker }), operator.startsWith('!'))
  if (!isLiteral(right.node))
    checker.fail(right.syntax.span, 'the pattern of a regular expression must be a text in quotes, for it is read only once')
  const of = checker.fit(left, 'text', `${operator} looks into texts`)
  try {
    const regex = regexOf((right.node as { value: unknown }).value as string, { ignoresCase, asks: 'found' })
    return not(
      call('~', 'boolean', (text: string) => regex.test(text), [of]),
      operator.startsWith('!'),
    )
  } catch (error) {
    if (!(error instanceof PatternFault)) throw error
    return checker.failInText(right.syntax, error.at, error.message)
  }
}

/** The test of `x like any (patterns)`. */
export function elementMatcher(
  syntax: Of<'quantified'>,
  left: Given,
  element: ValueType,
  checker: Checker,
): { node: Node; test: (left: never, element: never) => boolean } {
  const { operator, sign } = syntax
  if (!operator.includes('~~')) checker.fail(sign, 'the pattern of a regular expression must be a text in quotes, for it is read only once')
  if (element !== 'text') checker.fail(syntax.array.span, 'patterns are texts')
  const ignoresCase = operator.endsWith('*')
  const test = (text: string, pattern: string): boolean =>
    matchesLike(text, pattern, { escape: '\\', ignoresCase }) !== operator.startsWith('!')
  return { node: checker.fit(left, 'text', 'like compares texts'), test }
}
