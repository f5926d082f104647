/** Puts what came into the `expect` of tests, and leaves the rest of the file as it is. */
import { isDeepStrictEqual } from 'node:util'
import { EventStoreError } from '../../event/error.ts'
import { parseYaml } from '../../topology/read/document.ts'
import type { YamlNode } from '../../topology/read/nodes.ts'
import {
  type Difference,
  type Expected,
  type ListPart,
  listParts,
  countsOf,
  matchesFields,
  onlyNamed,
  receivedDead,
  receivedOf,
} from './expected.ts'
import { plain, type PlainRow } from './gathered.ts'
import { isRecord, type ValuePath } from './shape.ts'
import type { TopologyTest } from './test-value.ts'
import type { TrialOutcome } from './trial.ts'
import { yamlOf, yamlTextOf } from './yaml-text.ts'

export interface Edit {
  readonly path: ValuePath
  readonly value: unknown
}

/** What a test that expects nothing yet is given. */
const newFields: Readonly<Partial<Record<ListPart, readonly string[]>>> = { outputs: ['type', 'data'], webhooks: ['body'] }

/** The values to write for a test; none when all is as expected. */
export function editsOf(test: TopologyTest, differences: readonly Difference[], outcome: TrialOutcome): Edit[] {
  const at = [...test.path, 'expect']
  if (Object.keys(test.expected).length === 0) return [{ path: at, value: wholeExpect(outcome) }]
  const edits = new Map<string, Edit>()
  for (const { path } of differences)
    if (path.length > 0) edits.set(path.join('\n'), { path: [...at, ...path], value: newValue(test.expected, path, outcome) })
  return [...edits.values()]
}

function wholeExpect(outcome: TrialOutcome): Readonly<Record<string, unknown>> {
  const parts = listParts.flatMap((part): [string, unknown][] => {
    const lists = part === 'late' || part === 'suspect' ? (outcome.rows[part] ?? {}) : outcome[part]
    const named = Object.entries(lists).filter(([, { count }]) => count > 0)
    return named.length === 0 ? [] : [[part, Object.fromEntries(named.map(([name]) => [name, newList(part, [], outcome, name)]))]]
  })
  const dead = newDead([], outcome)
  return Object.fromEntries(dead.length > 0 || parts.length === 0 ? [...parts, ['dead', dead]] : parts)
}

function newValue(expected: Expected, [part, name]: ValuePath, outcome: TrialOutcome): unknown {
  if (part === 'dead') return newDead(expected.dead ?? [], outcome)
  if (part === 'steps') {
    const counts = countsOf(outcome, name as string)
    const pattern = expected.steps?.[name as string]
    return typeof pattern === 'object' ? onlyNamed({ ...counts }, { ...pattern }) : counts.out
  }
  const list = part as ListPart
  return newList(list, expected[list]?.[name as string] ?? [], outcome, name as string)
}

function newList(part: ListPart, expected: readonly PlainRow[], outcome: TrialOutcome, name: string): PlainRow[] {
  const fields = newFields[part]
  const fresh = fields && Object.fromEntries(fields.map(field => [field, null]))
  return receivedOf(outcome, part, name).map((row, index) => {
    const near = part === 'state' ? undefined : (expected[index] ?? expected.at(-1) ?? fresh)
    return expected.find(one => matchesFields(plain(one) as PlainRow, row)) ?? onlyNamed(row, near)
  })
}

function newDead(expected: readonly PlainRow[], outcome: TrialOutcome): PlainRow[] {
  const fresh = { step: null, cause: null }
  return receivedDead(outcome).map((row, index) => {
    const before = expected[index]
    // A part of the cause that still fits is kept as it was written.
    const cause =
      typeof before?.['cause'] === 'string' && String(row['cause'] as string).includes(before['cause']) ? before['cause'] : row['cause']
    const named = onlyNamed(row, before ?? expected.at(-1) ?? fresh)
    return 'cause' in named ? { ...named, cause } : named
  })
}

