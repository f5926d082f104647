/** What only the files beside a topology can tell: functions and tables that are not there, and options that do not fit them. */
import { isEventStoreError } from '../../event/error.ts'
import { recordedOf } from '../../event/stamp.ts'
import { anyRow } from '../../operators/expressions/types.ts'
import { isFunctionReference, isUserFunction } from '../../operators/functions.ts'
import { operators } from '../../operators/index.ts'
import type { OptionSpec, StepContext } from '../../operators/operator.ts'
import { readTable, type TableUse } from '../../operators/sources/table.ts'
import type { Issue, OptionPath } from '../../topology/issue.ts'
import { isProjection } from '../../topology/projection.ts'
import { hint } from '../../topology/nearest.ts'
import type { Plan, PlanStep } from '../../topology/plan.ts'
import type { Step, Topology } from '../../topology/topology.ts'
import { resolveReference } from '../deploy/user-module.ts'
import type { LintRule } from './lint-finding.ts'
import { isRecord } from './shape.ts'

export interface FileIssue extends Issue {
  readonly rule: LintRule
}

interface NamedFunction {
  readonly step: string
  readonly path: OptionPath
  readonly reference: string
}

/** The functions that could be loaded, and what is wrong with the others. */
export async function loadFunctions(
  { sources, steps }: Topology,
  module: string,
): Promise<{ readonly functions: ReadonlyMap<string, unknown>; readonly issues: readonly FileIssue[] }> {
  const generated = sources.flatMap((source): NamedFunction[] =>
    source.kind === 'generate' ? [{ step: source.id, path: ['generate'], reference: source.reference }] : [],
  )
  const functions = new Map<string, unknown>()
  const issues: FileIssue[] = []
  for (const { step, path, reference } of [...generated, ...steps.flatMap(functionsIn)]) {
    try {
      const value = functions.get(reference) ?? (await resolveReference(reference, module))
      functions.set(reference, value)
      // Which of them the step takes shows when it is made.
      if (typeof value === 'function' || isUserFunction(value) || isProjection(value)) continue
      issues.push({ step, path, rule: 'missing-export', message: `${reference} is not a function, nor made by rows() or columns()` })
    } catch (error) {
      if (!isEventStoreError(error)) throw error
      const rule = error.details['reference'] === undefined ? 'missing-module' : 'missing-export'
      // Who imports it is no business of the reader.
      issues.push({ step, path, rule, message: error.message.replace(/ imported from \S+$/, '') })
    }
  }
  return { functions, issues }
}

function functionsIn({ id, operator, options }: Step): NamedFunction[] {
  return placesOf(operators[operator]?.spec.options ?? {}, options, []).flatMap(({ path, value }) =>
    isFunctionReference(value) ? [{ step: id, path, reference: value }] : [],
  )
}

/** Options that may name functions, with those of groups and routes. */
function placesOf(
  specs: Readonly<Record<string, OptionSpec>>,
  options: Readonly<Record<string, unknown>>,
  path: OptionPath,
): { readonly path: OptionPath; readonly value: unknown }[] {
  return Object.entries(specs).flatMap(([name, { type, options: inner }]) => {
    const value = Object.hasOwn(options, name) ? options[name] : undefined
    const at = [...path, name]
    if (type === 'group' || type === 'choice') return isRecord(value) ? placesOf(inner ?? {}, value, at) : []
    if (type === 'routes') return isRecord(value) ? Object.entries(value).map(([route, one]) => ({ path: [...at, route], value: one })) : []
    return ['function', 'condition', 'mapping'].includes(type) ? [{ path: at, value }] : []
  })
}

/** Tables whose file can not be read, or has no such columns. */
export async function tableIssues(steps: readonly Pick<Step, 'id' | 'operator' | 'options'>[], module: string): Promise<FileIssue[]> {
  const found = await Promise.all(
    steps.flatMap(step => {
      const specs = Object.entries(operators[step.operator]?.spec.options ?? {})
      return specs.flatMap(([name, { type }]) => (type === 'table' ? [tableIssuesOf(step, name, module)] : []))
    }),
  )
  return found.flat()
}

async function tableIssuesOf(
  { id, operator, options }: Pick<Step, 'id' | 'operator' | 'options'>,
  name: string,
  module: string,
): Promise<FileIssue[]> {
  const use = options[name] as Readonly<Record<string, unknown>>
  if (!isRecord(use) || typeof use['file'] !== 'string') return []
  const keys = [use['key']].flat() as string[]
  const place = { step: id, path: [name, 'file'] }
  try {
    const { columns } = await readTable({ ...(use as unknown as TableUse), key: keys[0] as string }, module)
    const names = [...columns.keys()]
    if (names.length === 0) return []
    const wanted = [...keys.map(key => ({ key, path: [name, 'key'] })), ...foreignColumns(operator, options)]
    return wanted.flatMap(({ key, path }): FileIssue[] => {
      if (names.includes(key)) return []
      const message = `the table ${use['file'] as string} has no column ${key}${hint(key, names)} (there are: ${names.join(', ')})`
      return [{ step: id, path, rule: 'table-column', message }]
    })
  } catch (error) {
    if (!isEventStoreError(error)) throw error
    const isKey = error.details['key'] !== undefined
    return [{ ...place, ...(isKey && { path: [name, 'key'] }), rule: isKey ? 'table-column' : 'missing-table', message: error.message }]
  }
}

/** Columns that options name and that belong to the table. */
function foreignColumns(
  operator: string,
  options: Readonly<Record<string, unknown>>,
): { readonly key: string; readonly path: OptionPath }[] {
  return Object.entries(operators[operator]?.spec.options ?? {}).flatMap(([name, { type, isForeign }]) => {
    const value = options[name]
    if (isForeign !== true || (type !== 'fields' && type !== 'list')) return []
    if (Array.isArray(value)) return value.map((key, index) => ({ key: key as string, path: [name, index] }))
    return isRecord(value) ? Object.entries(value).map(([own, key]) => ({ key: key as string, path: [name, own] })) : []
  })
}

/** What the operators themselves say when they are made, with functions and tables at hand. */
export async function buildIssues({ source, steps }: Plan, module: string): Promise<FileIssue[]> {
  const issues: FileIssue[] = []
  for (const step of steps) {
    try {
      await operators[step.operator]?.create(step.options as never, contextOf(step, { module, isLog: source.kind === 'log' }))
    } catch (error) {
      if (!isEventStoreError(error)) throw error
      const { option } = error.details
      issues.push({ step: step.id, path: typeof option === 'string' ? option.split('.') : [], rule: 'bad-option', message: error.message })
    }
  }
  return issues
}

/** A step is only made here, and no row comes to it. */
function contextOf({ id, row = anyRow }: PlanStep, { module, isLog }: { readonly module: string; readonly isLog: boolean }): StepContext {
  return {
    step: id,
    module,
    row,
    state: {
      rows: () => [],
      get: () => undefined,
      getMany: keys => keys.map(() => undefined),
      put: () => undefined,
      delete: () => undefined,
    },
    projection: () => ({ put: () => undefined, delete: () => undefined, get: () => undefined, rows: () => [] }),
    lookup: () => () => undefined,
    outbox: () => ({ append: () => undefined, post: () => undefined }),
    resolve: reference => resolveReference(reference, module),
    dead: () => undefined,
    beforeCall: () => undefined,
    ...(isLog && { recordedOf }),
  }
}
