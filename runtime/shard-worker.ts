/** Thread of one shard: attaches to its database, reads the log's end back in, then works through groups until it is told to stop. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { exposeControl } from '../actors/control.ts'
import { type PortData } from '../actors/port.ts'
import { type Confirmed, notLeader } from '../actors/replication/confirmations.ts'
import { RingReceiver } from '../actors/ring-receiver.ts'
import { commitToDisk, ShardActor } from '../actors/shard.ts'
import { ShardFigures } from '../actors/shard-figures.ts'
import { turn } from '../actors/subscription.ts'
import { EventStoreError, isEventStoreError } from '../event/error.ts'
import type { Stamp } from '../event/event.ts'
import type { Limits } from '../event/limits.ts'
import type { Scope } from '../event/scope.ts'
import type { ShardColumn } from '../store/index/keys.ts'
import { type LogDamage, openShard } from '../store/log/open-shard.ts'
import { type Scavenged, scavengeInTurns } from '../store/log/scavenge.ts'
import { SharedShard, type SharedShardData } from '../store/log/shared.ts'
import { syncAll } from '../store/log/sync.ts'
import { attachRocks } from '../store/rocks.ts'
import type { RunningReplication, ShardClusterData } from './cluster/shard-replication.ts'
import { ShardWitness } from './shard-witness.ts'

/** All the thread needs; plain data. */
export interface ShardWorkerData {
  readonly handle: bigint
  readonly closed: Int32Array
  readonly shared: SharedShardData
  readonly port: PortData
  readonly transfers: MessagePort
  readonly control: MessagePort
  readonly limits: Limits
  readonly storeId: string
  readonly durability: 'memory' | 'os' | 'disk'
  readonly compression: 'auto' | 'none'
  readonly witnessFile: string
  readonly acceptLoss: boolean
  /** What workers before this one have counted, and this one counts on. */
  readonly figures: SharedArrayBuffer
  /** In a cluster. */
  readonly cluster?: ShardClusterData
}

/** What the thread says once it is open, or why it is not. */
export type ShardWorkerReady =
  | { readonly kind: 'ready'; readonly highestStamp: number; readonly damage: readonly LogDamage[] }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly details: Readonly<Record<string, unknown>> }

export interface ShardControl extends Record<string, (...args: never[]) => unknown> {
  stats(): ShardStats
  /** Puts what was only written on disk. */
  sync(): void
  scavenge(scope: Scope): Promise<Scavenged>
  /** Proves that this node leads a partition; NOT_LEADER. `stamp`: the partition is closed at it. */
  confirm(partition: number, stamp: Stamp): Promise<Confirmed>
}

export interface ShardStats {
  readonly blocks: number
  readonly streams: number
  readonly versionMapBytes: number
  readonly failure: string | null
}

const IDLE_MS = 500

async function run(data: ShardWorkerData): Promise<void> {
  const kv = attachRocks<ShardColumn>(data.handle, data.closed)
  const shared = new SharedShard(data.shared)
  const witness = new ShardWitness(data.witnessFile, shared)
  const isDurable = data.durability === 'disk'
  // Readers are about to see what an earlier worker may have written without a sync.
  const failure = isDurable || data.acceptLoss ? refusalOf(() => syncAll(kv)) : null
  const { log, damage } = openShard({
    kv,
    shared,
    limits: data.limits,
    storeId: data.storeId,
    ...(data.acceptLoss && { acceptLoss: { synced: witness.synced() } }),
  })
  if (data.acceptLoss) witness.note(true)
  else witness.check()
  const figures = new ShardFigures(data.figures)
  const receiver = new RingReceiver(data.port, data.transfers)
  const cluster = data.cluster && (await replicationOf(data.cluster, () => receiver.wake()))
  cluster?.replication.opened(log)
  const actor: ShardActor = new ShardActor({
    ...(cluster && { replication: cluster.replication }),
    log,
    source: receiver,
    answers: receiver,
    commit: commitToDisk(() => actor.log),
    reopen: () => openShard({ kv, shared, limits: data.limits, storeId: data.storeId }).log,
    durability: data.durability,
    compression: data.compression,
    figures,
    slowCommitMs: data.limits.slowCommitMs,
  })
  actor.failure = failure
  /** A witness that can not be written is as bad as a log that can not. */
  const note = (last: boolean): void => {
    if (!isDurable || actor.failure) return
    actor.failure = refusalOf(() => witness.note(last))
  }
  exposeControl(
    {
      stats: (): ShardStats => ({
        blocks: actor.log.settledBlocks,
        streams: actor.log.versions.size,
        versionMapBytes: actor.log.versions.bytes,
        failure: actor.failure?.message ?? null,
      }),
      sync: () => actor.sync(),
      scavenge: scope => scavengeInTurns(() => actor.log, scope),
      confirm: (partition, stamp) => (cluster ? cluster.replication.confirm(partition, stamp) : Promise.reject(notLeader(partition))),
    } satisfies ShardControl,
    data.control,
  )
  figures.failed = actor.failure !== null
  let highestStamp = 0
  for (const partition of log.partitions) highestStamp = Math.max(highestStamp, partition.stamp)
  parentPort!.postMessage({ kind: 'ready', highestStamp, damage } satisfies ShardWorkerReady)
  cluster?.replication.start()
  for (;;) {
    const did = actor.step()
    const busy = typeof did === 'boolean' ? did : await did
    receiver.beat()
    note(false)
    figures.beat()
    figures.failed = actor.failure !== null
    if (busy) await turn()
    else if (receiver.stopped && actor.idle) break
    else await receiver.arrived(IDLE_MS)
  }
  await cluster?.close()
  note(true)
  witness.close()
  data.control.close()
  data.transfers.close()
  // What a connection still waits for does not keep the thread.
  if (cluster) process.exit(0)
}

/** A node by itself does not load what speaks to others. */
async function replicationOf(data: ShardClusterData, wake: () => void): Promise<RunningReplication> {
  const { openReplication } = await import('./cluster/shard-replication.ts')
  return openReplication(data, wake)
}

/** The error when the disk refuses to be written. */
function refusalOf(write: () => void): Error | null {
  try {
    write()
    return null
  } catch (error) {
    if (!isEventStoreError(error, 'READ_ONLY')) throw error
    return error
  }
}

run(workerData as ShardWorkerData).catch((error: unknown) => {
  if (!(error instanceof EventStoreError)) throw error
  parentPort!.postMessage({ kind: 'failed', ...error.toJSON() } satisfies ShardWorkerReady)
})