/** The text with values replaced or added; comments and layout elsewhere stay. INVALID when it is written so that this can not be done. */
export function updatedText(whole: string, edits: readonly Edit[], file: string): string {
  const mark = whole.startsWith('\uFEFF') ? '\uFEFF' : ''
  const text = whole.slice(mark.length)
  const { root } = parseYaml(text)
  const cuts = edits.map(edit => root && cutOf(text, root, edit)).filter(cut => cut !== undefined)
  const made = cuts
    .toSorted((a, b) => b.start - a.start)
    .reduce((now, { start, end, by }) => now.slice(0, start) + by + now.slice(end), text)
  const after = parseYaml(made)
  const isRight = after.findings.every(({ severity }) => severity !== 'error') && edits.every(edit => holds(after.value, edit))
  if (!isRight)
    throw new EventStoreError(
      'INVALID',
      `${file} is written so that its tests can not be updated in place (anchors, perhaps); do it by hand`,
      { file },
    )
  return mark + made
}

function holds(value: unknown, { path, value: wanted }: Edit): boolean {
  const found = path.reduce<unknown>((inner, part) => (inner as Record<string | number, unknown> | undefined)?.[part], value)
  return isDeepStrictEqual(plain(found), plain(wanted))
}

interface Cut {
  readonly start: number
  readonly end: number
  readonly by: string
}

function cutOf(text: string, root: YamlNode, { path, value }: Edit): Cut | undefined {
  const name = path.at(-1) as string
  const parent = nodeAt(root, path.slice(0, -1))
  if (parent?.kind !== 'map') return undefined
  const pair = parent.pairs.find(({ key }) => key.kind === 'scalar' && key.value === name)
  if (pair !== undefined) {
    const colon = text.indexOf(':', pair.key.end)
    const end = Math.max(colon + 1, lastOf(text, pair.value))
    return { start: colon + 1, end, by: valueText(value, columnOf(text, pair.key.start), parent.isFlow) }
  }
  if (parent.isFlow) {
    const comma = parent.pairs.length > 0 ? ', ' : ' '
    const end = endOfBlank(text, parent.end - 1)
    return { start: end, end, by: `${comma}${yamlTextOf(name)}: ${yamlOf(value)}` }
  }
  const last = parent.pairs.at(-1)
  const column = columnOf(text, last === undefined ? parent.start : last.key.start)
  const end = last === undefined ? parent.start : Math.max(lastOf(text, last.value), text.indexOf(':', last.key.end) + 1)
  return { start: end, end, by: `\n${' '.repeat(column)}${yamlTextOf(name)}:${valueText(value, column, false)}` }
}

function nodeAt(root: YamlNode, path: ValuePath): YamlNode | undefined {
  let node: YamlNode | undefined = root
  for (const part of path) {
    if (node?.kind === 'map') node = node.pairs.find(({ key }) => key.kind === 'scalar' && key.value === part)?.value
    else if (node?.kind === 'list') node = node.items[part as number]
    else return undefined
  }
  return node
}

/** Where a value really ends: the blank lines and line end behind a block belong to what follows. */
function lastOf(text: string, node: YamlNode): number {
  return endOfBlank(text, node.end)
}

function endOfBlank(text: string, end: number): number {
  while (end > 0 && /\s/.test(text[end - 1] as string)) end--
  return end
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1)
}

/** What stands behind the colon of a key in this column. */
function valueText(value: unknown, column: number, isFlow: boolean): string {
  if (isFlow) return ` ${yamlOf(value)}`
  const indent = ' '.repeat(column + 2)
  if (Array.isArray(value) && value.length > 0) return value.map(item => `\n${indent}- ${yamlOf(item)}`).join('')
  const isBlock = isRecord(value) && Object.values(value).some(one => typeof one === 'object' && one !== null)
  if (!isBlock) return ` ${yamlOf(value)}`
  return Object.entries(value)
    .map(([name, one]) => `\n${indent}${yamlTextOf(name)}:${valueText(one, column + 2, false)}`)
    .join('')
}
