/** Findings of `lint`: those of the reader of topologies, and those that only files beside the topology can tell. */
import { pathText } from '../../topology/issue.ts'
import { type Finding, rules as topologyRules, type TextPlace } from '../../topology/read/finding.ts'
import type { ShapeIssue } from './shape.ts'

const fileRules = {
  'missing-module': 'A module that a topology names can not be imported.',
  'missing-export': 'A module has no export of the name that a topology gives.',
  'missing-table': 'The file of a table can not be read.',
  'table-column': 'A table has no such column.',
  module: 'A module exports no topology, or one with a mistake.',
  'test-file': 'A test is not of the shape of tests, or names what the topology does not have.',
} as const satisfies Readonly<Record<string, string>>

/** Every rule with what it means; the ids are stable. */
export const lintRules: Readonly<Record<string, string>> = { ...topologyRules, ...fileRules }

export type LintRule = Finding['rule'] | keyof typeof fileRules

/** A finding of any rule.  */
export interface LintFinding extends Omit<Finding, 'rule'> {
  readonly rule: LintRule
}

/** Gives places of parts of a text; a part that is not there has the place of what it would stand in. */
interface PlacedText {
  placeOf(path: readonly (string | number)[], part: { readonly key: boolean }): TextPlace
}

export function placedFinding(
  document: PlacedText,
  rule: LintRule,
  { path, message, severity = 'error', isName = false }: ShapeIssue,
): LintFinding {
  return { severity, ...document.placeOf(path, { key: isName }), path: pathText(path), rule, message }
}

/** Where no part of the text can be blamed. */
export function wholeFileFinding(rule: LintRule, message: string, severity: LintFinding['severity'] = 'error'): LintFinding {
  return { severity, line: 1, column: 1, length: 0, path: '', rule, message }
}
