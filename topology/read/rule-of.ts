/** Which rule a sentence of the checker is of: the checker says what is wrong, and rules are of files. */
import type { Rule } from './finding.ts'

const beginnings: readonly (readonly [pattern: RegExp, rule: Rule])[] = [
  [/^there is no option /, 'unknown-key'],
  [/^option \S+ is missing/, 'missing-key'],
  [/^there is no column /, 'unknown-column'],
  [/^there is no aggregate /, 'unknown-aggregate'],
  [/^there is no operator /, 'unknown-operator'],
  [/needs an event time|no eventTime stands before/, 'no-event-time'],
  [/^its (?:name|id) must be /, 'bad-name'],
  [/ is taken by another /, 'duplicate-id'],
  [/ asks for exactlyOnce$/, 'guarantee'],
  [/^(?:option \S+|its version|guarantee|epoch|tick|types|categories|fields|the type of .*|what it generates) must be /, 'wrong-type'],
  [/ is not a duration such as /, 'wrong-type'],
  [/ must be an object$/, 'wrong-type'],
  [/^it has no source/, 'missing-key'],
]

export function ruleOf(message: string): Rule {
  return beginnings.find(([pattern]) => pattern.test(message))?.[1] ?? 'bad-option'
}
