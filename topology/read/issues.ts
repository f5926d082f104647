/** What the checker of topologies says, put where it stands in the file. */
import { operators } from '../../operators/index.ts'
import type { OptionSpec } from '../../operators/operator.ts'
import type { Issue, OptionPath } from '../issue.ts'
import { inOrderSpec } from '../check-in-order.ts'
import { optionMeant } from '../operator-words.ts'
import { isObject } from '../proof.ts'
import { bareDuration, type Warning } from '../warnings.ts'
import type { Rule } from './finding.ts'
import { isBooleanWord, type Reading, valueAt } from './reading.ts'
import { ruleOf } from './rule-of.ts'
import { type ReadStep, spotKey } from './step.ts'
import { parentOf } from './steps.ts'
import type { PlacePart } from './tree.ts'

const rootPaths: Readonly<Record<string, string>> = { name: 'topology' }

/** Notes the issues of a topology that was read; what follows from a mistake that was said already is left out. */
export function placeIssues(reading: Reading, issues: readonly Issue[], steps: readonly ReadStep[]): void {
  const byId = new Map(steps.map(step => [step.id, step]))
  const byStep = Map.groupBy(issues, ({ step }) => step)
  const doubtful = doubtfulSteps(reading, steps, issues)
  for (const issue of issues) {
    const step = issue.step === undefined ? undefined : byId.get(issue.step)
    if (step !== undefined) stepIssue(reading, issue, { step, isDoubtful: doubtful.has(step.id), others: byStep.get(step.id) ?? [] })
    else if (issue.step !== undefined) sourceIssue(reading, issue.step, issue)
    else {
      const [first = ''] = issue.path
      const path = [rootPaths[first] ?? first]
      const isThere = valueAt(reading.document.value, path) !== undefined
      // What is missing was said where it was read.
      if (isThere) reading.say(path, ruleOf(issue.message), { message: issue.message })
    }
  }
}

/** Notes what is hardly meant. */
export function placeWarnings(reading: Reading, warnings: readonly Warning[], steps: readonly ReadStep[]): void {
  const byId = new Map(steps.map(step => [step.id, step]))
  for (const warning of warnings) {
    const { rule, message, path } = warning
    const step = byId.get(warning.step ?? '')
    const { path: at, part } =
      step === undefined ? { path: sourcePath(reading, warning.step ?? '', path), part: {} } : spotOf(step, warning)
    // A value that is read from a column or a call stands where that is written.
    reading.warn(at, rule, { message, key: false, ...part })
  }
  for (const key of ['epoch', 'tick']) {
    const length = valueAt(reading.document.value, [key])
    if (typeof length === 'number') reading.warn([key], 'bare-duration', { message: bareDuration(length), key: false })
  }
}

/** Where the part of a source stands: types and categories may be written in short. */
function sourcePath(reading: Reading, id: string, [first = '', ...rest]: OptionPath): OptionPath {
  const source = ['sources', id]
  if (first === 'id') return source
  if (first !== 'types' && first !== 'categories') return [...source, first, ...rest]
  const follow = valueAt(reading.document.value, [...source, 'follow'])
  return [...source, 'follow', ...(isObject(follow) ? [first] : []), ...(typeof follow === 'string' ? [] : rest)]
}

function sourceIssue(reading: Reading, id: string, { path, message }: Issue): void {
  const [first] = path
  const at = sourcePath(reading, id, path)
  const type = first === 'fields' ? valueAt(reading.document.value, at) : undefined
  const other = typeof type === 'string' && Object.hasOwn(otherTypes, type) ? `; did you mean ${otherTypes[type]}?` : ''
  reading.say(at, ruleOf(message), { message: message + other, key: first === 'id' })
}

/** What other programs call the types of columns. */
const otherTypes: Readonly<Record<string, string>> = {
  string: 'text',
  varchar: 'text',
  int: 'integer',
  bigint: 'integer',
  long: 'integer',
  float: 'number',
  double: 'number',
  numeric: 'number',
  bool: 'boolean',
  date: 'timestamp',
  datetime: 'timestamp',
  timestamptz: 'timestamp',
  object: 'json',
  array: 'json',
  jsonb: 'json',
}

/** Steps behind one that is wrong: what is known of their rows is not to be trusted. */
function doubtfulSteps(reading: Reading, steps: readonly ReadStep[], issues: readonly Issue[]): ReadonlySet<string> {
  const wrong = new Set(issues.flatMap(({ step }) => step ?? []))
  const doubtful = new Set<string>()
  for (const { id, from, isBroken, path } of steps) {
    const isWrongHere = isBroken || reading.isBlamed([...path, 'from']) || from.length === 0
    if (isWrongHere || from.some(({ step }) => doubtful.has(step) || wrong.has(step))) doubtful.add(id)
  }
  return doubtful
}

