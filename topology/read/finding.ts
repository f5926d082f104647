/** What is wrong with a file, and where: a sentence for people, a stable rule for programs, line and column for editors. */

/** Every rule with what it means; the ids are stable, so that a linter's settings and reports can name them. */
export const rules = {
  'yaml-syntax': 'The text is not YAML.',
  tab: 'A tab stands where YAML allows blanks only.',
  'comma-in-flow': 'A comma or bracket of an expression ended a value inside { } or [ ]; the expression needs quotes.',
  'hash-in-value': 'A # behind a blank began a comment in the middle of a value; the value needs quotes.',
  'missing-blank': 'A colon without a blank behind it does not end a key.',
  'size-limit': 'The text is larger than a file may be.',
  'depth-limit': 'Values are nested deeper than they may be.',
  'alias-limit': 'Aliases (*name) stand for more values than they may.',
  alias: 'An alias names an anchor that is not there, or that it stands inside of.',
  tag: 'A tag (!name) asks for a type that is not part of the YAML we read.',
  'merge-key': 'The merge key << is not part of YAML 1.2.',
  directive: 'A %directive other than %YAML 1.2.',
  'several-documents': 'A file holds one document.',
  'duplicate-key': 'A key stands twice in one mapping.',
  'bad-key': 'A key is empty, or no text.',
  'boolean-key': 'Warning: readers of YAML 1.1 take the key for true or false.',
  'bad-character': 'A character that is not text.',
  'bad-number': 'A number that can not be kept as it is written.',
  'empty-file': 'The file holds nothing.',
  'wrong-type': 'A value is of another type, or not one of those allowed.',
  'unknown-key': 'There is no such key or option here.',
  'misplaced-key': 'A key that belongs somewhere else.',
  'missing-key': 'A key or option that must be there is not.',
  'missing-value': 'A key has nothing behind its colon.',
  'unknown-operator': 'There is no such operator.',
  'missing-operator': 'A step or sink names no operator.',
  'two-operators': 'A step or sink names more than one operator.',
  'not-a-sink': 'What stands under sinks gives rows on, so it is a step.',
  'duplicate-id': 'Two sources, steps or sinks have one name.',
  'bad-name': 'A name or id holds what it may not.',
  'missing-from': 'It does not say where its rows come from, and there is no one step that is meant.',
  'unknown-from': 'It takes from a step or source that is not there.',
  'from-later': 'It takes from a step that stands below it.',
  cycle: 'Steps take from each other in a circle.',
  'bad-from': 'The step it takes from gives no rows there: it is a sink, or has no such port.',
  'unknown-table': 'There is no table of that name.',
  'unknown-aggregate': 'There is no such aggregate.',
  aggregate: 'An aggregate is not written as one call.',
  'unknown-column': 'There is no such column at this step.',
  expression: 'An expression can not be read, or its types do not fit.',
  'bad-option': 'The operator objects to its options, or to the columns that come in.',
  'no-event-time': 'The operator needs an event time, and no eventTime stands before it.',
  guarantee: 'The sink can not keep what the topology promises.',
  wildcard: 'Warning: a type or category to follow looks like a pattern; they are compared as they are.',
  'follows-itself': 'Warning: the topology follows what it appends, so that it may run for ever.',
  'bare-duration': 'Warning: a length of time without a unit, which is taken for milliseconds.',
  'foreign-template': 'Warning: a text has ${NAME} or {{NAME}} where a column is written {NAME}.',
  'quoted-column': 'Warning: what stands in double quotes is a column nobody declared; a text stands in single quotes.',
  'key-without-window': 'Warning: a projection of windows by a key that does not say which window.',
  'unused-step': 'Warning: nobody takes the rows of a step.',
  'unused-source': 'Warning: nobody takes the rows of a source.',
  'unused-table': 'Warning: no step looks anything up in a table.',
  'no-sink': 'Warning: the topology has no sink, so nothing comes of it.',
} as const satisfies Readonly<Record<string, string>>

export type Rule = keyof typeof rules

/** Counted from 1, as editors do; columns and lengths are UTF-16 code units. A length ends with its line. */
export interface TextPlace {
  readonly line: number
  readonly column: number
  readonly length: number
}

export interface Finding extends TextPlace {
  readonly severity: 'error' | 'warning'
  /** `steps[2].tumble.size`; empty for the file as a whole. */
  readonly path: string
  readonly rule: Rule
  readonly message: string
}

/** By place; what was said twice once, and no warning where there is an error. */
export function sortedFindings(findings: readonly Finding[]): readonly Finding[] {
  const sorted = findings.toSorted((a, b) => a.line - b.line || a.column - b.column || (a.severity < b.severity ? -1 : 1))
  const seen = new Set<string>()
  return sorted.filter(({ line, column, severity, message }) => {
    const place = `${line}:${column}`
    const isNew = !seen.has(`${place} ${message}`) && !(severity === 'warning' && seen.has(place))
    seen.add(place).add(`${place} ${message}`)
    return isNew
  })
}
