/** What becomes of the state of a topology when another version takes its place: a plain object, made before anything happens. */
import { operators } from '../operators/index.ts'
import type { LogSource, Plan, PlanSource, PlanStep } from './plan.ts'
import { canonical, differencesOf, isRekeyed, keepsState, SCHEMA_VERSION, schemaVersionOf, UPGRADE, writesRows } from './state-meaning.ts'

/**
 * `kept`: goes on with the state it has. `migrated`: state is made new of the old. `new`: begins empty, with the rows that come from then on.
 * `dropped`: is not there any more. `replay`: its state of before is of no use, and only a fold from the first event on makes it right.
 */
export type StepChange = 'kept' | 'migrated' | 'new' | 'dropped' | 'replay'

export interface StepDiff {
  /** Of the step, or of the source. */
  readonly id: string
  readonly operator: string
  readonly change: StepChange
  /** In words. */
  readonly why: string
  /** Who makes new state of the old: a function of the user, or the operator itself. */
  readonly by?: 'user' | 'operator'
  /** Something that was kept is lost, or missing, if the version goes on from where the one before stood: refused unless that is accepted. */
  readonly isLoss: boolean
}

export interface TopologyDiff {
  readonly topology: string
  /** Versions. */
  readonly from: number
  readonly to: number
  /** The source first, the steps of the new version in their order, then those that are not there any more. */
  readonly steps: readonly StepDiff[]
  /** A deploy goes on where the version before stood, without being told to accept a loss. */
  readonly isSafe: boolean
}

/** Versions of the saved state by step, as the operators of the time had them. */
export type StateVersions = Readonly<Record<string, number>>

/** Compares two plans. `saved`: how the state of the old one was written; as written by the first version of each operator where it does not say. */
export function diffPlans(old: Plan, plan: Plan, saved: StateVersions = {}): TopologyDiff {
  const changed = changedAncestors(old, plan)
  const steps = [
    sourceDiff(old.source, plan.source),
    ...plan.steps.map(step => stepDiff(counterpartOf(step, old), step, { saved, isFedDifferently: changed.has(step.id) })),
    ...old.steps.filter(step => !plan.steps.some(one => counterpartOf(one, old) === step)).map(droppedStep),
  ]
  return { topology: plan.topology, from: old.version, to: plan.version, steps, isSafe: steps.every(({ isLoss }) => !isLoss) }
}

/** The step whose state it goes on with: of the same id, or that writes the same projection. */
export function counterpartOf(step: PlanStep, { steps }: Pick<Plan, 'steps'>): PlanStep | undefined {
  if (!writesRows(step.operator)) return steps.find(({ id }) => id === step.id)
  return steps.find(({ operator, options }) => writesRows(operator) && options['name'] === step.options['name'])
}

interface Known {
  readonly saved: StateVersions
  readonly isFedDifferently: boolean
}

function stepDiff(old: PlanStep | undefined, step: PlanStep, { saved, isFedDifferently }: Known): StepDiff {
  const { id, operator } = step
  const say = (change: StepChange, why: string, rest: Pick<StepDiff, 'by'> & { readonly isLoss?: boolean } = {}): StepDiff => ({
    id,
    operator,
    change,
    why,
    isLoss: false,
    ...rest,
  })
  if (old === undefined)
    return say('new', keepsState(step) ? 'begins empty, with the rows that come from then on' : 'keeps nothing between rows')
  const hadState = keepsState(old)
  if (!keepsState(step))
    return hadState
      ? say('replay', `step ${id} kept state as ${old.operator} and keeps none now`, { isLoss: true })
      : say('kept', isSame(old, step) ? 'as it was' : 'keeps nothing between rows, so it may change')
  if (!hadState) return say('new', `kept nothing as ${old.operator}; begins empty, with the rows that come from then on`)
  if (old.operator !== operator) return say('replay', `was ${old.operator}, whose state ${operator} can not go on with`, { isLoss: true })
  const differences = differencesOf(old, step)
  if (differences.length > 0) return changedStep({ old, step, differences }, say)
  const version = operators[operator]?.spec.stateVersion ?? 1
  const before = saved[id] ?? 1
  if (before !== version) return otherShape({ operator, before, version }, say)
  return say('kept', isFedDifferently ? 'goes on with its state; rows reach it in another way from then on' : 'goes on with its state')
}

