/** Reads what stands above the steps of a topology file: its name, version, guarantee, epoch, tick, sources and tables. */
import { isEventStoreError } from '../../event/error.ts'
import { durationMs } from '../../operators/duration.ts'
import { anyRow } from '../../operators/expressions/types.ts'
import type { OptionSpec } from '../../operators/operator.ts'
import { optionIssues } from '../check-options.ts'
import type { OptionPath } from '../issue.ts'
import { hint } from '../nearest.ts'
import { isObject } from '../proof.ts'
import type { Source, Topology } from '../topology.ts'
import { described, isBooleanWord, type Reading, unknownKey, unknownKeys } from './reading.ts'
import { ruleOf } from './rule-of.ts'

export const rootKeys = ['$schema', 'topology', 'version', 'guarantee', 'epoch', 'tick', 'sources', 'tables', 'steps', 'sinks']

/** What other programs call the parts of a file. */
const otherWords: Readonly<Record<string, readonly [key: string, sentence: string]>> = {
  name: ['topology', 'the name of the topology stands behind the key topology'],
  ...words('steps', ['flow', 'pipeline', 'processors', 'transforms', 'nodes', 'operators', 'step'], 'a flat list, each with an id'),
  ...words('sources', ['input', 'inputs', 'source', 'from'], '{ NAME: { follow: … } }'),
  ...words('sinks', ['output', 'outputs', 'sink', 'destinations'], '{ NAME: { from: …, projection: … } }'),
  ...words('tables', ['table', 'lookups', 'resources', 'caches'], '{ NAME: { file: …, key: … } }'),
  ...words('epoch', ['checkpoint', 'checkpointInterval', 'interval'], 'the time between two writes of the state, such as 100ms'),
  ...words('guarantee', ['delivery', 'processing', 'semantics'], 'exactlyOnce or atLeastOnce'),
}

function words(key: string, others: readonly string[], shape: string): Readonly<Record<string, readonly [string, string]>> {
  return Object.fromEntries(others.map(word => [word, [key, `write ${key} for that: ${shape}`]]))
}

function sentences(others: readonly string[], sentence: string): Readonly<Record<string, string>> {
  return Object.fromEntries(others.map(word => [word, sentence]))
}

const instead = Object.fromEntries(Object.entries(otherWords).map(([word, [, sentence]]) => [word, sentence]))

/** Some other key of the file was meant to be this one, which is said there. */
function isMeant(root: Readonly<Record<string, unknown>>, key: string): boolean {
  return Object.keys(root).some(name => {
    if (rootKeys.includes(name)) return false
    return Object.hasOwn(otherWords, name) ? otherWords[name]?.[0] === key : hint(name, [key]) !== ''
  })
}

export interface Head extends Pick<Topology, 'name' | 'version' | 'sources' | 'guarantee' | 'epochMs' | 'tickMs'> {
  readonly tables: ReadonlyMap<string, unknown>
}

/** Without sources nobody knows what a name that is not there may mean. */
export function areSourcesKnown(root: Readonly<Record<string, unknown>>): boolean {
  return isObject(root['sources'])
}

export function readHead(reading: Reading, root: Readonly<Record<string, unknown>>): Head {
  unknownKeys(reading, [], { keys: rootKeys, instead })
  if (root['sources'] === undefined && !isMeant(root, 'sources'))
    reading.say([], 'missing-key', { message: 'the file has no key sources; write sources: { NAME: { follow: all } }' })
  const [epochMs, tickMs] = [lengthOf(reading, root, 'epoch'), lengthOf(reading, root, 'tick')]
  const { guarantee } = root as Pick<Topology, 'guarantee'>
  return {
    name: nameOf(reading, root),
    version: versionOf(reading, root),
    sources: entriesOf(reading, 'sources', root['sources']).map(([id, value]) => sourceOf(reading, id, value)),
    tables: new Map(entriesOf(reading, 'tables', root['tables']).map(([name, value]) => [name, tableOf(reading, name, value)])),
    ...(guarantee !== undefined && { guarantee }),
    ...(epochMs !== undefined && { epochMs }),
    ...(tickMs !== undefined && { tickMs }),
  }
}

function nameOf(reading: Reading, root: Readonly<Record<string, unknown>>): string {
  const { topology } = root
  if (typeof topology === 'string') return topology
  if (topology === undefined && isMeant(root, 'topology')) return 'unnamed'
  if (topology === undefined) reading.say([], 'missing-key', { message: 'the file has no key topology; begin it with topology: NAME' })
  else reading.say(['topology'], 'wrong-type', { message: `topology must be the name as a text, not ${described(topology)}` })
  return 'unnamed'
}

function versionOf(reading: Reading, root: Readonly<Record<string, unknown>>): number {
  const { version } = root
  if (typeof version === 'number') return version
  if (version === undefined && isMeant(root, 'version')) return 1
  if (version === undefined) reading.say([], 'missing-key', { message: 'the file has no key version; write version: 1' })
  else {
    const quoted = typeof version === 'string' && /^\d+$/.test(version) ? '; leave the quotes away' : ''
    reading.say(['version'], 'wrong-type', { message: `version must be a whole number from 1, not ${described(version)}${quoted}` })
  }
  return 1
}

function lengthOf(reading: Reading, root: Readonly<Record<string, unknown>>, key: 'epoch' | 'tick'): number | undefined {
  if (root[key] === undefined) return undefined
  try {
    return durationMs(root[key], key)
  } catch (error) {
    if (!isEventStoreError(error, 'INVALID')) throw error
    reading.say([key], 'wrong-type', { message: error.message })
    return undefined
  }
}

