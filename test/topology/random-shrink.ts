/** Makes a failing topology and its log small, so that a person can read them. */
import type { GivenEvent } from '../../runtime/trial/given-log.ts'
import type { StepInput } from '../../topology/plan.ts'
import type { Step, Topology } from '../../topology/topology.ts'
import { isValid } from './random-topologies.ts'

export interface Case {
  readonly topology: Topology
  readonly log: readonly GivenEvent[]
}

/** Takes away whatever can go while the case still fails. */
export async function shrunk(failing: Case, fails: (one: Case) => Promise<boolean>): Promise<Case> {
  let best = failing
  for (;;) {
    const smaller = await firstFailing(best, fails)
    if (smaller === undefined) return best
    best = smaller
  }
}

async function firstFailing(from: Case, fails: (one: Case) => Promise<boolean>): Promise<Case | undefined> {
  for (const one of smallerCases(from)) if (isValid(one.topology) && (await fails(one))) return one
  return undefined
}

function* smallerCases({ topology, log }: Case): Generator<Case> {
  for (const smaller of smallerTopologies(topology)) yield { topology: smaller, log }
  for (let size = Math.ceil(log.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let start = 0; start < log.length; start += size) yield { topology, log: [...log.slice(0, start), ...log.slice(start + size)] }
}

function* smallerTopologies(topology: Topology): Generator<Topology> {
  const { steps, sources } = topology
  for (let at = steps.length - 1; at >= 0; at--) {
    yield { ...topology, steps: withoutBranch(steps, at) }
    yield { ...topology, steps: withoutStep(steps, at) }
  }
  for (const [at, step] of steps.entries()) {
    const replaced = (by: Step): Topology => ({ ...topology, steps: steps.with(at, by) })
    for (let input = 0; step.from.length > 1 && input < step.from.length; input++)
      yield replaced({ ...step, from: step.from.filter((_, index) => index !== input) })
    for (const name of Object.keys(step.options)) {
      const { [name]: value, ...options } = step.options
      yield replaced({ ...step, options })
      if (name === 'aggregate')
        for (const result of Object.keys(value as object))
          yield replaced({ ...step, options: { ...options, [name]: { [result]: (value as Record<string, unknown>)[result] } } })
    }
  }
  for (const { id } of sources)
    if (sources.length > 1 && !steps.some(({ from }) => from.some(({ step }) => step === id)))
      yield { ...topology, sources: sources.filter(source => source.id !== id) }
}

/** A step and all that stands behind it alone. */
function withoutBranch(steps: readonly Step[], at: number): Step[] {
  const gone = new Set([steps[at]?.id])
  return steps.flatMap(step => {
    const from = step.from.filter(input => !gone.has(input.step))
    if (gone.has(step.id) || from.length === 0) gone.add(step.id)
    return gone.has(step.id) ? [] : [{ ...step, from }]
  })
}

/** Those behind a step take their rows from where it took them. */
function withoutStep(steps: readonly Step[], at: number): Step[] {
  const gone = steps[at] as Step
  return steps.flatMap(step => {
    if (step === gone) return []
    const from = step.from.flatMap((input): readonly StepInput[] => (input.step === gone.id ? gone.from : [input]))
    const unique = from.filter((input, index) => from.findIndex(one => one.step === input.step && one.port === input.port) === index)
    return [{ ...step, from: unique }]
  })
}
