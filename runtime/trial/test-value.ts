/** The value of a test file as tests: what is given, and what is expected. Its shape is proved here, names of the topology where they are known. */
import type { StepCounters } from '../../actors/fragment.ts'
import type { Row } from '../../operators/flow.ts'
import type { LogSource, Plan } from '../../topology/plan.ts'
import { hint } from '../../topology/nearest.ts'
import { type CounterPattern, type Expected, type ListPart, listParts } from './expected.ts'
import type { PlainRow } from './gathered.ts'
import { clockStartMs, readGiven } from './given.ts'
import { type GivenEvent, isFollowed } from './given-log.ts'
import {
  booleanOf,
  inside,
  isRecord,
  itemsOf,
  membersOf,
  type Placed,
  say,
  sayName,
  warn,
  type ShapeIssue,
  shownAs,
  textOf,
  type ValuePath,
} from './shape.ts'

export interface TopologyTest {
  readonly name: string
  /** Where it stands in the file. */
  readonly path: ValuePath
  readonly events: readonly GivenEvent[]
  /** What the clock reads behind them, ms since the epoch. */
  readonly clockMs: number
  /** In place of the rows of a generator. */
  readonly rows?: readonly Row[]
  /** The input ends, so that open windows close. */
  readonly ends: boolean
  /** Rows of projections of other topologies. */
  readonly tables: Readonly<Record<string, readonly PlainRow[]>>
  readonly expected: Expected
}

export interface TestValue {
  readonly tests: readonly TopologyTest[]
  readonly issues: readonly ShapeIssue[]
}

const fileNames = ['topology', 'tests']
const testNames = ['name', 'given', 'end', 'tables', 'expect']
const expectNames = [...listParts, 'dead', 'steps']
const counterNames: readonly (keyof StepCounters)[] = ['in', 'out', 'late', 'suspect', 'dead']

/** Fields of the items of each list; those of rows may have any name. */
const itemNames: Readonly<Record<ListPart, readonly string[] | undefined>> = {
  outputs: ['type', 'data', 'id', 'time', 'tags', 'metadata', 'step'],
  webhooks: ['body', 'url', 'method', 'headers'],
  state: ['key', 'value'],
  late: undefined,
  suspect: undefined,
}
const deadNames = ['step', 'cause', 'code', 'row', 'stream', 'type']

/** The topology that a test file names, if it names one. */
export function topologyNamed(value: unknown): string | undefined {
  const named = isRecord(value) ? value['topology'] : undefined
  return typeof named === 'string' && named !== '' ? named : undefined
}

/** All tests of a file, with what is wrong with them; with a plan, the names in them are proved, too. */
export function readTests(value: unknown, plan?: Plan): TestValue {
  const issues: ShapeIssue[] = []
  const file = { value, path: [], issues }
  const members = membersOf(file, 'a test file is a mapping with tests', fileNames)
  if (members === undefined) return { tests: [], issues }
  textOf(members['topology'], 'topology must be the path of a file')
  if (members['tests'] === undefined) say(file, 'there is no list of tests')
  const items = members['tests'] && itemsOf(members['tests'], 'tests must be a list')
  if (Array.isArray(members['tests']?.value) && items?.length === 0) say(members['tests'], 'there is no test in it')
  const tests = (items ?? []).flatMap((item, index) => oneTest(item, index, plan) ?? [])
  const names = new Set<string>()
  for (const { name, path } of tests) {
    if (names.has(name)) issues.push({ path: [...path, 'name'], message: `there is another test named ${name}` })
    names.add(name)
  }
  return { tests, issues }
}

function oneTest(placed: Placed, index: number, plan: Plan | undefined): TopologyTest | undefined {
  const members = membersOf(placed, 'a test is a mapping with given and expect', testNames)
  if (members === undefined) return undefined
  const { name, given, end, tables, expect } = members
  const isGenerated = plan?.source.kind === 'generate'
  if (given === undefined && !isGenerated) say(placed, 'the test has nothing given: a list of events')
  if (given !== undefined && plan?.source.kind === 'log') warnOfUnfollowed(given, plan.source)
  if (expect === undefined || expect.value === null) warn(placed, 'the test expects nothing; allsource test --update writes what comes')
  return {
    name: textOf(name, 'name must be a text') ?? `test ${index + 1}`,
    path: placed.path,
    ...(given && !isGenerated ? readGiven(given) : { events: [], clockMs: clockStartMs }),
    ...(given && isGenerated && { rows: givenRows(given) }),
    ends: booleanOf(end, 'end must be true or false') ?? true,
    tables: tables ? rowLists(tables, itemNames.state) : {},
    expected: expect === undefined || expect.value === null ? {} : readExpected(expect, plan),
  }
}

