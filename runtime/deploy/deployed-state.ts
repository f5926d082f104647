/** The projections of what is deployed: who writes one now, and who can tell what it was. */
import type { Scope } from '../../event/scope.ts'
import { slotScope } from '../../store/slot.ts'
import type { StateStore } from '../../store/state.ts'
import { indexedFields } from '../../topology/indexed-fields.ts'
import type { Deployments } from './deployments.ts'
import { readPast } from './past-state.ts'
import { type HotProjectionReader, projectionReader } from './projection-reader.ts'
import type { TopologyRuns } from './topology-runs.ts'

export interface DeployedState {
  readonly store: StateStore
  readonly scope: Scope
  readonly deployments: Deployments
  readonly runs: TopologyRuns
  /** Keys that may wait for the reader of a subscription. */
  readonly limitKeys: number
  /** Throws CLOSED. */
  check(): void
}

/** Whether there is such a projection shows at the first read. */
export function deployedState(
  { store, scope, deployments, runs, limitKeys, check }: DeployedState,
  projection: string,
): HotProjectionReader {
  return projectionReader({
    store,
    projection,
    subscriptions: runs.subscriptions,
    limitKeys,
    check,
    owner: () => {
      check()
      const { name, slot, plan } = deployments.writerOf(projection)
      const indexed = indexedFields(plan).get(projection) ?? []
      return { name, home: slotScope(scope, slot), run: runs.get(name), hot: runs.hot.get(name, projection), indexed }
    },
    past: (asOf, range) => {
      check()
      return readPast({ runs, scope, projection, deployment: deployments.writerOf(projection) }, asOf, range)
    },
  })
}
