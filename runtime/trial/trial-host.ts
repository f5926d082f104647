/** What the thread of trials does when asked: plans, lints, tests and dry runs, each over plain data. */
import type { Plan } from '../../topology/plan.ts'
import { planOfModule, resolveReference } from '../deploy/user-module.ts'
import { type Edit, editsOf } from './update.ts'
import { type LintedFile, lintPlace, type LintOptions } from './lint.ts'
import type { Difference } from './expected.ts'
import type { GivenEvent } from './given-log.ts'
import { readTestText, type TopologyPlace } from './test-file.ts'
import { runTest } from './test-run.ts'
import { Trial, type TrialOutcome } from './trial.ts'

export interface TrialHostParts {
  /** Before each call of a user's function: 0 is the source, n the n-th step. */
  beforeCall(step: number, order: number): void
  /** All user code has returned. */
  returned(): void
}

export interface TestRequest extends TopologyPlace {
  /** URL and text of the test file. */
  readonly testUrl: string
  readonly text: string
  /** Number of the test in the file. */
  readonly index: number
}

/** How a test ended. */
export interface TestAnswer {
  readonly differences: readonly Difference[]
  /** What would make it pass. */
  readonly edits: readonly Edit[]
}

/** The calls; each takes and gives plain data. */
export interface TrialControl extends Record<string, (...args: never[]) => unknown> {
  plan(place: TopologyPlace): Promise<Plan>
  lint(place: TopologyPlace, options: LintOptions): Promise<LintedFile[]>
  test(request: TestRequest): Promise<TestAnswer>
  /** Begins a dry run; the answer is the plan. */
  begin(place: TopologyPlace, options: { readonly keep: number }): Promise<Plan>
  give(events: readonly GivenEvent[]): void
  generate(rows: number): void
  end(): TrialOutcome
}

export function trialHost({ beforeCall, returned }: TrialHostParts): TrialControl {
  let trial: Trial | undefined
  const running = (): Trial => {
    if (trial === undefined) throw new TypeError('no dry run has begun')
    return trial
  }
  const plan = ({ url, export: name }: TopologyPlace): Promise<Plan> => planOfModule(url, { export: name })
  const calls: TrialControl = {
    plan,
    lint: lintPlace,
    async test({ testUrl, text, index, ...place }) {
      const planned = await plan(place)
      const test = readTestText(text, { url: testUrl, plan: planned }).tests.at(index)
      if (test === undefined) throw new TypeError(`there is no test number ${index}`)
      const { differences, outcome } = await runTest(test, { plan: planned, ...codeOf(place.url), beforeCall })
      const isNew = Object.keys(test.expected).length === 0
      const edits = outcome && (differences.length > 0 || isNew) ? editsOf(test, differences, outcome) : []
      return { differences, edits }
    },
    async begin(place, { keep }) {
      const planned = await plan(place)
      trial = await Trial.start({ plan: planned, ...codeOf(place.url), beforeCall, keep })
      return planned
    },
    give: events => running().give(events),
    generate: rows => void running().generate(rows),
    end() {
      running().end({ closes: true })
      return running().outcome
    },
  }
  return clearing(calls, returned)
}

function codeOf(url: string): Pick<Parameters<typeof Trial.start>[0], 'module' | 'resolve'> {
  return { module: url, resolve: reference => resolveReference(reference, url) }
}

/** After each call no user code is running, so nothing can be blamed for a later silence. */
function clearing(calls: TrialControl, returned: () => void): TrialControl {
  const cleared = Object.entries(calls).map(([name, call]) => [
    name,
    async (...args: never[]): Promise<unknown> => {
      try {
        return await call(...args)
      } finally {
        returned()
      }
    },
  ])
  return Object.fromEntries(cleared) as TrialControl
}
