/** Opens a node: in memory with all actors in this thread, or on disk with a worker a shard, alone or as one of a cluster. */
import { systemClock } from '../event/clock.ts'
import { openMemory } from '../store/memory.ts'
import type { StateColumn } from '../store/state.ts'
import { Deployers } from './deploy/deployers.ts'
import { openMemoryShards } from './memory-shards.ts'
import { Node } from './node.ts'
import { deployerOptions, makeRouter, monitorOf, openTenants, viewOf } from './node-parts.ts'
import { logOpened } from './observe/opened.ts'
import { openOnDisk } from './open-disk-node.ts'
import { type CheckedOptions, checkOptions, type OpenOptions, PARTITIONS_DEFAULT } from './options.ts'

/** Opens a store, or makes it. Errors: INVALID, LOCKED, INCOMPATIBLE, DAMAGED, READ_ONLY, NOT_FOUND (with `create: false`). */
export async function openNode(options: OpenOptions): Promise<Node> {
  const checked = checkOptions(options)
  const { directory, acceptLoss, logger } = checked
  const begun = systemClock.monotonic()
  const node = await (directory === null ? openInMemory(checked) : openOnDisk(checked, directory))
  logOpened(node, { directory, acceptLoss, logger, tookMs: Math.round(systemClock.monotonic() - begun) })
  return node
}

async function openInMemory(options: CheckedOptions): Promise<Node> {
  const partitions = options.partitions ?? PARTITIONS_DEFAULT
  const shards = Math.min(options.shards ?? 1, partitions)
  const storeId = Buffer.from(systemClock.random(8)).toString('hex')
  const { router, horizon, stamps } = makeRouter(options, { partitions, shards, storeId })
  const opened = openMemoryShards({
    shards,
    partitions,
    storeId,
    limits: options.limits,
    attached: (shard, port) => router.attach(shard, port),
    answered: shard => router.drain(shard),
  })
  const view = viewOf(options, opened, horizon, { partitions, storeId })
  const state = openMemory<StateColumn>({ columns: { state: 'scattered', meta: 'small' } })
  const common = deployerOptions(options, { router, view, stamps })
  const tenants = openTenants(view, common.append)
  const deployers = await Deployers.open({ ...common, state, threads: null }, tenants.scopes)
  return new Node({
    options,
    router,
    view,
    deployers,
    monitor: monitorOf(options, { router, shards: opened, partitions, hasWorkers: false, deployers }),
    tenants,
    shards: opened,
    damage: () => [],
    diskBytes: () => ({ total: 0, shards: opened.map(() => 0) }),
    state,
    stop: async () => undefined,
    closeDatabases: async () => undefined,
  })
}
