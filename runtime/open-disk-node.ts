/** Opens a node on disk: its databases, a worker a shard, and what makes it one of a cluster, if it is. */
import { EventStoreError } from '../event/error.ts'
import type { StampClock } from '../event/stamp.ts'
import { readStoreFile, type StoreFile } from '../store/store-file.ts'
import type { LogDamage } from '../store/damage/accepted-losses.ts'
import { freeBytesOf } from '../store/files.ts'
import { removeNodeFile } from '../store/node-file.ts'
import type { RocksOwner } from '../store/rocks.ts'
import type { StateColumn } from '../store/state.ts'
import type { ClusterNode } from './cluster/cluster-node.ts'
import type { Joined } from './cluster/join.ts'
import { Deployers, type DeployersOptions } from './deploy/deployers.ts'
import type { NodeDeployers } from './deploy/node-deployers.ts'
import type { LogAccess } from './log-access.ts'
import { Node } from './node.ts'
import { deployerOptions, makeRouter, monitorOf, openTenants, viewOf } from './node-parts.ts'
import { type CheckedOptions, PARTITIONS_DEFAULT } from './options.ts'
import { LossReport, openShardDatabase, openState, type Opening } from './salvage.ts'
import { Shards } from './shards.ts'
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

export async function openOnDisk(options: CheckedOptions, directory: string): Promise<Node> {
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
  // Asked again, now that nobody else can be making it.
  const isNew = isNewStore(directory)
  const joined = await join(options, directory, isNew)
  const identity = identityOf(directory, options, joined?.identity)
  const { id: storeId, partitions, shards } = identity
  const routing = makeRouter(options, { partitions, shards, storeId })
  const cluster = joined && (await startCluster(options, { joined, shards, stamps: routing.stamps }))
  try {
    return await openShards(options, opening, { state, losses, isNew, identity, routing, cluster })
  } catch (error) {
    await cluster?.leave()
    await cluster?.close()
    throw error
  }
}

interface OpenedSoFar {
  readonly state: RocksOwner<StateColumn>
  readonly losses: LossReport
  readonly isNew: boolean
  readonly identity: StoreFile
  readonly routing: ReturnType<typeof makeRouter>
  readonly cluster: ClusterNode | null
}

async function openShards(options: CheckedOptions, opening: Opening, soFar: OpenedSoFar): Promise<Node> {
  const { losses, isNew, identity, routing, cluster } = soFar
  const { directory } = opening
  const { logger } = options
  /** Shards without a worker for now. */
  const gone = new Set<number>()
  const { id: storeId, partitions, shards } = identity
  const { router, stamps } = routing
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
    ...(cluster && { cluster: (shard: number) => cluster.shardData(shard) }),
    attached: (shard, port, highestStamp) => {
      if (gone.delete(shard)) logger.info({ shard }, 'the worker of a shard is back')
      stamps.see(highestStamp)
      if (cluster) cluster.attached(shard, port)
      else router.attach(shard, port)
    },
    detached: (shard, exitCode, forGood) => {
      gone.add(shard)
      if (cluster) cluster.detached(shard)
      else router.detach(shard, forGood)
      if (forGood) logger.error({ shard, exitCode }, 'the worker of a shard died too often and is not started again')
      else logger.warn({ shard, exitCode }, 'the worker of a shard died and is started again')
    },
  })
  try {
    if (cluster) refuseDamaged(opened)
    return await openOverShards(options, opening, { ...soFar, opened })
  } catch (error) {
    router.stop()
    await opened.stopWorkers()
    await opened.closeDatabases()
    throw error
  }
}

async function openOverShards(options: CheckedOptions, opening: Opening, soFar: OpenedSoFar & { readonly opened: Shards }): Promise<Node> {
  const { state, losses, isNew, identity, routing, cluster, opened } = soFar
  const { directory } = opening
  const { id: storeId, partitions, shards } = identity
  const { router, horizon, stamps } = routing
  const view = viewOf(options, opened.all, horizon, { partitions, storeId })
  if (cluster) for (let shard = 0; shard < shards; shard++) router.attach(shard, cluster.ledPort(shard))
  cluster?.serve(opened.all, view, horizon)
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
  const tenants = openTenants(view, deploying.append, cluster?.knowsTenants(view))
  if (isNew) finishStore(directory)
  if (options.acceptLoss) for (const [shard, { damage }] of opened.all.entries()) losses.write(shardName(shard), damage)
  const deployers: NodeDeployers = cluster?.deployers ?? (await Deployers.open(deploying, tenants.scopes))
  cluster?.followTenants(tenants, view)
  return new Node({
    options,
    router,
    view,
    deployers,
    monitor: monitorOf(options, { router, shards: opened.all, partitions, hasWorkers: true, deployers }),
    tenants,
    state,
    shards: opened.all,
    cluster,
    damage: () => [...losses.state, ...opened.all.flatMap(shard => shard.damage)],
    diskBytes: () => {
      const shardBytes = opened.all.map(shard => shard.kv.sizeBytes())
      return { total: shardBytes.reduce((total, bytes) => total + bytes, state.sizeBytes()), shards: shardBytes }
    },
    stop: () => opened.stopWorkers(),
    closeDatabases: async () => {
      await cluster?.close()
      await opened.closeDatabases()
      await state.close()
      removeNodeFile(directory)
    },
  })
}

/** A node by itself does not load what speaks to others. */
async function join({ cluster, partitions }: CheckedOptions, directory: string, isNew: boolean): Promise<Joined | null> {
  if (!cluster) return null
  const { joinCluster } = await import('./cluster/join.ts')
  const stored = isNew ? undefined : readStoreFile(directory)
  return joinCluster(cluster, { partitions, partitionsDefault: PARTITIONS_DEFAULT, stored })
}

async function startCluster(
  { cluster, limits, logger }: CheckedOptions,
  about: { joined: Joined; shards: number; stamps: StampClock },
): Promise<ClusterNode> {
  const { ClusterNode } = await import('./cluster/cluster-node.ts')
  return ClusterNode.start({ options: cluster!, limits, logger, ...about })
}

/** Other nodes have what is damaged here: nothing is served with holes, and nothing is lost by starting empty. */
function refuseDamaged(opened: Shards): void {
  const damage = opened.all.flatMap(shard => shard.damage)
  if (damage.length === 0) return
  const [{ shard, block, reason }] = damage as [LogDamage]
  throw new EventStoreError(
    'DAMAGED',
    `${shardName(shard)}, block ${block}: ${reason}; the other nodes of the cluster have it: start this one with an empty directory`,
    { shard, block, file: shardName(shard), damage: damage.length },
  )
}
