/** Reads the options of a step: a bare value, tables by name, aggregates as calls, expressions that look like numbers. */
import type { OptionSpec, OptionType, OperatorSpec } from '../../operators/operator.ts'
import type { OptionPath } from '../issue.ts'
import { hint } from '../nearest.ts'
import { isObject } from '../proof.ts'
import { aggregateOfText } from './aggregate-text.ts'
import { described, listed, type Reading } from './reading.ts'
import { type OptionSpot, type ReadStep, spotKey } from './step.ts'

interface Around {
  readonly reading: Reading
  readonly tables: ReadonlyMap<string, unknown>
  /** Names of tables that steps looked things up in. */
  readonly usedTables: Set<string>
  readonly spots: Map<string, OptionSpot>
}

export type Tables = Pick<Around, 'tables' | 'usedTables'>

/** Types of options whose values are mappings with names that the user chooses. */
const named: readonly OptionType[] = ['columns', 'mapping', 'routes', 'types', 'fields', 'aggregates', 'json', 'table']

type ReadOptions = Pick<ReadStep, 'options' | 'shorthand' | 'spots' | 'isBroken'>

/** The options of an operator as the topology holds them; `path` is that of the operator's key. */
export function readOptions(
  reading: Reading,
  spec: OperatorSpec,
  { path, ...tables }: Tables & { readonly path: OptionPath; readonly value: unknown },
): ReadOptions {
  const { value } = tables
  const spots = new Map<string, OptionSpot>()
  const around: Around = { reading, spots, tables: tables.tables, usedTables: tables.usedTables }
  const none = { options: {}, spots, isBroken: false }
  if (reading.isBlamed(path)) return { ...none, isBroken: true }
  if (value === null) return none
  const { shorthand } = spec
  const option = shorthand === undefined ? undefined : spec.options[shorthand]
  if (shorthand !== undefined && option !== undefined && !isOptions(value, spec, option)) {
    if (isGlued(reading, path, value, spec.options)) return { ...none, isBroken: true }
    spots.set(shorthand, { path })
    return { options: { [shorthand]: optionOf(around, option, { value, at: [shorthand], path }) }, shorthand, spots, isBroken: false }
  }
  if (!isObject(value)) {
    if (isGlued(reading, path, value, spec.options)) return { ...none, isBroken: true }
    const names = Object.keys(spec.options)
    const message = `${spec.name} takes its options as a mapping, not ${described(value)} (there are: ${names.join(', ')})`
    reading.say(path, 'wrong-type', { message })
    return { ...none, isBroken: true }
  }
  return { ...none, options: groupOf(around, spec.options, { value, at: [], path }) }
}

/** A mapping stands for the options, unless the bare value may be a mapping itself and none of its keys is an option. */
function isOptions(value: unknown, spec: OperatorSpec, shorthand: OptionSpec): boolean {
  if (!isObject(value)) return false
  const keys = Object.keys(value)
  return keys.length === 0 || !named.includes(shorthand.type) || keys.some(key => Object.hasOwn(spec.options, key))
}

/** `tumble: size:1h`, where a blank is missing. */
function isGlued(reading: Reading, path: OptionPath, value: unknown, options: Readonly<Record<string, OptionSpec>>): boolean {
  const [, key = ''] = typeof value === 'string' ? (/^([^\s:]+):\S/.exec(value) ?? []) : []
  if (!Object.hasOwn(options, key)) return false
  reading.say(path, 'missing-blank', { message: `a blank is missing behind the colon of ${key}:`, offset: 0, length: key.length + 1 })
  return true
}

interface Value {
  readonly value: unknown
  /** In the options of the step. */
  readonly at: OptionPath
  /** In the file. */
  readonly path: OptionPath
}

function groupOf(
  around: Around,
  specs: Readonly<Record<string, OptionSpec>>,
  { value, at, path }: Value,
): Readonly<Record<string, unknown>> {
  if (!isObject(value)) return value as never
  const entries = Object.entries(value).map(([name, one]): [string, unknown] => {
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined
    const place = { value: one, at: [...at, name], path: [...path, name] }
    return [name, spec === undefined ? one : optionOf(around, spec, place)]
  })
  return Object.fromEntries(entries)
}

