/** A test of a topology from a program: the same as one of a test file, given as a value. */
import { EventStoreError } from '../../event/error.ts'
import { pathText } from '../../topology/issue.ts'
import { namedModule, planOfModule, resolveReference } from '../deploy/user-module.ts'
import type { Difference, Expected } from './expected.ts'
import type { PlainRow } from './gathered.ts'
import { runTest } from './test-run.ts'
import { readTests } from './test-value.ts'
import type { TrialOutcome } from './trial.ts'

/** An event on the virtual clock: `at` is when it is recorded, a time or `+5m` after the one before. */
export interface TestEvent {
  readonly stream: string
  readonly type: string
  readonly data: unknown
  readonly at?: string | number
  readonly id?: string
  readonly time?: string | number
  readonly tags?: readonly string[]
  readonly metadata?: PlainRow
}

export interface TopologyTestSpec {
  readonly name?: string
  /** In order; for a topology that makes its own rows `{ data }`, and its own rows when left out. */
  readonly given?: readonly (TestEvent | { readonly advance: string | number } | { readonly data: PlainRow })[]
  /** False: windows that are open stay open. */
  readonly end?: boolean
  /** Rows of projections of other topologies. */
  readonly tables?: Readonly<Record<string, readonly { readonly key: unknown; readonly value: unknown }[]>>
  readonly expect?: Expected
}

export interface TopologyTestReport {
  readonly passed: boolean
  readonly differences: readonly Difference[]
  /** All that came, whether it was expected or not; left out when the topology broke. */
  readonly outcome?: TrialOutcome
}

/**
 * Runs a topology, a YAML file or a module, over given events in memory, in pages of one row and of many. INVALID when there is a mistake
 * in the topology or in the test; what is not as expected stands in `differences`.
 */
export async function runTopologyTest(
  module: URL | string,
  spec: TopologyTestSpec,
  options: { readonly export?: string } = {},
): Promise<TopologyTestReport> {
  const named = namedModule(module)
  const plan = await planOfModule(named, { export: options.export })
  const { tests, issues } = readTests({ tests: [spec] }, plan)
  const [test] = tests
  const issue = issues.find(({ severity }) => severity !== 'warning')
  if (issue !== undefined || test === undefined) {
    const where = pathText(issue?.path.slice(2) ?? [])
    throw new EventStoreError('INVALID', `${where === '' ? 'the test' : where}: ${issue?.message ?? 'it is none'}`, { issues })
  }
  const { differences, outcome } = await runTest(test, {
    plan,
    module: named.url,
    resolve: reference => resolveReference(reference, named.url),
  })
  return { passed: differences.length === 0, differences, ...(outcome && { outcome }) }
}
