/** Makes a failing topology and its log small, so that a person can read them. */
import type { GivenEvent } from '../../runtime/trial/given-log.ts'
import type { StepInput } from '../../topology/plan.ts'
import type { Step, Topology } from '../../topology/topology.ts'
import { isValid } from './random-topologies.ts'

export interface Case {
  readonly topology: Topology
  readonly log: readonly GivenEvent[]
}

type Fails = (one: Case) => Promise<boolean>

/** Takes away whatever can go while the case still fails: the log first, because every try folds it. */
export async function shrunk(failing: Case, fails: Fails): Promise<Case> {
  let [best, before] = [failing, undefined as Case | undefined]
  while (best !== before) {
    before = best
    best = await withSmallerTopology(await withShorterLog(best, fails), fails)
  }
  return best
}

/** Leaves out halves, then quarters, down to single events. */
async function withShorterLog(from: Case, fails: Fails): Promise<Case> {
  let best = from
  for (let size = Math.ceil(from.log.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < best.log.length;) {
      const one = { ...best, log: [...best.log.slice(0, start), ...best.log.slice(start + size)] }
      if (await fails(one)) best = one
      else start += size
    }
  }
  return best
}

async function withSmallerTopology(from: Case, fails: Fails): Promise<Case> {
  for (const topology of smallerTopologies(from.topology)) {
    const one = { ...from, topology }
    if (isValid(topology) && (await fails(one))) return withSmallerTopology(one, fails)
  }
  return from
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
      if (name === 'aggregate' && Object.keys(value as object).length > 1)
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
