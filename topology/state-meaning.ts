/** What the saved state of a step depends on: two steps of one meaning can go on with each other's state. */
import { operators } from '../operators/index.ts'
import type { OptionSpec } from '../operators/operator.ts'
import type { PlanStep } from './plan.ts'

/** Options that say what becomes of rows, not what is kept of them: any other may mean that the state of before is of no use. */
const outsideOptions: Readonly<Record<string, readonly string[]>> = {
  count: ['as'],
  enrich: ['missing'],
  eventTime: ['lag', 'idle', 'maxFuture'],
  fold: ['initial'],
  lookup: ['kind'],
  process: ['initial', 'onTimer'],
  processingTime: ['as'],
  projection: ['value'],
}

/** Options of steps whose state is made by a function of the user: the version of its shape, and who makes new state of old. */
export const SCHEMA_VERSION = 'schemaVersion'
export const UPGRADE = 'upgrade'

/** Steps that number what they send, and keep nothing else: nothing is lost with them, and nothing about them has to be the same. */
const senders = new Set(['append', 'deadLetter', 'webhook'])

export function schemaVersionOf({ options }: Pick<PlanStep, 'options'>): number {
  const version = options[SCHEMA_VERSION]
  return typeof version === 'number' ? version : 1
}

/** True when something would be lost with the step. */
export function keepsState({ operator, options, inOrder }: PlanStep): boolean {
  const spec = operators[operator]?.spec
  if (senders.has(operator)) return inOrder !== undefined
  // A table that is a file is read again at each start.
  if (operator === 'enrich' || operator === 'lookup')
    return inOrder !== undefined || (options['table'] as { readonly joined?: number } | undefined)?.joined !== undefined
  return spec?.stateVersion !== undefined || inOrder !== undefined || writesRows(operator)
}

/** Its rows are those of a projection. */
export function writesRows(operator: string): boolean {
  return operator === 'projection' || operator === 'foldInto'
}

/** The names of the options that differ, `key` for the key of `keyBy`; empty when the state means the same. */
export function differencesOf(old: PlanStep, step: PlanStep): string[] {
  if (old.operator !== step.operator) return ['operator']
  const [before, now] = [meaningOf(old), meaningOf(step)]
  const names = new Set([...Object.keys(before), ...Object.keys(now)])
  return [...names].filter(name => before[name] !== now[name])
}

/** The keys of its state differ: no function of state makes other keys of it. */
export function isRekeyed(old: PlanStep, step: PlanStep): boolean {
  return differencesOf(old, step).some(name => name === 'by' || name === 'key')
}

function meaningOf({ operator, options, row, inOrder }: PlanStep): Record<string, string> {
  const spec = operators[operator]?.spec
  const outside = [...(outsideOptions[operator] ?? []), UPGRADE]
  const meaning = Object.fromEntries(
    Object.entries(withDefaults(options, spec?.options ?? {}))
      .filter(([name]) => !outside.includes(name))
      .map(([name, value]) => [name, canonical(value)]),
  )
  // Columns named by the step itself and those of a `keyBy` before it are the same key.
  const key = spec?.kind === 'keyed' && meaning['by'] === undefined ? { by: canonical(row?.key ?? []) } : {}
  return { ...meaning, ...key, ...(inOrder && { inOrder: canonical(inOrder) }) }
}

function withDefaults(
  options: Readonly<Record<string, unknown>>,
  specs: Readonly<Record<string, OptionSpec>>,
): Readonly<Record<string, unknown>> {
  const defaults = Object.entries(specs).flatMap(([name, spec]) => (spec.default === undefined ? [] : [[name, spec.default] as const]))
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return { ...Object.fromEntries(defaults), ...Object.fromEntries(given) }
}

/** JSON with the members of every object sorted. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
