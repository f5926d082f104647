/** What a test expects of a topology, and how it differs from what came. Only what is named is compared. */
import { isDeepStrictEqual } from 'node:util'
import type { StepCounters } from '../../actors/fragment.ts'
import { listDifference } from './difference.ts'
import { plain, type PlainRow } from './gathered.ts'
import { isRecord } from './shape.ts'
import type { TrialOutcome } from './trial.ts'

export type CounterPattern = number | Partial<StepCounters>

/** The `expect` of a test. */
export interface Expected {
  /** By stream: events in order; of each the fields that are given, `data` exactly. */
  readonly outputs?: Readonly<Record<string, readonly PlainRow[]>>
  /** By sink: deliveries in order; of each the fields that are given, exactly. */
  readonly webhooks?: Readonly<Record<string, readonly PlainRow[]>>
  /** By projection: all its rows, exactly, in any order. */
  readonly state?: Readonly<Record<string, readonly PlainRow[]>>
  /** By step: rows in order; of each the fields that are given. */
  readonly late?: Readonly<Record<string, readonly PlainRow[]>>
  readonly suspect?: Readonly<Record<string, readonly PlainRow[]>>
  /** In the order of the rows; `cause` is part of the whole cause. */
  readonly dead?: readonly PlainRow[]
  /** By step: rows that left it, or counts by name. */
  readonly steps?: Readonly<Record<string, CounterPattern>>
}

/** One thing that is not as expected. */
export interface Difference {
  /** Where in the test. */
  readonly path: readonly (string | number)[]
  readonly what: string
  /** `-` expected, `+` received, a space for both. */
  readonly lines: readonly string[]
}

export const listParts = ['outputs', 'webhooks', 'state', 'late', 'suspect'] as const
export type ListPart = (typeof listParts)[number]

const words: Readonly<Record<ListPart, (name: string) => string>> = {
  outputs: stream => `events in ${stream}`,
  webhooks: sink => `deliveries of ${sink}`,
  state: projection => `rows of ${projection}`,
  late: step => `late rows of ${step}`,
  suspect: step => `suspect rows of ${step}`,
}

/** Nothing when all is as expected. */
export function differencesOf(expected: Expected, outcome: TrialOutcome): Difference[] {
  const lists = listParts.flatMap(part =>
    Object.entries(expected[part] ?? {}).flatMap(([name, items]) => {
      const lines = linesOf(part, items, receivedOf(outcome, part, name))
      return lines.length === 0 ? [] : [{ path: [part, name], what: words[part](name), lines }]
    }),
  )
  const dead = expected.dead && compared(expected.dead, receivedDead(outcome), matchesDead)
  const counts = Object.entries(expected.steps ?? {}).flatMap(([step, pattern]) => countDifference(step, pattern, outcome))
  return [...lists, ...(dead && dead.length > 0 ? [{ path: ['dead'], what: 'rows given up', lines: dead }] : []), ...counts]
}

/** What came, as a test would write it whole. */
export function receivedOf(outcome: TrialOutcome, part: ListPart, name: string): readonly PlainRow[] {
  const lists: Readonly<Record<ListPart, readonly object[] | undefined>> = {
    outputs: outcome.outputs[name]?.first,
    webhooks: outcome.webhooks[name]?.first,
    state: outcome.state[name]?.first,
    late: outcome.rows['late']?.[name]?.first,
    suspect: outcome.rows['suspect']?.[name]?.first,
  }
  return (lists[part] ?? []) as readonly PlainRow[]
}

export function receivedDead(outcome: TrialOutcome): readonly PlainRow[] {
  return outcome.dead.first.map(row => Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'order')))
}

function linesOf(part: ListPart, items: readonly PlainRow[], received: readonly PlainRow[]): string[] {
  if (part !== 'state') return compared(items, received, matchesFields)
  const keyed = items.map(item => ({ ...item, key: Array.isArray(item['key']) ? (item['key'] as unknown[]) : [item['key']] }))
  // In the order of the rows that came; what did not come stands last.
  const placeOf = ({ key }: { readonly key: unknown[] }): number => {
    const at = received.findIndex(row => isSame(key, row['key']))
    return at < 0 ? received.length : at
  }
  return compared(
    keyed.toSorted((a, b) => placeOf(a) - placeOf(b)),
    received,
    matchesFields,
  )
}

function compared(
  expected: readonly PlainRow[],
  received: readonly PlainRow[],
  matches: (expected: PlainRow, received: PlainRow) => boolean,
): string[] {
  const items = plain(expected) as PlainRow[]
  return listDifference({ expected: items, received, matches, shown: (row, near) => onlyNamed(row, near) })
}