/** An event that no source takes is a slip more often than not. */
function warnOfUnfollowed(given: Placed, source: LogSource): void {
  for (const [index, event] of Array.isArray(given.value) ? given.value.entries() : []) {
    if (!isRecord(event) || typeof event['stream'] !== 'string' || typeof event['type'] !== 'string' || event['type'] === '') continue
    const { stream, type } = event as { readonly stream: string; readonly type: string }
    if (isFollowed({ stream, type }, source)) continue
    const types = source.types ?? []
    const what = types.includes(type) ? `events of ${stream}` : `events of type ${type}${hint(type, types)}`
    warn(inside(given, index, types.includes(type) ? 'stream' : 'type'), `the topology does not follow ${what}`)
  }
}

function givenRows(given: Placed): Row[] {
  return itemsOf(given, 'given must be a list of rows { data }').flatMap(item => {
    const members = membersOf(item, 'this must be a row { data }, as the topology makes its own events', ['data'])
    if (members === undefined) return []
    const data = members['data']?.value
    if (isRecord(data)) return [data]
    say(members['data'] ?? item, `data must be a mapping, not ${shownAs(data)}`)
    return []
  })
}

function readExpected(placed: Placed, plan: Plan | undefined): Expected {
  const members = membersOf(placed, 'expect is a mapping of what is compared', expectNames)
  const expected: { -readonly [Part in keyof Expected]: Expected[Part] } = {}
  for (const part of listParts) if (members?.[part]) expected[part] = rowLists(members[part], itemNames[part])
  if (members?.['dead']) expected.dead = rowsIn(members['dead'], 'dead must be a list of rows given up', deadNames)
  if (members?.['steps']) expected.steps = readCounters(members['steps'])
  if (plan !== undefined && members !== undefined) proveNames(members, plan)
  return expected
}

function rowLists(placed: Placed, names: readonly string[] | undefined): Readonly<Record<string, readonly PlainRow[]>> {
  const lists = membersOf(placed, 'this must be a mapping of lists by name') ?? {}
  return Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, rowsIn(list, `${name} must be a list, [] for none`, names)]))
}

function rowsIn(placed: Placed, what: string, names: readonly string[] | undefined): PlainRow[] {
  return itemsOf(placed, what).flatMap(item => {
    const members = membersOf(item, 'this must be a mapping of fields', names)
    if (members === undefined) return []
    if (names === itemNames.state) for (const name of names ?? []) if (members[name] === undefined) say(item, `the row has no ${name}`)
    if (names === deadNames) textOf(members['cause'], 'cause must be a text')
    return [item.value as PlainRow]
  })
}

function readCounters(placed: Placed): Readonly<Record<string, CounterPattern>> {
  const steps = membersOf(placed, 'steps is a mapping of counts by step') ?? {}
  return Object.fromEntries(Object.entries(steps).map(([step, count]) => [step, readCounter(count)]))
}

function readCounter(placed: Placed): CounterPattern {
  if (!isRecord(placed.value)) return wholeNumber(placed)
  const counts = membersOf(placed, '', counterNames) ?? {}
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, wholeNumber(count)]))
}

function wholeNumber(placed: Placed): number {
  const { value } = placed
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  say(placed, `a count must be a whole number, or { ${counterNames.join(', ')} }, not ${shownAs(value)}`)
  return 0
}

/** Steps, projections and sinks that a test names must be those of the topology. */
function proveNames(members: Readonly<Record<string, Placed>>, { source, steps }: Plan): void {
  const ids = steps.map(({ id }) => id)
  const ofOperator = (operator: string): PlainStep[] => steps.filter(step => step.operator === operator)
  const projections = ofOperator('projection').map(({ options }) => String(options['name']))
  const webhooks = ofOperator('webhook').map(({ id }) => id)
  const prove = (part: string, what: string, names: readonly string[]): void => {
    for (const name of isRecord(members[part]?.value) ? Object.keys(members[part].value) : []) {
      if (names.includes(name)) continue
      const known = names.length > 0 ? ` (there are: ${names.join(', ')})` : ', and there is none'
      sayName(inside(members[part] as Placed, name), `the topology has no ${what} ${name}${hint(name, names)}${known}`)
    }
  }
  prove('state', 'projection', projections)
  prove('webhooks', 'webhook', webhooks)
  prove('steps', 'step', [source.id, ...ids])
  for (const part of ['late', 'suspect']) prove(part, 'step', ids)
}

type PlainStep = Plan['steps'][number]
