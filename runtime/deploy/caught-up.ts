/** Whether the topologies of a node have taken all there is, and what still waits to leave it. */
import { isDelivery } from '../../actors/delivery.ts'
import type { Stamp } from '../../event/event.ts'
import type { Scope } from '../../event/scope.ts'
import { outboxPrefix, scanPrefix, type StateStore } from '../../store/state.ts'
import type { PipelineStats } from './pipeline-host.ts'
import { type Deployment, storedTopology } from './registry.ts'

const pollMs = 20

export interface CaughtUpParts {
  /** The last stamp of the log. */
  head(): Stamp
  /** Deployed now. */
  all(): readonly Deployment[]
  /** Null while it is being started, undefined when it does not run in this node. */
  stats(topology: string): Promise<PipelineStats | null | undefined>
  /** Throws when nobody is to wait any more. */
  check(): void
}

/** Resolves when no topology that runs has anything to do. */
export async function untilCaughtUp(parts: CaughtUpParts): Promise<void> {
  for (;;) {
    const head = parts.head()
    const areAll = await haveTaken(parts, head)
    parts.check()
    // What one of them appended meanwhile is for the others to take.
    if (areAll && parts.head() === head) return
    await new Promise(resolve => setTimeout(resolve, pollMs))
  }
}

async function haveTaken({ all, stats }: CaughtUpParts, head: Stamp): Promise<boolean> {
  for (const { name, status } of all()) {
    if (status !== 'running' && status !== 'draining') continue
    const found = await stats(name)
    if (found === undefined) continue
    if (found?.caughtUpTo === undefined || found.caughtUpTo <= head) return false
  }
  return true
}

/** Deliveries in the outbox of a topology that does not run. */
export function undelivered(store: StateStore, scope: Scope, deployment: Deployment): number {
  if (!deployment.plan.steps.some(({ operator }) => operator === 'webhook')) return 0
  let count = 0
  for (const [, request] of scanPrefix(store, 'state', outboxPrefix(storedTopology(scope, deployment)))) if (isDelivery(request)) count++
  return count
}
