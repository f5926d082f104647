/** Reads a topology file: YAML becomes the plain topology that the builder makes, or every mistake with its line and column. */
import { EventStoreError } from '../../event/error.ts'
import { topologyIssues } from '../check.ts'
import type { Issue } from '../issue.ts'
import { isObject } from '../proof.ts'
import type { Step, Topology } from '../topology.ts'
import { topologyWarnings } from '../warnings.ts'
import { parseYaml } from './document.ts'
import { type Finding, sortedFindings } from './finding.ts'
import { readHead } from './head.ts'
import { placeIssues, placeWarnings } from './issues.ts'
import { described, Reading } from './reading.ts'
import type { ReadStep } from './step.ts'
import { readSteps } from './steps.ts'
import { sayUnused } from './unused.ts'

export type { Finding, Rule } from './finding.ts'
export { rules } from './finding.ts'

export interface TopologyText {
  readonly file?: string
  /** Undefined when there is an error among the findings. */
  readonly topology: Topology | undefined
  /** Errors and warnings by place. */
  readonly findings: readonly Finding[]
}

export interface ReadOptions {
  readonly file?: string
  /** Gives a user's function, where it is known. */
  readonly functionOf?: (reference: string) => unknown
  /** What somebody else found wrong with this topology, to be told with its place. */
  readonly more?: readonly Issue[]
}

/** Never throws: what is wrong stands in `findings`. */
export function readTopologyText(text: string, { file, ...known }: ReadOptions = {}): TopologyText {
  const named = file === undefined ? {} : { file }
  const reading = new Reading(parseYaml(text, named))
  const topology = reading.document.value === undefined ? sayEmpty(reading) : topologyOf(reading, known)
  const findings = sortedFindings(reading.findings)
  return { ...named, topology: findings.some(({ severity }) => severity === 'error') ? undefined : topology, findings }
}

/** The topology in a text; INVALID with the place of the first mistake, and with all of them in `details.findings`. */
export function topologyOfText(text: string, file: string): Topology {
  const { topology, findings } = readTopologyText(text, { file })
  if (topology !== undefined) return topology
  const errors = findings.filter(({ severity }) => severity === 'error')
  const { line = 1, column = 1, message = 'it can not be read' } = errors[0] ?? {}
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  throw new EventStoreError('INVALID', `${file}:${line}:${column}: ${message}${more}`, { file, findings })
}

function sayEmpty(reading: Reading): undefined {
  if (reading.findings.length === 0) reading.say([], 'empty-file', { message: 'the file is empty; begin it with topology: NAME' })
}

function topologyOf(reading: Reading, { functionOf, more = [] }: ReadOptions): Topology | undefined {
  const root = reading.document.value
  if (!isObject(root)) {
    const message = `a topology file is a mapping that begins with topology: NAME, not ${described(root)}`
    reading.say([], 'wrong-type', { message })
    return undefined
  }
  if ('tests' in root && !('topology' in root)) {
    reading.say(['tests'], 'misplaced-key', { message: 'this is a file of tests; the topology stands in another one', key: true })
    return undefined
  }
  const { tables, ...head } = readHead(reading, root)
  const usedTables = new Set<string>()
  const sources = head.sources.map(({ id }) => id)
  const steps = readSteps(reading, sources, { tables, usedTables })
  const unique = uniqueSteps(sources, steps)
  const topology: Topology = { ...head, steps: unique.map(stepOf) }
  placeIssues(reading, [...topologyIssues(topology, functionOf), ...more], unique)
  if (!reading.hasErrors) placeWarnings(reading, topologyWarnings(topology, functionOf ?? (() => undefined)), unique)
  sayUnused(reading, { sources: head.sources, steps, tables, usedTables })
  return topology
}

/** What is wrong with it is found by the check. */
function stepOf({ id, operator, options, from, inOrder }: ReadStep): Step {
  return { id, operator, options, from, ...(inOrder !== undefined && { inOrder: inOrder as readonly string[] }) }
}

/** Of two steps of one name the first; the other was said to be wrong. */
function uniqueSteps(sources: readonly string[], steps: readonly ReadStep[]): readonly ReadStep[] {
  const seen = new Set(sources)
  return steps.filter(({ id }) => !seen.has(id) && seen.add(id))
}
