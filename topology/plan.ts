/** A topology made ready to run: a plain object that crosses threads, with the columns that the source must decode. */
import type { RowType } from '../operators/expressions/types.ts'
import { isFunctionReference } from '../operators/functions.ts'
import { operators } from '../operators/index.ts'
import type { FieldSet, JoinedInput, OptionSpec } from '../operators/operator.ts'
import { withJoinedProjections } from './joined-projections.ts'
import { rowTypesOf } from './row-types.ts'
import type { FollowedLog, Step, Topology } from './topology.ts'

/** Rows of the log that one source of the topology wants; they leave the log's source by a port of its name. */
export interface LogTap {
  readonly port: string
  readonly types?: readonly string[]
  readonly categories?: readonly string[]
}

/** The log, followed from the start or from the last epoch. */
export interface LogSource {
  readonly id: string
  readonly kind: 'log'
  readonly types?: readonly string[]
  readonly categories?: readonly string[]
  /** Where the topology has several sources: what each of them wants of the rows read. Without it all rows leave by `main`. */
  readonly taps?: readonly LogTap[]
  /**
   * Columns to decode: names of the fields of `data`, `*` for all of them; of the envelope `$stream`, `$type`, `$time`, `$recorded`,
   * `$version`, `$partition`, `$sequence`, `$id` and `$event` (all of it), which `*` does not include.
   */
  readonly fields: readonly string[]
}

/** Pages made by a user's function: `(options) => { next(rows, fromRow): Page | null }`; the order is the row number. */
export interface GenerateSource {
  readonly id: string
  readonly kind: 'generate'
  /** `module#export` */
  readonly reference: string
  readonly options: unknown
  /** Columns to keep of its pages: names, or `*` for all of them; all when left out. */
  readonly fields?: readonly string[]
}

export type PlanSource = LogSource | GenerateSource

/** Where a step takes its rows from: a port of an earlier step, or `main` of a source. */
export interface StepInput {
  readonly step: string
  readonly port: string
}

export interface PlanStep {
  readonly id: string
  readonly operator: string
  readonly options: Readonly<Record<string, unknown>>
  readonly from: readonly StepInput[]
  /** Columns that are the key by which later rows wait behind one that was given up. */
  readonly inOrder?: readonly string[]
  /** What is known of the columns that come in; nothing when left out. */
  readonly row?: RowType
  /** The columns it needs of those that come in; `*` for all. */
  readonly reads?: readonly string[]
  /** Of a join: what is known and needed of each input. */
  readonly inputs?: readonly JoinedInput[]
  /** Inputs from this number on are only looked up in: they hold no watermark back. */
  readonly sideInputs?: number
}

export interface Plan {
  readonly topology: string
  readonly version: number
  readonly source: PlanSource
  /** In an order in which every step stands behind those it takes from. */
  readonly steps: readonly PlanStep[]
  /** Time between two writes of its state; the node's when left out. */
  readonly epochMs?: number
  /** Between two ticks at least; a second when left out. */
  readonly tickMs?: number
  readonly until?: 'head'
  /** Of a projection as code: it can be exchanged for another of its name; and whether it makes rows of an earlier revision new. */
  readonly projection?: { readonly upgrades: boolean }
}

export interface PlanOptions {
  /** Gives the value of `module#export`, so that the columns a function declares are known; without it a function reads all columns. */
  readonly resolve?: (reference: string) => Promise<unknown>
  readonly until?: 'head'
}

/** Id of the source in plans of several sources. */
const joinedLog = 'log'

/** Plans a checked topology. */
export async function planTopology(topology: Topology, { resolve, until }: PlanOptions = {}): Promise<Plan> {
  const functions = new Map<string, unknown>()
  for (const reference of resolve ? functionsOf(topology) : []) functions.set(reference, await resolve?.(reference))
  const functionOf = (reference: string): unknown => functions.get(reference)
  const inputs = new Map<string, readonly RowType[]>()
  const rows = rowTypesOf(topology, functionOf, (step, rows) => operators[step.operator]?.spec.inputs && inputs.set(step.id, rows))
  const joined = withJoinedProjections(topology)
  const wanted = columnsWanted(joined, functionOf)
  const source = planSource(topology, wanted.ofSource)
  const steps = joined.map((step): PlanStep => {
    const row = rows.get(step.id)
    const reads = [...wanted.intoStep(step.id)].sort()
    const from = step.from.map(from => planInput(from, topology, source))
    const joined = inputs.get(step.id)?.map((row, input) => ({ row, reads: [...wanted.byInput(step, input)].sort() }))
    return { ...step, from, ...(row && { row }), reads, ...(joined && { inputs: joined }), ...sideInputsOf(step) }
  })
  const { name, version, epochMs, tickMs } = topology
  const pace = { ...(epochMs !== undefined && { epochMs }), ...(tickMs !== undefined && { tickMs }) }
  return { topology: name, version, source, steps, ...pace, ...(until && { until }) }
}

