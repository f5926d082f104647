/** Opens a node: in memory with all actors in this thread, or on disk with a worker a shard. */
import { streamEvents } from '../actors/reader.ts'
import { OutboxAppends } from '../actors/outbox-appends.ts'
import { Router } from '../actors/router.ts'
import { systemClock } from '../event/clock.ts'
import { DEFAULT_SCOPE } from '../event/scope.ts'
import { StampClock } from '../event/stamp.ts'
import { SharedHorizon } from '../store/log/horizon.ts'
import { LogView } from '../store/log/log-view.ts'
import { hashesOf } from '../store/log/open-shard.ts'
import { openMemory } from '../store/memory.ts'
import { Deployers, type DeployersOptions } from './deploy/deployers.ts'
import type { LogAccess } from './log-access.ts'
import { openMemoryShards } from './memory-shards.ts'
import { Monitor, type MonitorParts } from './observe/monitor.ts'
import { logOpened } from './observe/opened.ts'
import { removeNodeFile } from '../store/node-file.ts'
import type { RocksOwner } from '../store/rocks.ts'
import type { StateColumn } from '../store/state.ts'
import { type CheckedOptions, checkOptions, type OpenOptions, PARTITIONS_DEFAULT } from './options.ts'
import { type NodeShard, Shards } from './shards.ts'
import { LossReport, openShardDatabase, openState, type Opening } from './salvage.ts'
import {
  announce,
  finishStore,
  identityOf,
  isNewStore,
  makeDirectory,
  makeWitnesses,
  ranksOf,
  shardName,
  withHolder,
} from './store-directory.ts'

import { freeBytesOf } from '../store/files.ts'
import { Node } from './node.ts'
import { Tenants, TENANTS_STREAM } from './tenants.ts'

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

/** What a deployer needs in memory and on disk alike. */
function deployerOptions(
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

function monitorOf(
  { limits, logger }: CheckedOptions,
  parts: Pick<MonitorParts, 'router' | 'shards' | 'partitions' | 'hasWorkers'> & { readonly deployers: Deployers },
): Monitor {
  const { deployers } = parts
  const [starting, topologies] = [() => deployers.starting, () => deployers.topologies()]
  return new Monitor({ ...parts, limits, clock: systemClock, logger, starting, topologies })
}

function openTenants(view: LogView, append: DeployersOptions['append']): Tenants {
  const tenants = new Tenants((...event) => append(DEFAULT_SCOPE, ...event))
  for (const event of streamEvents(view, TENANTS_STREAM, {}, true)) tenants.fold(event)
  return tenants
}

interface Identity {
  readonly partitions: number
  readonly storeId: string
}

function makeRouter(
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
    horizon,
    durability: options.durability,
  })
  return { router, horizon, stamps }
}

function viewOf(options: CheckedOptions, shards: readonly NodeShard[], horizon: SharedHorizon, identity: Identity): LogView {
  return new LogView({
    shards,
    horizon,
    storeId: identity.storeId,
    partitions: identity.partitions,
    cacheBytes: options.limits.blockCacheBytes,
  })
}

async function openOnDisk(options: CheckedOptions, directory: string): Promise<Node> {
  makeDirectory(directory, options.create)
  const opening = { directory, isNew: isNewStore(directory), acceptLoss: options.acceptLoss }
  const losses = new LossReport(directory)
  const state = await withHolder(directory, () => openState(opening, losses))
  try {
    announce(directory)
    return await openOverState(options, opening, { state, losses })
  } catch (error) {
    await state.close()
    removeNodeFile(directory)
    throw error
  }
}

async function openOverState(
  options: CheckedOptions,
  opening: Opening,
  { state, losses }: { state: RocksOwner<StateColumn>; losses: LossReport },
): Promise<Node> {
  const { directory } = opening
  const { logger } = options
  /** Shards without a worker for now. */
  const gone = new Set<number>()
  // Asked again, now that nobody else can be making it.
  const isNew = isNewStore(directory)
  const identity = identityOf(directory, options)
  const { id: storeId, partitions, shards } = identity
  const { router, horizon, stamps } = makeRouter(options, { partitions, shards, storeId })
  if (isNew) makeWitnesses(directory, identity)
  const opened = await Shards.open({
    directory,
    shards,
    partitions,
    storeId,
    limits: options.limits,
    durability: options.durability,
    compression: options.compression,
    acceptLoss: options.acceptLoss,
    database: shard => openShardDatabase({ ...opening, isNew, ranks: ranksOf({ partitions, shards, shard }) }, shard, losses),
    attached: (shard, port, highestStamp) => {
      if (gone.delete(shard)) logger.info({ shard }, 'the worker of a shard is back')
      stamps.see(highestStamp)
      router.attach(shard, port)
    },
    detached: (shard, exitCode, forGood) => {
      gone.add(shard)
      router.detach(shard, forGood)
      if (forGood) logger.error({ shard, exitCode }, 'the worker of a shard died too often and is not started again')
      else logger.warn({ shard, exitCode }, 'the worker of a shard died and is started again')
    },
  })
  const view = viewOf(options, opened.all, horizon, { partitions, storeId })
  const access: LogAccess = {
    shards: opened.all.map(({ kv, shared }) => ({ handle: kv.handle, closed: kv.closed, shared: shared.data })),
    horizon: horizon.buffer,
    storeId,
    partitions,
    cacheBytes: options.limits.blockCacheBytes,
  }
  const deploying: DeployersOptions = {
    ...deployerOptions(options, { router, view, stamps }),
    ...(options.durability === 'disk' ? {} : { syncShards: () => opened.sync() }),
    ...(options.acceptLoss && { lost: opened.all.flatMap(shard => shard.damage) }),
    state,
    freeBytes: () => freeBytesOf(directory),
    threads: { workers: options.workers, log: access, state: { handle: state.handle, closed: state.closed } },
  }
  const tenants = openTenants(view, deploying.append)
  const start = async (): Promise<Deployers> => {
    if (isNew) finishStore(directory)
    if (options.acceptLoss) for (const [shard, { damage }] of opened.all.entries()) losses.write(shardName(shard), damage)
    return Deployers.open(deploying, tenants.scopes)
  }
  const deployers = await start().catch(async (error: unknown) => {
    router.stop()
    await opened.stopWorkers()
    await opened.closeDatabases()
    throw error
  })
  return new Node({
    options,
    router,
    view,
    deployers,
    monitor: monitorOf(options, { router, shards: opened.all, partitions, hasWorkers: true, deployers }),
    tenants,
    state,
    shards: opened.all,
    damage: () => [...losses.state, ...opened.all.flatMap(shard => shard.damage)],
    diskBytes: () => {
      const shardBytes = opened.all.map(shard => shard.kv.sizeBytes())
      return { total: shardBytes.reduce((total, bytes) => total + bytes, state.sizeBytes()), shards: shardBytes }
    },
    stop: () => opened.stopWorkers(),
    closeDatabases: async () => {
      await opened.closeDatabases()
      await state.close()
      removeNodeFile(directory)
    },
  })
}