const shapes = {
  sources: '{ NAME: { follow: all } }',
  tables: '{ NAME: { file: ./table.csv, key: COLUMN } }',
  sinks: '{ NAME: { from: STEP, projection: { … } } }',
}

/** The entries of a part of the file that has a name for each. */
export function entriesOf(reading: Reading, part: keyof typeof shapes, value: unknown): [name: string, value: unknown][] {
  if (value === undefined) return []
  if (isObject(value)) return Object.entries(value)
  const message = `${part} must be a mapping of names, not ${described(value)}: ${part}: ${shapes[part]}`
  reading.say([part], value === null ? 'missing-value' : 'wrong-type', { message, key: true })
  return []
}

const sourceKeys = ['follow', 'generate', 'options', 'fields']
const sourceWords: Readonly<Record<string, string>> = {
  ...sentences(
    ['types', 'type', 'categories', 'category'],
    'types and categories belong under follow: follow: { types: [ … ], categories: [ … ] }',
  ),
  ...sentences(['eventTime', 'watermark'], 'an event time is a step of its own: - { id: timed, eventTime: { field: …, lag: … } }'),
  ...sentences(['schema', 'columns'], 'write fields for the columns of the rows and their types: fields: { delay: number }'),
  ...sentences(['file', 'csv', 'parquet'], 'a source follows the log or generates; a file to look rows up in belongs under tables'),
}

function sourceOf(reading: Reading, id: string, value: unknown): Source {
  const path = ['sources', id]
  const source = isObject(value) ? value : {}
  unknownKeys(reading, path, { keys: sourceKeys, instead: sourceWords })
  const { follow, generate, options } = source
  const declared = source['fields'] === undefined ? {} : { fields: source['fields'] as NonNullable<Source['fields']> }
  const say = (at: OptionPath, rule: 'missing-key' | 'wrong-type' | 'misplaced-key', message: string): void =>
    reading.say(at, rule, { message, key: true })
  if (!isObject(value) && value !== null)
    say(path, 'wrong-type', `a source must be a mapping such as { follow: all }, not ${described(value)}`)
  else if (follow === undefined && generate === undefined)
    say(path, 'missing-key', `the source ${id} says neither follow nor generate; follow: all takes every event`)
  if (follow !== undefined && generate !== undefined)
    say([...path, 'generate'], 'misplaced-key', 'a source either follows the log or generates; make two sources of it')
  if (generate !== undefined && follow === undefined)
    return { id, kind: 'generate', reference: generate as string, options: options ?? {}, ...declared }
  if (options !== undefined) say([...path, 'options'], 'misplaced-key', 'options belong beside generate; a followed log has none')
  return { id, kind: 'log', ...followedOf(reading, path, follow), ...declared }
}

const followWords: Readonly<Record<string, string>> = {
  ...sentences(
    ['stream', 'streams', 'id', 'ids', 'topic', 'subject', 'prefix'],
    "follow takes types, and categories, which are what stands before the first dash of a stream; for one stream: filter: $stream = 'NAME'",
  ),
  ...sentences(['type', 'event', 'events', 'eventTypes'], 'write types for that, a list: types: [order.placed]'),
  ...sentences(['category'], 'write categories for that, a list: categories: [shop]'),
}

function followedOf(reading: Reading, path: OptionPath, follow: unknown): { types?: readonly string[]; categories?: readonly string[] } {
  if (follow === undefined || follow === 'all') return {}
  if (typeof follow === 'string') return { types: [follow] }
  if (Array.isArray(follow)) return { types: follow as readonly string[] }
  if (isObject(follow)) {
    unknownKeys(reading, [...path, 'follow'], { keys: ['types', 'categories'], instead: followWords })
    const { types, categories } = follow as { types?: readonly string[]; categories?: readonly string[] }
    return { ...(types !== undefined && { types }), ...(categories !== undefined && { categories }) }
  }
  const message = `follow must be all, a type of events, a list of types, or { types, categories }, not ${described(follow)}`
  reading.say([...path, 'follow'], 'wrong-type', { message })
  return {}
}

const tableSpec: Readonly<Record<string, OptionSpec>> = { table: { type: 'table', summary: '' } }

/** A table, proved where it stands, whoever looks something up in it. */
function tableOf(reading: Reading, name: string, value: unknown): unknown {
  const path = ['tables', name]
  if (!isObject(value)) {
    const message = `a table must be { file: …, key: … } or { projection: … }, not ${described(value)}`
    reading.say(path, 'wrong-type', { message, key: true })
    return value
  }
  const issues = optionIssues({ table: value }, tableSpec, { path: [], row: anyRow })
  for (const { path: at, message } of issues) {
    const missing = /^option table[.](\S+) is missing/.exec(message)?.[1]
    if (missing !== undefined && issues.some(other => other.message.includes(`did you mean ${missing}?`))) continue
    const place = [...path, ...at.slice(1)]
    const last = at.at(-1)
    const isHabit = typeof last === 'string' && isBooleanWord(last) && message.startsWith('there is no option')
    const said = isHabit ? unknownKey(last, ['file', 'key', 'format', 'projection']) : message
    const rule = ruleOf(message)
    reading.say(place, rule, { message: said, key: rule === 'unknown-key' || rule === 'missing-key' })
  }
  return value
}
