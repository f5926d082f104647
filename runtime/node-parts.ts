/** Parts of a node that are the same in memory, on disk and in a cluster. */
import { streamEvents } from '../actors/reader.ts'
import { OutboxAppends } from '../actors/outbox-appends.ts'
import { Router } from '../actors/router.ts'
import { systemClock } from '../event/clock.ts'
import { DEFAULT_SCOPE } from '../event/scope.ts'
import { StampClock } from '../event/stamp.ts'
import { SharedHorizon } from '../store/log/horizon.ts'
import { LogView } from '../store/log/log-view.ts'
import { hashesOf } from '../store/log/open-shard.ts'
import type { DeployersOptions } from './deploy/deployers.ts'
import type { NodeDeployers } from './deploy/node-deployers.ts'
import { Monitor, type MonitorParts } from './observe/monitor.ts'
import type { CheckedOptions } from './options.ts'
import type { NodeShard } from './shards.ts'
import { Tenants, TENANTS_STREAM } from './tenants.ts'

/** What a deployer needs in memory and on disk alike. */
export function deployerOptions(
  options: CheckedOptions,
  parts: { router: Router; view: LogView; stamps: StampClock },
): Pick<DeployersOptions, 'log' | 'append' | 'appendOutbox' | 'head' | 'limits' | 'epochMs' | 'resume' | 'logger'> {
  return {
    log: parts.view,
    append: (scope, stream, events, append) => parts.router.append(stream, events, append, { scope, isSystem: true }),
    appendOutbox: new OutboxAppends(parts.router).append,
    head: () => parts.stamps.last,
    limits: options.limits,
    epochMs: options.epochMs,
    resume: options.resume,
    logger: options.logger,
  }
}

export function monitorOf(
  { limits, logger }: CheckedOptions,
  parts: Pick<MonitorParts, 'router' | 'shards' | 'partitions' | 'hasWorkers'> & { readonly deployers: NodeDeployers },
): Monitor {
  const { deployers } = parts
  const [starting, topologies] = [() => deployers.starting, () => deployers.topologies()]
  return new Monitor({ ...parts, limits, clock: systemClock, logger, starting, topologies })
}

/** `catchUp`: see `Tenants`. */
export function openTenants(view: LogView, append: DeployersOptions['append'], catchUp?: (tenants: Tenants) => Promise<void>): Tenants {
  const tenants = new Tenants((...event) => append(DEFAULT_SCOPE, ...event), catchUp)
  for (const event of streamEvents(view, TENANTS_STREAM, {}, true)) tenants.fold(event)
  return tenants
}

export interface Identity {
  readonly partitions: number
  readonly storeId: string
}

export function makeRouter(
  options: CheckedOptions,
  identity: Identity & { shards: number },
): { router: Router; horizon: SharedHorizon; stamps: StampClock } {
  const horizon = new SharedHorizon()
  const stamps = new StampClock()
  const router = new Router(identity.shards, {
    partitions: identity.partitions,
    limits: options.limits,
    streamHash: hashesOf(identity.storeId).stream,
    stamps,
    // In a cluster the order of all is made by what is in the log: what is in flight here does not decide it.
    horizon: options.cluster ? new SharedHorizon() : horizon,
    durability: options.cluster ? 'quorum' : options.durability,
    ...(options.cluster && { othersClaim: true }),
  })
  return { router, horizon, stamps }
}

export function viewOf(options: CheckedOptions, shards: readonly NodeShard[], horizon: SharedHorizon, identity: Identity): LogView {
  return new LogView({
    shards,
    horizon,
    storeId: identity.storeId,
    partitions: identity.partitions,
    cacheBytes: options.limits.blockCacheBytes,
  })
}