interface StepScene {
  readonly step: ReadStep
  readonly isDoubtful: boolean
  /** All issues of the step. */
  readonly others: readonly Issue[]
}

function stepIssue(reading: Reading, issue: Issue, { step, isDoubtful, others }: StepScene): void {
  const { path, message } = issue
  const rule = ruleOf(message)
  if (path[0] === 'from' && rule !== 'unknown-key') return fromIssue(reading, issue, step)
  if (path[0] === 'operator' && rule === 'unknown-operator') return
  if (path[0] === 'id' && rule === 'bad-name') {
    const at = step.isUnderSinks ? step.path : [...step.path, 'id']
    return reading.say(at, rule, { message, key: step.isUnderSinks })
  }
  // Whether the rows have a time and a key is known of right steps only.
  if (step.isBroken || (isDoubtful && /\b(?:eventTime|keyBy)\b/.test(message))) return
  if (rule === 'missing-key' && isSaidElsewhere(reading, issue, { step, others })) return
  if (path[0] === 'inOrder' && rule !== 'unknown-key') return inOrderIssue(reading, issue, step)
  const spot = spotOf(step, issue)
  const table = step.spots.get(spotKey(path.slice(0, 1)))
  // What is wrong with a table was said where it stands.
  if (table?.isTable === true && (reading.isSaid(message) || reading.isBlamed(table.path))) return
  const spec = specAt(operators[step.operator]?.spec.options ?? {}, path)
  const value = valueAt(step.options, path)
  const said =
    rule === 'unknown-key'
      ? unknownOption(step, path, message)
      : { rule, message: rule === 'wrong-type' ? message + valueHint(spec, value) : message }
  const isExpression = issue.offset !== undefined && said.rule === 'bad-option'
  const part = { ...(spec?.type === 'template' && templatePart(value, message)), ...spot.part }
  const key = path.length === 0 || rule === 'unknown-key' || (rule === 'missing-key' && part.offset === undefined)
  reading.say(spot.path, isExpression ? 'expression' : said.rule, { message: said.message, ...(key ? { key } : part) })
}

/** It stands beside the operator. */
function inOrderIssue(reading: Reading, { path, message }: Issue, step: ReadStep): void {
  const rule = ruleOf(message)
  const hint = rule === 'wrong-type' ? valueHint(inOrderSpec, step.inOrder) : ''
  reading.say([...step.path, ...path], rule, { message: message + hint, ...(rule === 'bad-option' && { key: true }) })
}

/** A missing option that stands elsewhere, or under a name that is almost right. */
function isSaidElsewhere(reading: Reading, { path, message }: Issue, { step, others }: Pick<StepScene, 'step' | 'others'>): boolean {
  const name = /^option (\S+) is missing/.exec(message)?.[1]?.split('.').at(-1) ?? ''
  if (reading.isBlamed([...step.path, name])) return true
  return others.some(other => {
    if (ruleOf(other.message) !== 'unknown-key') return false
    if (optionMeant(String(other.path.at(-1)), { [name]: true }) === name) return true
    return other.path.at(-1) === name || (other.path.length === path.length + 1 && other.message.includes(`did you mean ${name}?`))
  })
}

/** The column of a template that is to blame. */
function templatePart(value: unknown, message: string): PlacePart {
  const fields = typeof value === 'string' ? [...value.matchAll(/\{([^{}]+)\}/g)] : []
  const found = fields.find(([, name = '']) => message.startsWith(`there is no column ${name}`))
  return found === undefined ? {} : { offset: found.index + 1, length: found[0].length - 2 }
}

function fromIssue(reading: Reading, { path, message }: Issue, step: ReadStep): void {
  const index = path[1]
  const target = typeof index === 'number' ? step.from[index] : undefined
  const from = [...step.path, 'from']
  // What can not be told was said where it was read, and of a wrong step nobody knows the ports.
  if (target === undefined || reading.isBlamed(from)) return
  const written = valueAt(reading.document.value, from)
  const at =
    written === undefined
      ? step.isUnderSinks
        ? step.path
        : [...step.path, 'id']
      : Array.isArray(written)
        ? [...from, index as number]
        : from
  reading.say(at, 'bad-from', { message })
}

