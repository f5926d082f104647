/** New state for a version that is to take the place of another is made in a thread of pipelines, where the code of its user may run. */
import type { Scope } from '../../event/scope.ts'
import type { StateLayout, StateMigration } from '../../topology/state-layout.ts'
import type { Deployment } from './registry.ts'
import type { TopologyRuns } from './topology-runs.ts'
import { digestOfModule, filesOfPlan } from './user-module.ts'

export interface NextState {
  readonly scope: Scope
  /** The version that is to run, in the slot it is to run in. */
  readonly next: Pick<Deployment, 'plan' | 'module' | 'deployment' | 'slot'>
  readonly layout: StateLayout
  readonly migrations: readonly StateMigration[]
  readonly incarnation: number
}

/** Not the name of a topology: only counted among those of the thread. */
const PREPARING = ' prepare'

/** The version that runs must have stopped. Rejects with what the next one can not go on with; then nothing has changed for that before it. */
export async function prepareState({ threads }: TopologyRuns, { scope, next, layout, migrations, incarnation }: NextState): Promise<void> {
  const { plan, module, deployment, slot } = next
  const digest = digestOfModule(module)
  const thread = threads.take(PREPARING, filesOfPlan(module, plan))
  try {
    await thread.control.prepare({
      scope,
      ...(slot !== undefined && { slot }),
      plan,
      module,
      ...(digest !== undefined && { digest }),
      deployment,
      generations: layout.generations,
      incarnation,
      migrations,
      cleared: layout.cleared,
    })
  } finally {
    thread.leave(PREPARING)
  }
}
