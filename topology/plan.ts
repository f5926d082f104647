/** A topology made ready to run: a plain object that crosses threads, with the columns that the source must decode. */
import { operators } from '../operators/index.ts'
import type { FieldSet, OptionSpec } from '../operators/operator.ts'
import type { Topology } from './topology.ts'

/** The log, followed from the start or from the last epoch. */
export interface LogSource {
  readonly id: string
  readonly kind: 'log'
  readonly types?: readonly string[]
  readonly categories?: readonly string[]
  /**
   * Columns to decode: names of the fields of `data`, `*` for all of them; of the envelope `$stream`, `$type`, `$time`, `$recorded`,
   * `$version`, `$partition`, `$sequence`, `$id`, which `*` does not include.
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
}

export type PlanSource = LogSource | GenerateSource

/** Where a step takes its rows from: a port of an earlier step, or `main` of the source. */
export interface StepInput {
  readonly step: string
  readonly port: string
}

export interface PlanStep {
  readonly id: string
  readonly operator: string
  readonly options: Readonly<Record<string, unknown>>
  readonly from: readonly StepInput[]
}

export interface Plan {
  readonly topology: string
  readonly version: number
  readonly source: PlanSource
  /** In an order in which every step stands behind those it takes from. */
  readonly steps: readonly PlanStep[]
  readonly until?: 'head'
}

export interface PlanOptions {
  /** Gives the value of `module#export`, so that the columns a function declares are known; without it a function reads all columns. */
  readonly resolve?: (reference: string) => Promise<unknown>
  readonly until?: 'head'
}

/** Plans a checked topology. */
export async function planTopology(topology: Topology, { resolve, until }: PlanOptions = {}): Promise<Plan> {
  const functions = new Map<string, unknown>()
  for (const reference of resolve ? functionsOf(topology) : []) functions.set(reference, await resolve?.(reference))
  const { source, steps } = topology
  const fields = fieldsOfSource(topology, reference => functions.get(reference))
  const head = { topology: topology.name, version: topology.version, steps, ...(until && { until }) }
  return { ...head, source: source.kind === 'log' ? { ...source, fields } : source }
}

/** All functions of the user that a topology names. */
export function functionsOf({ steps }: Topology): readonly string[] {
  return [...new Set(steps.flatMap(step => references(step.options, operators[step.operator]?.spec.options ?? {})))]
}

function references(options: Readonly<Record<string, unknown>>, specs: Readonly<Record<string, OptionSpec>>): string[] {
  return Object.entries(specs).flatMap(([name, spec]) => {
    const value = options[name]
    if (value === undefined) return []
    if (spec.type === 'function') return [value as string]
    return spec.type === 'group' ? references(value as Readonly<Record<string, unknown>>, spec.options ?? {}) : []
  })
}

/** Walks back from the sinks: what each step needs is wanted from the ports it takes from. */
function fieldsOfSource({ source, steps }: Topology, functionOf: (reference: string) => unknown): string[] {
  const wanted = new Map<string, Set<string>>()
  const wantedAt = (step: string, port: string): FieldSet => wanted.get(`${step}\n${port}`) ?? new Set()
  for (const step of steps.toReversed()) {
    const operator = operators[step.operator]
    const needs = operator?.needs(step.options as never, port => wantedAt(step.id, port), functionOf) ?? []
    for (const from of step.from) {
      const name = `${from.step}\n${from.port}`
      wanted.set(name, new Set([...wantedAt(from.step, from.port), ...needs]))
    }
  }
  const fields = [...wantedAt(source.id, 'main')].sort()
  return fields.includes('*') ? ['*', ...fields.filter(field => field.startsWith('$'))] : fields
}
