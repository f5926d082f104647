/** Checks a topology before anything runs: every mistake is found at once, names its step, and says what was probably meant. */
import { EventStoreError } from '../event/error.ts'
import { operators } from '../operators/index.ts'
import { optionIssues } from './check-options.ts'
import { hint } from './nearest.ts'
import type { Step, Topology } from './topology.ts'

export interface Issue {
  /** Id of the step; left out for what concerns the whole topology. */
  readonly step?: string
  readonly message: string
}

/** All mistakes; none when the topology can run. */
export function topologyIssues(topology: Topology): Issue[] {
  const issues = headIssues(topology)
  const known = new Map<string, Step | undefined>([[topology.source.id, undefined]])
  for (const step of topology.steps) {
    const add = (message: string): void => void issues.push({ step: step.id, message })
    if (typeof step.id !== 'string' || !/^[^\p{Cc}]{1,200}$/u.test(step.id)) add('its id must be a text of 1 to 200 characters')
    else if (known.has(step.id)) add('its id is taken by another step; give one of them another id')
    for (const message of stepIssues(step, known)) add(message)
    if (!known.has(step.id)) known.set(step.id, step)
  }
  return issues
}

/** The topology itself; INVALID with all mistakes in `details.issues`. */
export function checkTopology(topology: Topology): Topology {
  const issues = topologyIssues(topology)
  const [first] = issues
  if (first === undefined) return topology
  const where = first.step === undefined ? '' : `step ${first.step}: `
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : ''
  throw new EventStoreError('INVALID', `topology ${topology.name}: ${where}${first.message}${more}`, { topology: topology.name, issues })
}

/** What a module exports as a topology: the plain object, or a builder that holds one. Checked. */
export function readTopology(value: unknown): Topology {
  const plain = isObject(value) && 'definition' in value ? value['definition'] : value
  const looksRight = isObject(plain) && typeof plain['name'] === 'string' && Array.isArray(plain['steps']) && isObject(plain['source'])
  if (looksRight) return checkTopology(JSON.parse(JSON.stringify(plain)) as Topology)
  throw new EventStoreError('INVALID', 'the module exports no topology; export what topology(…) made', {})
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function headIssues({ name, version, source }: Topology): Issue[] {
  const issues: Issue[] = []
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name)) {
    issues.push({ message: `its name must be 1 to 128 letters, digits, dots, dashes and underscores, not ${JSON.stringify(name)}` })
  }
  if (!Number.isSafeInteger(version) || version < 1)
    issues.push({ message: `its version must be a whole number from 1, not ${JSON.stringify(version)}` })
  if (source.kind === 'generate' && !/^[^#]*#[^#]+$/.test(source.reference)) {
    issues.push({ step: source.id, message: `what it generates must be given as module#export, not ${JSON.stringify(source.reference)}` })
  }
  if (source.kind === 'log') {
    for (const name of ['types', 'categories'] as const) {
      const list: unknown = source[name]
      const isRight =
        list === undefined || (Array.isArray(list) && list.length > 0 && list.every(one => typeof one === 'string' && one !== ''))
      if (!isRight) issues.push({ step: source.id, message: `${name} must be a list of texts` })
    }
  }
  return issues
}

type Known = ReadonlyMap<string, Step | undefined>

function stepIssues(step: Step, known: Known): string[] {
  const operator = operators[step.operator]
  if (operator === undefined) return [`there is no operator ${step.operator}${hint(step.operator, Object.keys(operators))}`]
  const issues = [...optionIssues(step.options, operator.spec.options), ...inputIssues(step, known)]
  if (issues.length > 0) return issues
  if (operator.spec.needsEventTime === true && !step.from.every(from => hasEventTime(from.step, known))) {
    issues.push(`${step.operator} needs an event time, but no eventTime stands before it`)
  }
  return [...issues, ...nameIssues(step, known)]
}

function inputIssues(step: Step, known: Known): string[] {
  if (!Array.isArray(step.from) || step.from.length === 0) return ['it takes its rows from nowhere; name a step in from']
  const seen = new Set<string>()
  return step.from.flatMap(from => {
    const name = `${from.step} ${from.port}`
    if (seen.has(name)) return [`it takes the port ${from.port} of ${from.step} twice`]
    seen.add(name)
    if (!known.has(from.step)) return [`there is no step ${from.step} before it${hint(from.step, [...known.keys()])}`]
    const before = known.get(from.step)
    const ports = before === undefined ? ['main'] : Object.keys(operators[before.operator]?.spec.ports ?? { main: '' })
    if (ports.length === 0) return [`it can not take rows from ${from.step}, which is a sink`]
    return ports.includes(from.port) ? [] : [`${from.step} has no port ${from.port}${hint(from.port, ports)} (it has: ${ports.join(', ')})`]
  })
}

/** Windows stamp what they give; other steps hand on what they got; totals have no time. */
function hasEventTime(id: string, known: Known): boolean {
  const step = known.get(id)
  if (step === undefined || step.operator === 'total') return false
  if (step.operator === 'eventTime' || step.operator === 'tumble') return true
  return step.from.every(from => hasEventTime(from.step, known))
}

/** The columns of a window must not take each other's names. */
function nameIssues(step: Step, known: Known): string[] {
  const aggregate = step.options['aggregate']
  if (!isObject(aggregate)) return []
  const taken = new Set(step.operator === 'tumble' ? ['windowStart', 'windowEnd'] : [])
  for (const from of step.from) for (const field of keyOf(from.step, known)) taken.add(field)
  return Object.keys(aggregate).flatMap(name =>
    taken.has(name) ? [`the aggregate ${name} has the name of another column; give it another`] : [],
  )
}

/** The key columns in force behind a step. */
function keyOf(id: string, known: Known): readonly string[] {
  const step = known.get(id)
  if (step === undefined || step.operator === 'tumble' || step.operator === 'total') return []
  if (step.operator === 'keyBy') return step.options['fields'] as readonly string[]
  return step.from.flatMap(from => keyOf(from.step, known))
}
