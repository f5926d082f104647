/** Keeps a node's tenants as the whole cluster has them: another node may make one at any time. */
import { streamEvents } from '../../actors/reader.ts'
import { followStream } from '../../actors/subscription.ts'
import { isEventStoreError } from '../../event/error.ts'
import { DEFAULT_SCOPE } from '../../event/scope.ts'
import type { LogView } from '../../store/log/log-view.ts'
import type { Freshness } from '../fresh-reads.ts'
import { type Tenants, TENANTS_STREAM } from '../tenants.ts'

export interface FollowTenantsOptions {
  readonly view: LogView
  readonly tenants: Tenants
  readonly pageRows: number
  /** Throws CLOSED once the node is closing. */
  readonly check: () => void
  /** Told when it can not go on: what it knows then is all it will know. */
  readonly failed: (error: Error) => void
}

/** Folds what there is, then what comes. The answer ends it. */
export function followTenants({ view, tenants, pageRows, check, failed }: FollowTenantsOptions): () => Promise<void> {
  const ending = new AbortController()
  const follow = async (): Promise<void> => {
    const context = { view, scope: DEFAULT_SCOPE, pageRows, check }
    for await (const event of followStream(context, TENANTS_STREAM, { signal: ending.signal })) tenants.fold(event)
  }
  const done = follow().catch((error: unknown) => {
    if (!isEventStoreError(error, 'CLOSED')) failed(error as Error)
  })
  return () => {
    ending.abort()
    return done
  }
}

/** For `Tenants`: all that any node had noted at the call is folded. NOT_LEADER or UNREACHABLE when that can not be known in time. */
export function knownTenants(view: LogView, freshness: Freshness): (tenants: Tenants) => Promise<void> {
  return async tenants => {
    await freshness.leader([view.partitionOf(TENANTS_STREAM)])
    for (const event of streamEvents(view, TENANTS_STREAM, { from: tenants.folded + 1 }, true)) tenants.fold(event)
  }
}
