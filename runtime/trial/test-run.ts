/** Runs a test of a topology twice, in pages of one row and of many, and says how what came differs from what was expected. */
import { EventStoreError, isEventStoreError } from '../../event/error.ts'
import { defaultLimits } from '../../event/limits.ts'
import { operators } from '../../operators/index.ts'
import type { Plan } from '../../topology/plan.ts'
import { type Difference, differencesOf, type Expected, pageDifferences } from './expected.ts'
import type { GivenEvent } from './given-log.ts'
import type { TopologyTest } from './test-value.ts'
import { Trial, type TrialOptions, type TrialOutcome, type WatchedPort } from './trial.ts'

/** A generator that makes more rows than this in a test is to be given rows. */
const generatedRowsMost = 100_000

const tooManyRows = `its source made ${generatedRowsMost} rows and did not end; give rows: given: [{ data: … }]`

/** The topology under test. */
export interface TestSubject extends Pick<TrialOptions, 'module' | 'resolve' | 'beforeCall'> {
  readonly plan: Plan
}

export interface TestOutcome {
  readonly differences: readonly Difference[]
  /** In pages of one row, where events of several steps come in the order of the rows; left out when the topology broke. */
  readonly outcome?: TrialOutcome
}

export async function runTest(test: TopologyTest, subject: TestSubject): Promise<TestOutcome> {
  const watched = watchedPorts(test.expected, subject.plan)
  try {
    const small = await runOnce(test, { ...subject, watched, pageRows: 1, hasEpochPerPage: true })
    const given = { ...test, events: small.events }
    const large = await runOnce(given, { ...subject, watched, pageRows: defaultLimits.pageRows })
    const differences = [...differencesOf(test.expected, small.outcome), ...pageDifferences(small.outcome, large.outcome)]
    return { outcome: small.outcome, differences }
  } catch (error) {
    if (!isEventStoreError(error)) throw error
    return { differences: [{ path: [], what: `the topology broke: ${error.message}`, lines: [] }] }
  }
}

/** What came, and what was given with the ticks between: in pages of one row those that were due, in larger ones those that are given. */
async function runOnce(
  test: TopologyTest,
  options: TrialOptions & { readonly pageRows: number },
): Promise<{ readonly outcome: TrialOutcome; readonly events: readonly GivenEvent[] }> {
  let { events } = test
  const trial = await Trial.start({ ...options, tables: test.tables })
  try {
    if (options.plan.source.kind === 'log' && options.pageRows === 1) events = trial.giveWithTicks(events, test.clockMs)
    else if (options.plan.source.kind === 'log') trial.give(events)
    else if (test.rows !== undefined) trial.giveRows(test.rows, options.pageRows)
    else if (!trial.generate(generatedRowsMost)) throw new EventStoreError('INVALID', tooManyRows, {})
    trial.end({ closes: test.ends })
    return { outcome: trial.outcome, events }
  } finally {
    trial.close()
  }
}

/** The ports named in `expect`; without any `expect` all that may be of interest. */
function watchedPorts(expected: Expected, { steps }: Plan): WatchedPort[] {
  const ports = ['late', 'suspect'] as const
  if (Object.keys(expected).length > 0) return ports.flatMap(port => Object.keys(expected[port] ?? {}).map(step => ({ step, port })))
  return steps.flatMap(({ id, operator }) => {
    const own = operators[operator]?.spec.ports ?? {}
    return ports.flatMap(port => (port in own ? [{ step: id, port }] : []))
  })
}
