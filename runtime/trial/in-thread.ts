/** What commands ask of user code, each in a thread of its own: the plan of a topology, and its mistakes. */
import type { Plan } from '../../topology/plan.ts'
import { isTopologyFile } from '../deploy/topology-file.ts'
import { type LintedFile, lintPlace, type LintOptions } from './lint.ts'
import type { TopologyPlace } from './test-file.ts'
import { inTrialThread, type TrialThreadOptions } from './trial-thread.ts'

/** Reads or imports a topology and plans it. INVALID names what is wrong. */
export function planFile(place: TopologyPlace, options: TrialThreadOptions = {}): Promise<Plan> {
  return inTrialThread(options, ({ control }) => control.plan(place))
}

/** Lints a topology with the tests beside it, or a test file. NOT_FOUND when there is no such file. */
export async function lintFile(place: TopologyPlace, { isOffline, ...options }: LintOptions & TrialThreadOptions): Promise<LintedFile[]> {
  // Without user code there is nothing that could hang.
  if (isOffline && isTopologyFile(place.url)) return lintPlace(place, { isOffline })
  return inTrialThread(options, ({ control }) => control.lint(place, { isOffline }))
}
