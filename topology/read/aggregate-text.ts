/** Reads how a file writes an aggregate: `count()`, `percentile(delay * 2, 0.95)`, `approxTop(bidder, k => 5)`, `sum(price) where price < 10`. */
import type { AggregateUse } from '../../operators/aggregates/aggregate.ts'
import { aggregates } from '../../operators/aggregates/index.ts'
import type { OptionSpec } from '../../operators/operator.ts'

/** A stretch of the text. */
export interface TextPart {
  readonly offset: number
  readonly length: number
}

export interface AggregateText {
  readonly use: AggregateUse
  /** Where each of its options stands; its name under `aggregate`. */
  readonly parts: Readonly<Record<string, TextPart>>
}

export interface AggregateMistake extends TextPart {
  readonly message: string
}

/** An argument with where it stands. */
interface Argument extends TextPart {
  readonly text: string
}

export function aggregateOfText(text: string): AggregateText | AggregateMistake {
  const call = /^\s*([\p{L}_][\p{L}\p{N}_]*)\s*\(/u.exec(text)
  if (call === null)
    return {
      offset: 0,
      length: text.length,
      message: `an aggregate is one call, such as count() or sum(delay), not ${JSON.stringify(text)}`,
    }
  const [opening, name = ''] = call
  const cut = argumentsOf(text, opening.length)
  if (cut === undefined) return { offset: 0, length: text.length, message: `a parenthesis or a quote of ${name}( is not closed` }
  const condition = conditionBehind(text, cut.end)
  if (condition !== undefined && 'message' in condition) return condition
  const parts = { aggregate: { offset: opening.indexOf(name), length: name.length } }
  // `count(distinct a)` is how SQL says countDistinct(a).
  const [first] = cut.list
  const distinct = name === 'count' && first !== undefined ? /^distinct\b\s*/i.exec(first.text)?.[0] : undefined
  const read =
    distinct === undefined || first === undefined
      ? callOf(name, { given: cut.list, parts })
      : callOf('countDistinct', { given: [partFrom(first, distinct.length), ...cut.list.slice(1)], parts })
  if ('message' in read || condition === undefined) return read
  if ('where' in read.use) return { ...condition, message: `${name} has two conditions; join them with and` }
  return { use: { ...read.use, where: condition.text }, parts: { ...read.parts, where: condition } }
}

function callOf(name: string, given: Given): AggregateText | AggregateMistake {
  const specs = Object.hasOwn(aggregates, name) ? aggregates[name]?.spec.options : undefined
  // An aggregate that is not there is said where all are proved.
  return specs === undefined ? { use: { aggregate: name }, parts: given.parts } : withArguments(name, specs, given)
}

/** `where delay > 15`, or as Postgres has it `filter (where delay > 15)`. */
function conditionBehind(text: string, from: number): Argument | AggregateMistake | undefined {
  const behind = text.slice(from).trim()
  if (behind === '') return undefined
  const offset = text.indexOf(behind, from)
  const found = /^(?:where\b\s*(?<plain>.+)|filter\s*\(\s*where\b\s*(?<sql>.+?)\s*\))$/is.exec(behind)?.groups
  const condition = found?.['plain'] ?? found?.['sql']
  if (condition !== undefined) return { text: condition, offset: text.indexOf(condition, offset), length: condition.length }
  const message = 'an aggregate is one call, and its condition as in count() where delay > 15; compute with its result in a step behind it'
  return { offset, length: behind.length, message }
}

function partFrom({ text, offset, length }: Argument, from: number): Argument {
  return { text: text.slice(from), offset: offset + from, length: length - from }
}

interface Given {
  readonly given: readonly Argument[]
  readonly parts: AggregateText['parts']
}

function withArguments(
  name: string,
  specs: Readonly<Record<string, OptionSpec>>,
  { given, parts }: Given,
): AggregateText | AggregateMistake {
  const options: Record<string, unknown> = {}
  const places: Record<string, TextPart> = { ...parts }
  // `count(*)` is how SQL says count().
  const isStar = given[0]?.text === '*' && specs['field']?.required !== true
  const rest: Argument[] = []
  for (const argument of isStar ? given.slice(1) : given) {
    const [named, option] = namedArgument(argument, specs)
    if (named === undefined) rest.push(argument)
    else if (Object.hasOwn(options, option)) return { ...argument, message: `${name} is given ${option} twice` }
    else {
      const column = option === 'field' ? columnNamed(named.text) : undefined
      const key = option === 'field' && column === undefined ? 'of' : option
      places[key] = named
      options[key] = column ?? (key === 'of' || key === 'where' ? named.text : valueOf(specs[option] as OptionSpec, [named.text]))
    }
  }
  const isField = 'field' in specs && !('field' in options) && !('of' in options)
  const names = [
    ...(isField ? ['field'] : []),
    ...Object.keys(specs).filter(option => option !== 'field' && !Object.hasOwn(options, option)),
  ]
  const empty = rest.find(({ text }) => text === '')
  if (empty !== undefined) return { ...empty, message: `an argument of ${name} is empty` }
  for (const [index, option] of names.entries()) {
    const first = rest.shift()
    if (first === undefined) break
    const spec = specs[option] as OptionSpec
    const more = isListed(spec) && index === names.length - 1 ? rest.splice(0) : []
    const field = option === 'field' ? columnNamed(first.text) : undefined
    const key = option === 'field' && field === undefined ? 'of' : option
    places[key] = first
    options[key] =
      option === 'field'
        ? (field ?? first.text)
        : valueOf(
            spec,
            [first, ...more].map(({ text }) => text),
          )
  }
  const [extra] = rest
  if (extra === undefined) return { use: { aggregate: name, ...options }, parts: places }
  const takes =
    names.length === 0
      ? 'no arguments'
      : names.length === 1
        ? `one argument: ${names[0]}`
        : `at most ${names.length} arguments: ${names.join(', ')}`
  return { ...extra, message: `${name} takes ${takes}` }
}

/** `k => 5`, as Postgres has it, or `k: 5`; undefined for an argument that names no option. */
function namedArgument(argument: Argument, specs: Readonly<Record<string, OptionSpec>>): readonly [Argument | undefined, string] {
  const [opening, option = ''] = /^([\p{L}_][\p{L}\p{N}_]*)\s*(?:=>|:(?!:))\s*/u.exec(argument.text) ?? []
  const isOption = opening !== undefined && (Object.hasOwn(specs, option) || option === 'where')
  return [isOption ? partFrom(argument, opening.length) : undefined, option]
}

const isListed = ({ type }: OptionSpec): boolean => ['list', 'texts', 'order', 'fields'].includes(type)

/** The name of a column, also in double quotes; undefined for an expression. */
function columnNamed(text: string): string | undefined {
  if (/^"(?:[^"]|"")+"$/.test(text)) return text.slice(1, -1).replaceAll('""', '"')
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(text) && !/^(?:true|false|null)$/i.test(text) ? text : undefined
}