/** Beside what was expected stand the same fields; with nothing to stand beside, the whole row. */
export function onlyNamed(row: PlainRow, near: PlainRow | undefined): PlainRow {
  if (near === undefined) return row
  return Object.fromEntries(Object.keys(near).flatMap(name => (Object.hasOwn(row, name) ? [[name, row[name]]] : [])))
}

export function matchesFields(expected: PlainRow, received: PlainRow): boolean {
  return Object.entries(expected).every(([name, value]) => isSame(value, Object.hasOwn(received, name) ? received[name] : undefined))
}

const momentText = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/

/** Equal as JSON; times, which are kept in milliseconds, may be expected as ISO 8601 with a zone. */
function isSame(expected: unknown, received: unknown): boolean {
  if (typeof expected === 'string' && momentText.test(expected)) {
    const ms = typeof received === 'string' && momentText.test(received) ? Date.parse(received) : received
    return expected === received || Date.parse(expected) === ms
  }
  if (Array.isArray(expected) && Array.isArray(received))
    return expected.length === received.length && expected.every((one, at) => isSame(one, received[at]))
  if (!isRecord(expected) || !isRecord(received)) return isDeepStrictEqual(expected, received)
  const names = Object.keys(expected)
  const isWhole = names.length === Object.keys(received).length && names.every(name => Object.hasOwn(received, name))
  return isWhole && names.every(name => isSame(expected[name], received[name]))
}

function matchesDead({ cause, ...rest }: PlainRow, received: PlainRow): boolean {
  const isCause = cause === undefined || (typeof cause === 'string' && String(received['cause'] as string).includes(cause))
  return isCause && matchesFields(rest, received)
}

function countDifference(step: string, pattern: CounterPattern, outcome: TrialOutcome): Difference[] {
  const counts = countsOf(outcome, step)
  const wanted: Partial<StepCounters> = typeof pattern === 'number' ? { out: pattern } : pattern
  const wrong = Object.entries(wanted).filter(([name, count]) => counts[name as keyof StepCounters] !== count)
  const path = ['steps', step]
  return wrong.map(([name, count]) => {
    const what = typeof pattern === 'number' ? `rows out of ${step}` : `rows of ${step}: ${name}`
    return { path, what, lines: [`- ${count}`, `+ ${counts[name as keyof StepCounters] ?? 0}`] }
  })
}

export function countsOf(outcome: TrialOutcome, step: string): Readonly<Partial<StepCounters>> {
  const { source, steps } = outcome
  const own = Object.hasOwn(steps, step) ? steps[step] : undefined
  return own ?? { in: source.rows, out: source.rows - source.dead, late: 0, suspect: 0, dead: source.dead }
}

/** What the size of pages and the place of epochs must not change: all, with the events of each step by themselves. */
export function pageDifferences(small: TrialOutcome, large: TrialOutcome): Difference[] {
  const [ours, theirs] = [lanesOf(small), lanesOf(large)]
  return [...new Set([...ours.keys(), ...theirs.keys()])].flatMap(what => {
    const [expected, received] = [ours.get(what) ?? [], theirs.get(what) ?? []]
    const lines = listDifference({ expected, received, matches: isDeepStrictEqual, shown: row => row })
    return lines.length === 0 ? [] : [{ path: [], what: `${what}, in pages of one row (-) and of many (+)`, lines }]
  })
}

function lanesOf(outcome: TrialOutcome): Map<string, readonly unknown[]> {
  const lanes = new Map<string, unknown[]>()
  for (const [step, { in: rowsIn, out, late, suspect, dead }] of Object.entries(outcome.steps))
    lanes.set(`counts of ${step}`, [{ in: rowsIn, out, late, suspect, dead }])
  for (const [stream, { first }] of Object.entries(outcome.outputs))
    for (const event of first) push(lanes, `events of ${event.step} in ${stream}`, event)
  for (const part of ['webhooks', 'state'] as const)
    for (const name of Object.keys(outcome[part])) lanes.set(words[part](name), [...receivedOf(outcome, part, name)])
  for (const [port, steps] of Object.entries(outcome.rows))
    for (const [step, { first }] of Object.entries(steps)) lanes.set(`${port} rows of ${step}`, first)
  for (const { step, cause, row } of outcome.dead.first) push(lanes, `rows given up by ${step}`, { cause, row })
  return lanes
}

function push(lanes: Map<string, unknown[]>, name: string, value: unknown): void {
  const list = lanes.get(name)
  if (list === undefined) lanes.set(name, [value])
  else list.push(value)
}
