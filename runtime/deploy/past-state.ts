/** Reads of a projection as of an earlier time: what is asked for is checked here and folded in a thread of pipelines. */
import { boundOf } from '../../actors/reader.ts'
import { EventStoreError } from '../../event/error.ts'
import type { AsOf } from '../../event/event-store.ts'
import type { Scope } from '../../event/scope.ts'
import { foreignProjections } from '../../topology/joined-projections.ts'
import type { PastQuestion, PastRange, PastRows } from './past-rows.ts'
import type { Deployment } from './registry.ts'
import type { TopologyRun } from './topology-run.ts'
import type { TopologyRuns } from './topology-runs.ts'
import { digestOfModule, filesOfPlan } from './user-module.ts'

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
export async function readPast({ runs, scope, projection, deployment }: PastState, asOf: AsOf, range: PastRange): Promise<PastRows> {
  const { stamp, place } = boundOf(asOf)
  const { name, plan, module, head } = deployment
  refuseLost(deployment, projection)
  const run = runs.get(name)
  const question: PastQuestion = {
    scope,
    plan,
    module,
    deployment: deployment.deployment,
    ...(head !== undefined && { head }),
    // What killed its thread would do so again.
    skip: run?.skipped ?? [],
    projection,
    upTo: stamp,
    ...(place && { last: place }),
    range,
  }
  return run ? byRun(run, question) : byAnyThread(runs, question)
}

/** In the thread that runs the topology: its code is what it was when the thread imported it, whatever the files say now. */
async function byRun(run: TopologyRun, question: PastQuestion): Promise<PastRows> {
  const { digest } = run
  const rows = await run.ask(thread => thread.control.past({ ...question, ...(digest !== undefined && { digest }) }), null)
  if (rows) return rows
  throw new EventStoreError('CLOSED', `the thread of topology ${run.name} is gone, and another is being started; try again shortly`, {
    topology: run.name,
  })
}

async function byAnyThread({ threads }: TopologyRuns, question: PastQuestion): Promise<PastRows> {
  const { module, plan } = question
  const digest = digestOfModule(module)
  const thread = threads.take(FOLDING_AGAIN, filesOfPlan(module, plan))
  try {
    return await thread.control.past({ ...question, ...(digest !== undefined && { digest }) })
  } finally {
    thread.leave(FOLDING_AGAIN)
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
