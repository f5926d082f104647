/** Reads of a projection as of an earlier time: what is asked for is checked here and folded in a thread of pipelines. */
import { boundOf } from '../../actors/reader.ts'
import { EventStoreError } from '../../event/error.ts'
import type { AsOf } from '../../event/event-store.ts'
import type { Scope } from '../../event/scope.ts'
import { foreignProjections } from '../../topology/joined-projections.ts'
import type { PastRows } from './pipeline-host.ts'
import type { Deployment } from './registry.ts'
import type { RowRange } from './row-range.ts'
import type { TopologyRuns } from './topology-runs.ts'

export interface PastState {
  readonly runs: TopologyRuns
  readonly scope: Scope
  readonly projection: string
  /** Of the topology that writes it. */
  readonly deployment: Deployment
}

/** Not the name of a topology: only counted among those of the thread. */
const FOLDING_AGAIN = ' asOf'

/** INVALID says which limit, or what of the topology, stands in the way. */
export async function readPast({ runs, scope, projection, deployment }: PastState, asOf: AsOf, rows: RowRange): Promise<PastRows> {
  const { stamp, place } = boundOf(asOf)
  const { plan, module, head } = deployment
  refuseLost(deployment, projection)
  const thread = runs.threads.take(FOLDING_AGAIN)
  try {
    return await thread.control.past({
      scope,
      plan,
      module,
      deployment: deployment.deployment,
      ...(head !== undefined && { head }),
      // What killed its thread would do so again.
      skip: runs.get(deployment.name)?.skipped ?? [],
      projection,
      upTo: stamp,
      ...(place && { last: place }),
      rows,
    })
  } finally {
    thread.topologies.delete(FOLDING_AGAIN)
  }
}

/** What a topology folded can be had again only if all of it comes from the log. */
function refuseLost({ name, plan }: Deployment, projection: string): void {
  const details = { field: 'asOf', projection, topology: name }
  if (plan.source.kind !== 'log')
    throw new EventStoreError('INVALID', `asOf needs the log: topology ${name} makes its own rows, which are not kept`, details)
  const [foreign] = foreignProjections(plan.steps)
  if (foreign !== undefined)
    throw new EventStoreError('INVALID', `topology ${name} looks rows up in the projection ${foreign}, which is not what it was`, details)
}
