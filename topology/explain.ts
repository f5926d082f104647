/** What a plan will do, for people: which columns are decoded, which steps run as one, what each keeps, and where pages cross threads. */
import type { RowType } from '../operators/expressions/types.ts'
import { operators } from '../operators/index.ts'
import { chainsOf } from './chains.ts'
import { tickMsDefault, tickStream, usesClock } from './clock.ts'
import type { Plan, PlanStep, StepInput } from './plan.ts'
import { type Section, sectionsOf } from './sections.ts'

export interface ExplainedStep {
  readonly id: string
  readonly operator: string
  readonly from: readonly StepInput[]
  /** Columns it needs of those that come in; `*` for all. */
  readonly reads: readonly string[]
  /** Columns that come in, with their types, as far as they are known. */
  readonly row: RowType | null
  /** The columns that are its key; empty for none. */
  readonly key: readonly string[]
  /** Columns by which rows wait behind one that was given up; empty when none do. */
  readonly inOrder: readonly string[]
  /** What it keeps between rows; null for nothing. */
  readonly keeps: string | null
  /** The columns by which its rows can be split among lanes, for each input; null when it runs in one place. */
  readonly splitBy: readonly (readonly string[])[] | null
  /** The step before which rows are split for the lanes in which it runs; null when it runs in the lead. */
  readonly lanes: string | null
  /** Number of the run of steps it is part of, from 1; null when it runs alone. */
  readonly chain: number | null
  readonly guarantee: 'exactlyOnce' | 'atLeastOnce' | null
}

/** Where pages, state and output go from one thread to another. */
export interface Crossing {
  readonly what: string
  readonly from: string
  readonly to: string
  readonly how: string
}

export interface Explanation {
  readonly topology: string
  readonly version: number
  /** In how many lanes steps run that can. */
  readonly workers: number
  readonly source: {
    readonly id: string
    readonly kind: 'log' | 'generate'
    /** What it reads of the log, or what makes its pages. */
    readonly reads: string
    /** Columns decoded; `*` for all. */
    readonly decodes: readonly string[]
    readonly taps: readonly { readonly port: string; readonly reads: string }[]
  }
  readonly steps: readonly ExplainedStep[]
  readonly crossings: readonly Crossing[]
}

export function explainPlan(plan: Plan, { workers = 1 }: { readonly workers?: number | undefined } = {}): Explanation {
  const { sections } = sectionsOf(plan)
  const chains = chainsOf(plan)
  const chainOf = new Map(chains.flatMap((chain, index) => chain.map(id => [id, index + 1] as const)))
  const { source } = plan
  return {
    topology: plan.topology,
    version: plan.version,
    workers,
    source: {
      id: source.id,
      kind: source.kind,
      reads: source.kind === 'log' ? filterText(source) : source.reference,
      decodes: source.fields ?? ['*'],
      taps: source.kind === 'log' ? (source.taps ?? []).map(tap => ({ port: tap.port, reads: filterText(tap) })) : [],
    },
    steps: plan.steps.map(step => ({
      ...explainedStep(step, chainOf.get(step.id) ?? null),
      ...lanesOf(step, sections, workers),
    })),
    crossings: [...crossingsOf(plan), ...(workers > 1 ? sections.flatMap(exchangesOf) : [])],
  }
}

function filterText({ types, categories }: { readonly types?: readonly string[]; readonly categories?: readonly string[] }): string {
  const parts = [types && `types ${types.join(', ')}`, categories && `categories ${categories.join(', ')}`].filter(
    part => part !== undefined,
  )
  return parts.length === 0 ? 'all events' : parts.join(' of ')
}

function explainedStep(
  { id, operator, options, from, inOrder = [], reads, row }: PlanStep,
  chain: number | null,
): Omit<ExplainedStep, 'splitBy' | 'lanes'> {
  const { spec, splitBy, keepsOf } = operators[operator] ?? {}
  const by = options['by'] ?? (spec?.inputs && splitBy?.(options as never, [], 0))
  const key = Array.isArray(by) ? (by as string[]) : (row?.key ?? [])
  const guarantee = spec?.kind === 'sink' ? (spec.guarantee ?? 'exactlyOnce') : null
  const keeps = spec?.stateVersion === undefined ? null : (keepsOf?.(options as never) ?? spec.keeps ?? 'state')
  const known = { reads: reads ?? ['*'], row: row ?? null, key: spec?.kind === 'keyed' ? key : [] }
  return { id, operator, from, ...known, inOrder, keeps, chain, guarantee }
}

function lanesOf({ id }: PlanStep, sections: readonly Section[], workers: number): Pick<ExplainedStep, 'splitBy' | 'lanes'> {
  const section = sections.find(({ steps }) => steps.includes(id))
  return { splitBy: section?.entry === id ? section.splitBy : null, lanes: workers > 1 ? (section?.entry ?? null) : null }
}

function exchangesOf({ entry, splitBy, columns }: Section): Crossing[] {
  const key = [...new Set(splitBy.map(names => names.join(', ')))].join(' and ')
  const carried = columns.includes('*') ? 'all columns' : columns.join(', ')
  return [
    { what: `rows into ${entry}`, from: worker, to: 'lanes', how: `split by ${key}; ${carried}, transferred` },
    { what: `rows behind ${entry}`, from: 'lanes', to: worker, how: 'merged in the order one lane would have sent them in, transferred' },
  ]
}

const worker = 'pipeline worker'

function ticksOf(plan: Plan): Crossing[] {
  if (!usesClock(plan)) return []
  if (plan.source.kind === 'generate')
    return [{ what: 'the clock', from: worker, to: worker, how: 'looked at before each page; it is not written down' }]
  const how = `appended to ${tickStream(plan.topology)} while a step waits for the clock, at most one in ${plan.tickMs ?? tickMsDefault} ms`
  return [{ what: 'ticks', from: worker, to: 'partition workers', how }]
}

/** One worker runs all steps of a topology, so that rows cross no thread between them. */
function crossingsOf(plan: Plan): Crossing[] {
  const { source, steps } = plan
  const sinks = (name: string): boolean => steps.some(({ operator }) => operator === name)
  const hasState = ({ operator, inOrder }: PlanStep): boolean =>
    operators[operator]?.spec.stateVersion !== undefined || inOrder !== undefined
  const writes = steps.some(hasState) || sinks('projection')
  return [
    source.kind === 'log'
      ? { what: 'blocks of the log', from: 'partition workers', to: worker, how: 'read from the database, which all threads share' }
      : { what: 'pages', from: worker, to: worker, how: 'made in the thread that folds them' },
    ...(writes
      ? [{ what: 'state, positions and outbox', from: worker, to: 'state writer', how: 'one stretch of bytes an epoch, transferred' }]
      : []),
    ...ticksOf(plan),
    ...(sinks('append') || sinks('deadLetter')
      ? [{ what: 'events to append', from: worker, to: 'partition workers', how: 'through main, once their epoch is durable' }]
      : []),
    ...(sinks('webhook') ? [{ what: 'deliveries', from: worker, to: 'the web', how: 'by HTTP, once their epoch is durable' }] : []),
  ]
}
