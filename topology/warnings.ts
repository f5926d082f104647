/** What is right in a topology, and yet hardly meant: said once nothing is wrong. */
import { categoryOf } from '../event/stream-id.ts'
import { columnPlaces } from '../operators/expressions/expression.ts'
import type { RowType } from '../operators/expressions/types.ts'
import { isFunctionReference } from '../operators/functions.ts'
import { operators } from '../operators/index.ts'
import { templateOf } from '../operators/names.ts'
import type { Issue } from './issue.ts'
import { type OptionValue, optionValues } from './option-values.ts'
import type { Rule } from './read/finding.ts'
import { rowTypesOf } from './row-types.ts'
import type { FollowedLog, Source, Step, Topology } from './topology.ts'

export interface Warning extends Issue {
  readonly rule: Rule
}

/** Of a checked topology. */
export function topologyWarnings(topology: Topology, functionOf: (reference: string) => unknown): readonly Warning[] {
  const rows = rowTypesOf(topology, functionOf)
  return [
    ...topology.sources.flatMap(wildcards),
    ...topology.steps.flatMap(step => [
      ...optionValues(step).flatMap(value => valueWarnings(step, value, rows.get(step.id))),
      ...keyWarnings(step, topology, rows),
      ...loopWarnings(step, topology),
    ]),
  ]
}

function wildcards(source: Source): Warning[] {
  if (source.kind !== 'log') return []
  return (['types', 'categories'] as const).flatMap(kind =>
    (source[kind] ?? []).flatMap((one, index): Warning[] => {
      if (!/\*|^%|%$|(?:^|[.\-/:])[>#]$/.test(one)) return []
      const message = `${kind} are compared as they are, and ${one} is no pattern; name each of them${kind === 'types' ? ', or follow: all' : ''}`
      return [{ step: source.id, path: [kind, index], rule: 'wildcard', message }]
    }),
  )
}

function valueWarnings({ id }: Step, { type, value, path }: OptionValue, row: RowType | undefined): Warning[] {
  const say = (rule: Rule, message: string, part: Pick<Issue, 'offset' | 'length'> = {}): Warning => ({
    step: id,
    path,
    rule,
    message,
    ...part,
  })
  if (type === 'duration' && typeof value === 'number' && value > 0) return [say('bare-duration', bareDuration(value))]
  if (typeof value !== 'string') return []
  if (type === 'template') return foreignTemplates(value).map(([sentence, part]) => say('foreign-template', sentence, part))
  if (type !== 'expression' || isFunctionReference(value) || row?.isOpen !== true) return []
  return columnPlaces(value).flatMap(({ name, isQuotedWord, ...part }) => {
    if (!isQuotedWord || Object.hasOwn(row.fields, name)) return []
    return [
      say(
        'quoted-column',
        `a name in double quotes is a column, and nothing is known of ${name}; a text stands in single quotes: '${name}'`,
        part,
      ),
    ]
  })
}

/** `size: 3600` was hardly meant to be three seconds and a half. */
export function bareDuration(value: number): string {
  return `${value} is taken for milliseconds; write ${value}ms, or with the unit that is meant: 10s, 60m, 1h, 1d`
}

function foreignTemplates(text: string): (readonly [sentence: string, part: { offset: number; length: number }])[] {
  const shell = [...text.matchAll(/\$\{([^{}]+)\}/g)].map(({ 0: whole, 1: name = '', index }) => {
    return [`a template is {${name}}; the $ before it stays, as \${…} is not replaced`, { offset: index, length: whole.length }] as const
  })
  const doubled = [...text.matchAll(/(?<!\{)\{\{\s*([\p{L}_$][\p{L}\p{N}_$]*)\s*\}\}(?!\})/gu)].map(({ 0: whole, 1: name = '', index }) => {
    return [
      `a template is {${name}}; {{ and }} stand for braces, so that every row has this very text`,
      { offset: index, length: whole.length },
    ] as const
  })
  return [...shell, ...doubled]
}

const windowed: ReadonlySet<string> = new Set(['tumble', 'hop', 'cumulate', 'session'])

/** The window whose rows come to a step one by one, though others may have chosen among them or added to them. */
function windowBefore(step: Step, { steps }: Topology): Step | undefined {
  const [input, ...others] = step.from
  const before = steps.find(({ id }) => id === input?.step)
  if (before === undefined || others.length > 0) return undefined
  if (windowed.has(before.operator)) return input?.port === 'main' ? before : undefined
  // What is kept by key says itself what stands for what.
  return operators[before.operator]?.spec.kind === 'keyed' ? undefined : windowBefore(before, { steps } as Topology)
}

function keyWarnings(step: Step, topology: Topology, rows: ReadonlyMap<string, RowType>): Warning[] {
  const isOfWindows = step.operator === 'projection' && Object.hasOwn(rows.get(step.id)?.fields ?? {}, 'windowStart')
  const window = isOfWindows ? windowBefore(step, topology) : undefined
  if (window === undefined) return []
  const { key } = step.options as { readonly key: readonly string[] }
  const by = (window.options['by'] as readonly string[] | undefined) ?? rows.get(window.id)?.key ?? []
  // A column that was added on the way may well tell windows apart.
  if (!key.every(name => by.includes(name))) return []
  const message = `the key leaves out windowStart, so that there is one row for each key: later windows of ${window.id} overwrite earlier ones`
  return [{ step: step.id, path: ['key'], rule: 'key-without-window', message }]
}

interface Written {
  /** Undefined when it is not the same for all rows. */
  readonly type: string | undefined
  readonly category: string | undefined
}

function loopWarnings(step: Step, { sources, steps }: Topology): Warning[] {
  if (step.operator !== 'append') return []
  const { stream, type } = step.options as { readonly stream: string; readonly type: string }
  const written = { type: templateOf(type).fields.length === 0 ? type : undefined, category: categoryWritten(stream) }
  const source = sources.find(one => one.kind === 'log' && isFollowed(one, written, comesThrough(one.id, step, steps)))
  if (source === undefined) return []
  const message = `the source ${source.id} follows what is appended here: it follows what it writes and will run for ever; follow only what others append`
  return [{ step: step.id, path: ['type'], rule: 'follows-itself', message }]
}

function isFollowed({ types, categories }: FollowedLog, { type, category }: Written, isUnfiltered: boolean): boolean {
  // Of all types some step may choose those that nobody appends.
  const isOfType = types === undefined ? isUnfiltered : type !== undefined && types.includes(type)
  return isOfType && (categories === undefined || (category !== undefined && categories.includes(category)))
}

/** Operators through which a row goes on whatever it holds. */
const passing: ReadonlySet<string> = new Set(['map', 'select', 'rename', 'drop', 'eventTime', 'keyBy', 'merge', 'tap', 'format'])

/** Every row of the source comes to the step. */
function comesThrough(source: string, { from }: Step, steps: readonly Step[]): boolean {
  return from.some(({ step: id, port }) => {
    const before = steps.find(one => one.id === id)
    if (before === undefined) return id === source
    return port === 'main' && passing.has(before.operator) && comesThrough(source, before, steps)
  })
}

/** The category of the streams that a template makes, when it is the same for all rows. */
function categoryWritten(stream: string): string | undefined {
  const column = '\0'
  const category = categoryOf(stream.replace(/\{\{|\}\}/g, '').replace(/\{[^{}]*\}/g, column))
  return category.includes(column) ? undefined : category
}
