/**
 * How a plan is cut when it runs in lanes: keyed steps whose rows can be split by key become sections, each run side by side in all lanes; what
 * stands before, between and behind them is run by the lead, in layers. Rows are split where they enter a section and come back in one order.
 */
import { operators } from '../operators/index.ts'
import type { Plan, PlanStep } from './plan.ts'

export interface Section {
  /** The keyed step before which rows are split. */
  readonly entry: string
  /** By which columns, for each input of the entry. */
  readonly splitBy: readonly (readonly string[])[]
  /** From 1: a section takes rows of layers and sections below. */
  readonly level: number
  /** The entry first, each behind the one it takes from. */
  readonly steps: readonly string[]
  /** Columns that cross to the lanes; `*` for all. */
  readonly columns: readonly string[]
}

export interface Sections {
  /** By level, then in the order of the plan. */
  readonly sections: readonly Section[]
  /** The layer of each step that the lead runs, from 0. Layer n runs when the sections of level n have answered. */
  readonly layers: ReadonlyMap<string, number>
  /** The last layer; sinks are in it, but for those whose rows others catch, so that what is seen outside comes in the order of the rows. */
  readonly lastLayer: number
}

/** Operators behind which the columns of a key hold what they held before. */
const keyKeepers: ReadonlySet<string> = new Set([
  ...['filter', 'route', 'tap', 'keyBy', 'validate', 'dedupe', 'count', 'changes', 'latest', 'topN'],
  ...['tumble', 'hop', 'cumulate', 'session', 'countWindow', 'globalWindow', 'over'],
])

/** Whether a step, or the way into the section that it begins, is part of a layer. */
export function isInLayer({ sections, layers }: Sections, step: string, layer: number): boolean {
  return layers.get(step) === layer || sections.some(({ entry, level }) => entry === step && level === layer + 1)
}

interface Draft {
  readonly entry: PlanStep
  readonly splitBy: readonly (readonly string[])[]
  readonly level: number
  readonly steps: string[]
  /** Steps behind which the columns of the split are as they were. */
  readonly keeping: Set<string>
}

export function sectionsOf(plan: Plan): Sections {
  const steps = new Map(plan.steps.map(step => [step.id, step]))
  const withDeadTaken = new Set(plan.steps.flatMap(({ from }) => from.filter(({ port }) => port === 'dead').map(({ step }) => step)))
  const drafts: Draft[] = []
  const merged = mergedSteps(plan)
  const places = new Map<string, Draft | number>([[plan.source.id, 0]])
  for (const step of plan.steps) {
    const inputs = step.from.map(from => places.get(from.step) ?? 0)
    const isApart = withDeadTaken.has(step.id) || (merged.has(step.id) && firesByRows(step))
    const draft = isApart ? undefined : draftFor(step, inputs)
    if (draft === undefined) places.set(step.id, Math.max(0, ...inputs.map(levelOf)))
    else {
      places.set(step.id, draft)
      if (!drafts.includes(draft)) drafts.push(draft)
      draft.steps.push(step.id)
    }
  }
  const lastLayer = Math.max(0, ...drafts.map(({ level }) => level))
  const layers = new Map<string, number>()
  for (const [id, place] of places) {
    const step = steps.get(id)
    if (step === undefined || typeof place !== 'number') continue
    const isLast = operators[step.operator]?.spec.kind === 'sink' && !withDeadTaken.has(id)
    layers.set(id, isLast ? lastLayer : place)
  }
  const sections = drafts.toSorted((a, b) => a.level - b.level).map(sectionOf)
  return { sections, layers, lastLayer }
}

/** Steps of which the rows may be stamped with later watermarks than those that come in band, since streams were merged before them. */
function mergedSteps({ steps }: Plan): ReadonlySet<string> {
  const merged = new Set<string>()
  for (const { id, from } of steps) if (from.length > 1 || from.some(({ step }) => merged.has(step))) merged.add(id)
  return merged
}

/** Windows whose results leave when the stamp of any row says so: a lane does not see the rows of others. */
function firesByRows({ operator, options }: PlanStep): boolean {
  return operator === 'session' || operator === 'globalWindow' || options['allowedLateness'] !== undefined || options['emit'] !== undefined
}

function levelOf(place: Draft | number): number {
  return typeof place === 'number' ? place : place.level
}

/** The section a step belongs to: that of the step before it, or one that it begins; undefined for steps of the lead. */
function draftFor(step: PlanStep, inputs: readonly (Draft | number)[]): Draft | undefined {
  const [only, ...others] = inputs
  const before = others.length === 0 && typeof only === 'object' && step.from[0]?.port !== 'dead' ? only : undefined
  const splitBy = columnsOfSplit(step)
  const feeder = step.from[0]?.step as string
  if (before !== undefined && splitBy === undefined && isAlone(step)) {
    if (before.keeping.has(feeder) && keyKeepers.has(step.operator)) before.keeping.add(step.id)
    return before
  }
  if (splitBy === undefined) return undefined
  if (before?.keeping.has(feeder) === true && isWithin(before.splitBy, splitBy)) {
    if (keyKeepers.has(step.operator)) before.keeping.add(step.id)
    return before
  }
  const level = 1 + Math.max(0, ...inputs.map(levelOf))
  return { entry: step, splitBy, level, steps: [], keeping: new Set(keyKeepers.has(step.operator) ? [step.id] : []) }
}

/** A step that looks at each row by itself, and at nothing else. */
function isAlone({ operator, options, sideInputs, inOrder }: PlanStep): boolean {
  const spec = operators[operator]?.spec
  const looksUp = typeof options['table'] === 'object' && options['table'] !== null && 'projection' in options['table']
  return spec?.kind === 'stateless' && spec.stateVersion === undefined && sideInputs === undefined && inOrder === undefined && !looksUp
}

/** For each input the columns by which its rows may be split; undefined when they must all meet in one place. */
function columnsOfSplit({ operator, options, from, inOrder, sideInputs, row }: PlanStep): readonly (readonly string[])[] | undefined {
  const { splitBy, spec } = operators[operator] ?? {}
  // A table of a join is split by the same key; rows of a projection may be wanted anywhere.
  const looksUp = sideInputs !== undefined && spec?.inputs === undefined
  if (splitBy === undefined || inOrder !== undefined || looksUp) return undefined
  const columns = from.map((_, input) => splitBy(options as never, row?.key ?? [], input))
  const [first] = columns
  return first !== undefined && first.length > 0 && columns.every(({ length }) => length === first.length) ? columns : undefined
}

/** Rows that are equal in the columns of the step are equal in those by which they were split. */
function isWithin([split = []]: Draft['splitBy'], [own = []]: readonly (readonly string[])[]): boolean {
  return split.every(name => own.includes(name))
}

function sectionOf({ entry, splitBy, level, steps }: Draft): Section {
  const { reads = ['*'] } = entry
  const columns = reads.includes('*') ? ['*'] : [...new Set([...reads, ...splitBy.flat()])]
  return { entry: entry.id, splitBy, level, steps, columns }
}