type Say = (change: StepChange, why: string, rest?: Pick<StepDiff, 'by'> & { readonly isLoss?: boolean }) => StepDiff

function changedStep(
  { old, step, differences }: { readonly old: PlanStep; readonly step: PlanStep; readonly differences: readonly string[] },
  say: Say,
): StepDiff {
  if (step.operator === 'foldInto') return say('migrated', 'its module makes every row new', { by: 'user' })
  const what = differences.includes(SCHEMA_VERSION)
    ? `its state has schema version ${schemaVersionOf(old)} and is to have ${schemaVersionOf(step)}`
    : `${differences.join(', ')} changed, and its state depends on that`
  const upgrade = step.options[UPGRADE]
  if (typeof upgrade !== 'string') return say('replay', `${what}; there is no ${UPGRADE}`, { isLoss: true })
  if (isRekeyed(old, step)) return say('replay', `${what}; ${UPGRADE} makes new state, not new keys`, { isLoss: true })
  return say('migrated', `${what}; ${upgrade} makes it new`, { by: 'user' })
}

function otherShape(
  { operator, before, version }: { readonly operator: string; readonly before: number; readonly version: number },
  say: Say,
): StepDiff {
  const what = `its state was written in version ${before} of its shape, and ${operator} writes version ${version}`
  if (canUpgrade(operator, before)) return say('migrated', `${what}; the operator makes it new`, { by: 'operator' })
  return say('replay', `${what}, which can not be made of it`, { isLoss: true })
}

/** Each version between can be made of the one before. */
export function canUpgrade(operator: string, from: number): boolean {
  const known = operators[operator]
  const to = known?.spec.stateVersion ?? 1
  if (from >= to) return false
  return Array.from({ length: to - from }, (_, i) => from + i).every(version => known?.upgrades?.[version] !== undefined)
}

function droppedStep(old: PlanStep): StepDiff {
  const isLoss = keepsState(old)
  const what = writesRows(old.operator) ? 'the rows of its projection go' : 'its state goes'
  return { id: old.id, operator: old.operator, change: 'dropped', why: isLoss ? what : 'kept nothing between rows', isLoss }
}

function sourceDiff(old: PlanSource, source: PlanSource): StepDiff {
  const say = (change: StepChange, why: string): StepDiff => {
    return { id: source.id, operator: source.kind, change, why, isLoss: change === 'replay' }
  }
  if (old.kind === 'generate' || source.kind === 'generate') {
    const isAlike = old.kind === source.kind && canonical({ ...old, id: '' }) === canonical({ ...source, id: '' })
    return isAlike ? say('kept', 'goes on where it stood') : say('replay', 'makes other rows than before')
  }
  const missed = missedBy(old, source)
  if (missed.length > 0)
    return say('replay', `follows ${missed.join(' and ')} that were not followed before: those there are would be missing`)
  return say('kept', 'goes on where it stood')
}

/** What the new source follows of events that were there and were not followed. */
function missedBy(old: LogSource, source: LogSource): string[] {
  const missed: string[] = []
  for (const name of ['types', 'categories'] as const) {
    const [before, now] = [old[name], source[name]]
    if (before === undefined) continue
    if (now === undefined) missed.push(`all ${name}`)
    const added = (now ?? []).filter(one => !before.includes(one))
    if (added.length > 0) missed.push(`${name} ${added.join(', ')}`)
  }
  return missed
}

/** The step is what it was, and takes its rows from where it took them. */
function isSame(old: PlanStep, step: PlanStep): boolean {
  return canonical([old.operator, old.options, old.from, old.inOrder]) === canonical([step.operator, step.options, step.from, step.inOrder])
}

/** Steps before which something is not as it was. */
function changedAncestors(old: Plan, plan: Plan): ReadonlySet<string> {
  const changed = new Set<string>()
  const isOther = (id: string): boolean => {
    const step = plan.steps.find(one => one.id === id)
    const before = old.steps.find(one => one.id === id)
    return step !== undefined && (before === undefined || !isSame(before, step))
  }
  for (const { id, from } of plan.steps) {
    const before = old.steps.find(one => one.id === id)
    const isRewired = before !== undefined && canonical(before.from) !== canonical(from)
    if (isRewired || from.some(({ step }) => changed.has(step) || isOther(step))) changed.add(id)
  }
  return changed
}