function optionOf(around: Around, spec: OptionSpec, place: Value): unknown {
  const { value, path } = place
  if (isNothing(around.reading, place)) {
    if (spec.type === 'json') return null
    around.reading.say(path, 'missing-value', {
      message: `${String(path.at(-1))} has nothing behind its colon: ${spec.summary}`,
      key: true,
    })
    return null
  }
  const read = readers[spec.type]
  return read === undefined ? value : read(around, place, spec)
}

function isNothing({ document }: Reading, { value, path }: Value): boolean {
  return value === null && document.scalarAt(path)?.source === ''
}

type Read = (around: Around, place: Value, spec: OptionSpec) => unknown

/** An expression that YAML took for a number, true, false or null is a text again; a block ends without its line break. */
const expression: Read = ({ reading }, { value, path }) => {
  if (typeof value === 'string') return value.trimEnd()
  if (typeof value === 'object' && value !== null) return value
  const source = reading.document.scalarAt(path)?.source ?? ''
  // Digits stay as they were written, but those of 0x1F and 0o17 are no numbers of Postgres.
  return /^[-+.\d][.\de+-]*$/i.test(source) ? source : String(value)
}

const expressions: Read = (around, place, spec) => {
  const { value, at, path } = place
  if (!isObject(value)) return typeof value === 'string' ? expression(around, place, spec) : value
  const entries = Object.entries(value).map(([name, one]): [string, unknown] => {
    const entry = { value: one, at: [...at, name], path: [...path, name] }
    return [name, isNothing(around.reading, entry) ? saidMissing(around.reading, entry) : expression(around, entry, spec)]
  })
  return Object.fromEntries(entries)
}

function saidMissing(reading: Reading, { path }: Value, what = 'expression'): null {
  reading.say(path, 'missing-value', { message: `${String(path.at(-1))} has no ${what} behind its colon`, key: true })
  return null
}

/** A bare name where columns are listed is a list of one. */
export function listOfOne(value: unknown, { type }: Pick<OptionSpec, 'type'>): unknown {
  const name = type === 'order' && typeof value === 'string' ? value.replace(/^-/, '') : value
  return typeof name === 'string' && /^[\p{L}_$][\p{L}\p{M}\p{N}_$.-]*$/u.test(name) ? [value] : value
}

const nameList: Read = ({ spots }, { value, at, path }, spec) => {
  const list = listOfOne(value, spec)
  if (list !== value) spots.set(spotKey([...at, 0]), { path })
  return list
}

const readers: Readonly<Partial<Record<OptionType, Read>>> = {
  function: expression,
  expression,
  condition: expression,
  list: nameList,
  order: nameList,
  fields: nameList,
  columns: (around, place, spec) => (typeof place.value === 'string' ? nameList : expressions)(around, place, spec),
  mapping: expressions,
  routes: expressions,
  choice: (around, place, { options = {} }) => groupOf(around, options, place),
  group: (around, place, { options = {} }) => groupOf(around, options, place),
  table: ({ reading, tables, usedTables, spots }, { value, at, path }) => {
    if (typeof value !== 'string') return value
    const table = tables.get(value)
    if (!tables.has(value)) {
      const names = [...tables.keys()]
      const known = names.length === 0 ? '; name it under tables: { NAME: { file: …, key: … } }' : `${hint(value, names)}${listed(names)}`
      reading.say(path, 'unknown-table', { message: `there is no table ${value}${known}` })
      return value
    }
    usedTables.add(value)
    spots.set(spotKey(at), { path: ['tables', value], isTable: true })
    return table
  },
  aggregates: (around, { value, at, path }) => {
    if (!isObject(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, use]) => [name, aggregateOf(around, { value: use, at: [...at, name], path: [...path, name] })]),
    )
  },
}

function aggregateOf({ reading, spots }: Around, { value, at, path }: Value): unknown {
  if (isNothing(reading, { value, at, path })) return saidMissing(reading, { value, at, path }, 'aggregate')
  if (typeof value !== 'string' || reading.isBlamed(path)) return value
  const read = aggregateOfText(value)
  if ('message' in read) {
    reading.say(path, 'aggregate', read)
    return value
  }
  for (const [option, part] of Object.entries(read.parts)) spots.set(spotKey([...at, option]), { path, part })
  return read.use
}
