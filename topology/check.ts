/** Checks a topology before anything runs: every mistake is found at once, names its step, and says what was probably meant. */
import { EventStoreError, isEventStoreError } from '../event/error.ts'
import { anyRow } from '../operators/expressions/types.ts'
import { operators } from '../operators/index.ts'
import { sourceIssues, topologyHeadIssues } from './check-head.ts'
import { inOrderIssues } from './check-in-order.ts'
import { optionIssues } from './check-options.ts'
import type { Issue, OptionIssue } from './issue.ts'
import { sharedIssues, takenIssues, withJoinedProjection } from './joined-projections.ts'
import { hint } from './nearest.ts'
import { noOperator } from './operator-words.ts'
import { isObject } from './proof.ts'
import { RowTypes } from './row-types.ts'
import type { Step, Topology } from './topology.ts'

export type { Issue } from './issue.ts'

/** All mistakes; none when the topology can run. `functionOf` gives a user's function, if it is known. */
export function topologyIssues(topology: Topology, functionOf: (reference: string) => unknown = () => undefined): Issue[] {
  const issues = [...topologyHeadIssues(topology), ...sourceIssues(topology)]
  const known = new Map<string, Step | undefined>(topology.sources.map(({ id }) => [id, undefined]))
  const rows = new RowTypes(topology.sources, functionOf)
  for (const step of topology.steps) {
    const found = [...idIssues(step, known), ...stepIssues(step, topology, { known, rows })]
    issues.push(...found.map(issue => ({ step: step.id, ...issue })))
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
  const looksRight =
    isObject(plain) && typeof plain['name'] === 'string' && Array.isArray(plain['steps']) && Array.isArray(plain['sources'])
  if (looksRight) return checkTopology(JSON.parse(JSON.stringify(plain)) as Topology)
  throw new EventStoreError('INVALID', 'the module exports no topology; export what topology(…) or projection(…) made', {})
}

interface Around {
  readonly known: ReadonlyMap<string, Step | undefined>
  readonly rows: RowTypes
}

function idIssues({ id }: Step, known: Around['known']): OptionIssue[] {
  const say = (message: string): OptionIssue[] => [{ path: ['id'], message }]
  if (typeof id !== 'string' || !/^[^\p{Cc}]{1,200}$/u.test(id)) return say('its id must be a text of 1 to 200 characters')
  return known.has(id) ? say('its id is taken by another step; give one of them another id') : []
}

function stepIssues(step: Step, topology: Topology, { known, rows }: Around): OptionIssue[] {
  const operator = Object.hasOwn(operators, step.operator) ? operators[step.operator] : undefined
  if (operator === undefined) return [{ path: ['operator'], message: noOperator(step.operator) }]
  const inputs = inputIssues(step, known)
  const row = inputs.length > 0 ? anyRow : rows.into(step)
  const issues = [...optionIssues(step.options, operator.spec.options, { path: [], row }), ...inOrderIssues(step, topology, row), ...inputs]
  if (issues.length > 0) return issues
  if (operator.spec.needsEventTime === true && !row.isTimed)
    issues.push({ path: [], message: `${step.operator} needs an event time, but no eventTime stands before it` })
  if (topology.guarantee === 'exactlyOnce' && operator.spec.guarantee === 'atLeastOnce')
    issues.push({ path: [], message: `${step.operator} may repeat what it did after a crash, but the topology asks for exactlyOnce` })
  return [...issues, ...passIssues(step, topology, rows)]
}

/** What the operator itself says of its options and the columns that come in. */
function passIssues(step: Step, { steps }: Topology, rows: RowTypes): OptionIssue[] {
  const issues = [...takenIssues(step, steps, writer => rows.into(writer)), ...sharedIssues(step, steps)]
  if (issues.length > 0) return issues
  try {
    rows.pass({ ...withJoinedProjection(step, steps), from: step.from })
    return []
  } catch (error) {
    if (!isEventStoreError(error, 'INVALID')) throw error
    const { option } = error.details
    const path = typeof option === 'string' ? option.split('.').map(part => (/^\d+$/.test(part) ? Number(part) : part)) : []
    return [{ path, message: error.message }]
  }
}

function portsOf(step: Step | undefined): string[] {
  const operator = step && operators[step.operator]
  if (step === undefined || operator === undefined) return ['main']
  try {
    return Object.keys({ ...operator.spec.ports, ...operator.portsOf?.(step.options as never) })
  } catch {
    // Its options are wrong, which is said where it stands.
    return Object.keys(operator.spec.ports)
  }
}

function inputIssues(step: Step, known: Around['known']): OptionIssue[] {
  if (!Array.isArray(step.from) || step.from.length === 0)
    return [{ path: ['from'], message: 'it takes its rows from nowhere; name a step in from' }]
  const wanted = operators[step.operator]?.spec.inputs
  if (wanted !== undefined && step.from.length !== wanted)
    return [{ path: ['from'], message: `${step.operator} joins two inputs and takes ${step.from.length}; write from: [left, right]` }]
  const seen = new Set<string>()
  return step.from.flatMap((from, index): OptionIssue[] => {
    const say = (message: string): OptionIssue[] => [{ path: ['from', index], message }]
    const name = `${from.step} ${from.port}`
    if (seen.has(name) && wanted === undefined) return say(`it takes the port ${from.port} of ${from.step} twice`)
    seen.add(name)
    if (!known.has(from.step)) return say(`there is no step ${from.step} before it${hint(from.step, [...known.keys()])}`)
    const before = known.get(from.step)
    if (from.port === 'dead' && before === undefined) return say(`${from.step} is a source and gives up no rows`)
    const takesDead = operators[step.operator]?.spec.takesDead === true
    if (takesDead && from.port !== 'dead') return say(`${step.operator} takes the rows that steps gave up: ${from.step}.dead`)
    if (from.port === 'dead' && takesDead && before?.inOrder !== undefined)
      return say(`${from.step} keeps its dead letters in order (inOrder), so nobody may catch its rows; leave one of the two out`)
    if (from.port === 'dead')
      return takesDead ? [] : say(`only catch takes rows that were given up; put one between ${from.step} and ${step.id}`)
    const ports = portsOf(before)
    if (ports.length === 0) return say(`it can not take rows from ${from.step}, which is a sink`)
    return ports.includes(from.port)
      ? []
      : say(`${from.step} has no port ${from.port}${hint(from.port, ports)} (it has: ${ports.join(', ')})`)
  })
}