/** An argument as the value its option wants; what does not fit stays a text, which is proved where all options are. */
function valueOf(spec: OptionSpec, texts: readonly string[]): unknown {
  const [text = ''] = texts
  if (isListed(spec)) {
    const inner = texts.length === 1 && /^\[.*\]$/s.test(text) ? text.slice(1, -1).split(',') : texts
    return inner.map(one => columnNamed(one.trim()) ?? one.trim())
  }
  if (spec.type === 'number') return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(text) ? Number(text) : text
  if (spec.type === 'json') return jsonOf(text)
  if (spec.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  if (spec.type === 'field') return columnNamed(text) ?? text
  return /^'(?:[^']|'')*'$/.test(text) ? text.slice(1, -1).replaceAll("''", "'") : text
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The arguments from an offset on, cut at commas that stand in no brackets and quotes; undefined when nothing closes them. */
function argumentsOf(text: string, from: number): { list: Argument[]; end: number } | undefined {
  const list: Argument[] = []
  let [depth, start] = [0, from]
  const add = (end: number): void => {
    const piece = text.slice(start, end)
    const offset = start + piece.search(/\S|$/)
    list.push({ text: piece.trim(), offset, length: piece.trim().length })
  }
  const token = /'(?:[^']|'')*'|"(?:[^"]|"")*"|[()[\]{},'"]/g
  token.lastIndex = from
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    const [mark] = found
    if (mark === "'" || mark === '"') return undefined
    if ('([{'.includes(mark)) depth++
    else if (mark === ',' && depth === 0) {
      add(found.index)
      start = found.index + 1
    } else if (')]}'.includes(mark) && depth-- === 0) {
      if (mark !== ')') return undefined
      add(found.index)
      const isBare = list.length === 1 && list[0]?.text === ''
      return { list: isBare ? [] : list, end: found.index + 1 }
    }
  }
  return undefined
}