function sideInputsOf({ operator, options }: Step): Pick<PlanStep, 'sideInputs'> {
  const table = options['table'] as { readonly joined?: number } | undefined
  const joined = table?.joined ?? operators[operator]?.sideInputs?.(options as never)
  return joined === undefined ? {} : { sideInputs: joined }
}

function planSource({ sources }: Topology, wanted: (source: string) => FieldSet): PlanSource {
  const [first, ...rest] = sources
  if (first?.kind === 'generate') {
    const { id, kind, reference, options } = first
    return { id, kind, reference, options, fields: columnsOfSource(wanted(id)) }
  }
  const followed = sources as readonly FollowedLog[]
  const decoded = columnsOfSource(new Set(followed.flatMap(({ id }) => [...wanted(id)])))
  if (rest.length === 0) return { id: first?.id ?? joinedLog, kind: 'log', ...filterOf(followed), fields: decoded }
  const taps = followed.map(({ id, types, categories }): LogTap => ({
    port: id,
    ...(types && { types }),
    ...(categories && { categories }),
  }))
  return { id: joinedLog, kind: 'log', ...filterOf(followed), taps, fields: decoded }
}

/** All columns stand for those of the data; of the envelope's there are only those that somebody names. */
function columnsOfSource(fields: FieldSet): readonly string[] {
  return fields.has('*') ? ['*', ...[...fields].filter(field => field.startsWith('$')).sort()] : [...fields].sort()
}

/** What the log is asked for: whatever any of the sources wants. */
function filterOf(followed: readonly FollowedLog[]): Pick<LogSource, 'types' | 'categories'> {
  const all = (name: 'types' | 'categories'): readonly string[] | undefined =>
    followed.every(source => source[name] !== undefined) ? [...new Set(followed.flatMap(source => source[name] ?? []))] : undefined
  const [types, categories] = [all('types'), all('categories')]
  return { ...(types && { types }), ...(categories && { categories }) }
}

function planInput(from: StepInput, { sources }: Topology, source: PlanSource): StepInput {
  const isTap = sources.length > 1 && sources.some(({ id }) => id === from.step)
  return isTap ? { step: source.id, port: from.step } : from
}

/** All functions of the user that a topology names. */
export function functionsOf({ steps }: Pick<Topology, 'steps'>): readonly string[] {
  return [...new Set(steps.flatMap(step => references(step.options, operators[step.operator]?.spec.options ?? {})))]
}

function references(options: Readonly<Record<string, unknown>>, specs: Readonly<Record<string, OptionSpec>>): string[] {
  return Object.entries(specs).flatMap(([name, spec]) => {
    const value = options[name]
    if (value === undefined) return []
    if (spec.type === 'group' || (spec.type === 'choice' && typeof value === 'object'))
      return references(value as Readonly<Record<string, unknown>>, spec.options ?? {})
    if (spec.type === 'routes') return Object.values(value as Readonly<Record<string, unknown>>).filter(isFunctionReference)
    return ['function', 'condition', 'mapping'].includes(spec.type) && isFunctionReference(value) ? [value] : []
  })
}

interface Wanted {
  ofSource(id: string): FieldSet
  intoStep(id: string): FieldSet
  byInput(step: Step, input: number): FieldSet
}

/** Walks back from the sinks: what each step needs is wanted from the ports it takes from. */
function columnsWanted(steps: readonly Step[], functionOf: (reference: string) => unknown): Wanted {
  const wanted = new Map<string, Set<string>>()
  const needed = new Map<string, FieldSet>()
  const wantedAt = (step: string, port: string): FieldSet => wanted.get(`${step}\n${port}`) ?? new Set()
  const byInput = (step: Step, input: number): FieldSet => {
    const own = operators[step.operator]?.needs(step.options as never, port => wantedAt(step.id, port), functionOf, input) ?? []
    // Rows that a step gives up leave it as they came: whoever catches them wants their columns from before it.
    return new Set([...own, ...wantedAt(step.id, 'dead'), ...(step.inOrder ?? [])])
  }
  for (const step of steps.toReversed()) {
    const inputs = operators[step.operator]?.spec.inputs ?? 1
    const needs = Array.from({ length: inputs }, (_, input) => byInput(step, input))
    needed.set(step.id, new Set(needs.flatMap(names => [...names])))
    for (const [input, from] of step.from.entries()) {
      const name = `${from.step}\n${from.port}`
      wanted.set(name, new Set([...wantedAt(from.step, from.port), ...(needs[input % inputs] ?? [])]))
    }
  }
  return { ofSource: id => wantedAt(id, 'main'), intoStep: id => needed.get(id) ?? new Set(), byInput }
}
