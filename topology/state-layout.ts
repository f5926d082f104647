/** How the state of a deployed version lies in the database, and how that of the next one will: plain data that is noted with the version. */
import { operators } from '../operators/index.ts'
import { counterpartOf, type StateVersions, type TopologyDiff } from './diff.ts'
import type { Plan } from './plan.ts'
import { schemaVersionOf, writesRows } from './state-meaning.ts'

export interface StateLayout {
  /** Version of the saved state by step, as the operators had it when the version was deployed. */
  readonly states: StateVersions
  /** By step, how often its rows were made anew or begun anew; also of steps that are gone, so that one of the same id finds nothing of theirs. */
  readonly generations: Readonly<Record<string, number>>
  /** Projections that this version began without a row. */
  readonly cleared: readonly string[]
  /** Steps of the version before whose watermarks mean nothing any more. */
  readonly forgotten: readonly string[]
}

/** State of a step to be made new of what it was. */
export interface StateMigration {
  readonly step: string
  readonly by: 'user' | 'operator'
  readonly from: { readonly stateVersion: number; readonly generation: number; readonly schemaVersion: number }
  readonly to: { readonly stateVersion: number; readonly generation: number }
}

/** A plan with the versions of the state that it was deployed with; a file's are those of now. */
export interface DeployedPlan extends Plan {
  readonly states: StateVersions
}

export const emptyLayout: StateLayout = { states: {}, generations: {}, cleared: [], forgotten: [] }

/** Of a version that begins with nothing. */
export function firstLayout(plan: Plan): StateLayout {
  return { ...emptyLayout, states: statesOf(plan) }
}

function statesOf({ steps }: Plan): StateVersions {
  return Object.fromEntries(
    steps.flatMap(({ id, operator }) => {
      const version = operators[operator]?.spec.stateVersion
      return version === undefined ? [] : [[id, version]]
    }),
  )
}

/** Steps whose operators write another version of their state by now than when the plan was deployed. */
export function outdatedSteps(plan: Plan, { states }: StateLayout = emptyLayout): string[] {
  return Object.entries(statesOf(plan)).flatMap(([id, version]) => ((states[id] ?? 1) === version ? [] : [id]))
}

export interface LaidOut {
  readonly plan: Plan
  readonly layout: StateLayout
}

/** The layout of a version that takes the place of another, and what has to be made new for it first. */
export function nextLayout(old: LaidOut, plan: Plan, diff: TopologyDiff): { layout: StateLayout; migrations: StateMigration[] } {
  const generations: Record<string, number> = { ...old.layout.generations }
  const states = statesOf(plan)
  const migrations: StateMigration[] = []
  const cleared: string[] = []
  const forgotten: string[] = []
  for (const { id, change, by } of diff.steps) {
    const step = plan.steps.find(one => one.id === id)
    const before = step ? counterpartOf(step, old.plan) : old.plan.steps.find(one => one.id === id)
    const isRows = step !== undefined && writesRows(step.operator)
    if (change === 'kept' || change === 'new' || before === undefined || (change === 'migrated' && isRows)) continue
    const generation = generations[id] ?? 0
    generations[id] = generation + 1
    if (change === 'migrated')
      migrations.push({
        step: id,
        by: by ?? 'operator',
        from: { stateVersion: old.layout.states[id] ?? 1, generation, schemaVersion: schemaVersionOf(before) },
        to: { stateVersion: states[id] ?? 1, generation: generation + 1 },
      })
    else forgotten.push(id)
    if (change === 'replay' && isRows) cleared.push(String(step.options['name']))
  }
  return { layout: { states, generations, cleared, forgotten }, migrations }
}