/** Where an option stands in the file, and which part of its text is meant. */
function spotOf(step: ReadStep, { path, message, offset, length }: Issue): { path: OptionPath; part: PlacePart } {
  const part = { ...(offset !== undefined && { offset }), ...(length !== undefined && { length }) }
  const operator = [...step.path, step.operator]
  // An aggregate's expression is told by the aggregate, its condition by its place.
  const of = offset === undefined ? undefined : step.spots.get(spotKey(path.at(-1) === 'where' ? path : [...path, 'of']))
  if (of?.part !== undefined) return { path: of.path, part: { ...part, offset: of.part.offset + (offset ?? 0) } }
  const isOf = offset !== undefined && isObject(valueAt(step.options, path))
  if (isOf) return { path: [...operator, ...path, 'of'], part }
  for (let known = path.length; known > 0; known--) {
    const spot = step.spots.get(spotKey(path.slice(0, known)))
    if (spot === undefined) continue
    // Of a table by its name only what is in it stands elsewhere.
    if (spot.isTable === true && known === path.length) return { path: [...operator, ...path], part }
    return { path: [...spot.path, ...path.slice(known)], part: { ...spot.part, ...part } }
  }
  const isOfName = ['unknown-aggregate', 'missing-key'].includes(ruleOf(message))
  const name = isOfName ? step.spots.get(spotKey([...path, 'aggregate'])) : undefined
  return name === undefined ? { path: [...operator, ...path], part } : { path: name.path, part: { ...name.part, ...part } }
}

/** The spec of the option at a path, through groups. */
function specAt(options: Readonly<Record<string, OptionSpec>>, path: OptionPath): OptionSpec | undefined {
  const [first, ...rest] = path
  const spec = typeof first === 'string' && Object.hasOwn(options, first) ? options[first] : undefined
  return spec === undefined || rest.length === 0 ? spec : specAt(spec.options ?? {}, rest)
}

/** A name that is no option there: it belongs elsewhere, or nowhere. */
function unknownOption({ operator }: ReadStep, path: OptionPath, message: string): { rule: Rule; message: string } {
  const name = String(path.at(-1))
  const spec = operators[operator]?.spec
  if (name === 'id' || name === 'from' || name === 'inOrder')
    return { rule: 'misplaced-key', message: `\`${name}\` belongs beside \`${operator}\`, not under it` }
  const parent = spec && parentOf(name, spec.options, operator)
  if (parent !== undefined) return { rule: 'misplaced-key', message: `\`${name}\` belongs under \`${parent}\`` }
  if (spec !== undefined && name !== 'main' && Object.hasOwn(spec.ports, name))
    return {
      rule: 'misplaced-key',
      message: `rows leave ${operator} by the port ${name}; take them where they are wanted: from: ID.${name}`,
    }
  const option = spec && optionMeant(name, spec.options)
  if (option !== undefined) return { rule: 'misplaced-key', message: `write ${option} for that; ${operator} has no option ${name}` }
  const habit = isBooleanWord(name) ? ', which YAML 1.1 takes for true or false' : ''
  return { rule: 'unknown-key', message: message.replace(/(?=;| \(|$)/, habit) }
}

/** `a, b desc` as the list that is meant. */
function asList(text: string, isOrder: boolean): string {
  const items = text.split(',').flatMap(item => {
    const [, name = '', direction] = /^\s*(\S+)\s+(asc|desc)\s*$/i.exec(item) ?? []
    if (direction === undefined) return item.trim().split(/\s+/)
    return isOrder && /desc/i.test(direction) ? `-${name}` : name
  })
  return `[${items.join(', ')}]`
}

/** What was probably meant by a value of another type. */
function valueHint(spec: OptionSpec | undefined, value: unknown): string {
  if (spec === undefined) return ''
  const isText = typeof value === 'string'
  if (spec.type === 'boolean' && isText && isBooleanWord(value)) return `; YAML 1.2 reads ${value} as a text`
  if (spec.type === 'duration' && isText && /^\d+(?::\d\d)+$/.test(value)) return `; YAML 1.2 reads ${value} as a text: write 90s or 90m`
  if (spec.type === 'number' && isText && /^[-+]?\d+(?:\.\d+)?$/.test(value)) return '; leave the quotes away'
  if (['text', 'template', 'field', 'choice'].includes(spec.type) && ['number', 'boolean'].includes(typeof value))
    return '; put it in quotes'
  if (spec.type === 'group') return `; write { ${Object.keys(spec.options ?? {}).join(': …, ')}: … }`
  if (['list', 'texts', 'order', 'fields', 'columns'].includes(spec.type) && isText && value !== '')
    return `; a list is written ${asList(value, spec.type === 'order')}`
  return ''
}
