/** What a shard's worker has of the cluster: its own connection to the shared log, and a port to the thread that decides who leads. */
import type { MessagePort } from 'node:worker_threads'
import { Replication } from '../../actors/replication/replication.ts'
import type { ReplicaEvent } from '../../actors/replication/shard-replicas.ts'
import { SharedReplicas } from '../../actors/replication/shared-replicas.ts'
import { type NatsOptions, openBus, openSharedLog } from '../../cluster/jetstream.ts'
import { systemClock } from '../../event/clock.ts'
import { stampOf } from '../../event/stamp.ts'
import { systemTimers } from '../../event/timers.ts'
import { CheckedEnvelopes } from './checked-envelopes.ts'
import { fetchSnapshot } from './snapshot-wire.ts'

/** Plain data: what a shard's worker needs to be one of several. */
export interface ShardClusterData {
  readonly nats: NatsOptions
  readonly streams: number
  /** The store's id. */
  readonly cluster: string
  readonly node: string
  readonly incarnation: string
  readonly replicas: SharedArrayBuffer
  readonly member: MessagePort
}

/** From the thread that decides who leads. */
export type ShardOrder =
  | { readonly kind: 'lead'; readonly partition: number; readonly term: number }
  | { readonly kind: 'resign'; readonly partition: number }
  | { readonly kind: 'repair'; readonly partition: number; readonly term: number }
  /** Every member that counts has the partition up to this index. */
  | { readonly kind: 'trim'; readonly partition: number; readonly index: number }
  /** All members but this node, those heard of first. */
  | { readonly kind: 'peers'; readonly nodes: readonly string[] }

export interface RunningReplication {
  readonly replication: Replication
  close(): Promise<void>
}

/** How long it is tried to open a term. */
const START_MS = 4_000
/** How long it is tried to find out what became of a commit; the other partitions of the shard wait meanwhile. */
const COMMIT_MS = 5_000
/** How long connections may take to be closed. */
const CLOSE_MS = 2_000

/** `wake`: the shard's actor is to step. Throws UNREACHABLE, UNAUTHENTICATED, INVALID. */
export async function openReplication(data: ShardClusterData, wake: () => void): Promise<RunningReplication> {
  const { nats, streams, cluster, node, incarnation, member } = data
  const [log, bus] = await Promise.all([openSharedLog({ ...nats, streams }), openBus(nats)])
  let peers: readonly string[] = []
  const envelopes = new CheckedEnvelopes({ cluster, node, incarnation, knows: name => peers.includes(name) })
  const asker = { bus, envelopes, clock: systemClock, timers: systemTimers, sources: () => peers }
  const replication = new Replication({
    log,
    clock: systemClock,
    timers: systemTimers,
    cluster,
    node,
    incarnation,
    replicas: new SharedReplicas(data.replicas),
    commitTimeoutMs: COMMIT_MS,
    stamp: () => stampOf(systemClock.now()),
    wake,
    told: event => member.postMessage(event satisfies ReplicaEvent),
    fetch: (partition, after) => fetchSnapshot(asker, partition, after),
  })
  member.on('message', (order: ShardOrder) => {
    if (order.kind === 'lead') replication.lead(order.partition, order.term, START_MS)
    else if (order.kind === 'resign') replication.resign(order.partition)
    else if (order.kind === 'repair') replication.repair(order.partition, order.term, START_MS)
    else if (order.kind === 'trim') replication.trim(order.partition, order.index)
    else peers = order.nodes
  })
  return {
    replication,
    async close() {
      member.close()
      const closing = replication.close().then(() => Promise.all([log.close(), bus.close()]))
      // A connection that is lost need not be closed in order; a timer of the thread's own, which keeps it alive so long.
      await Promise.race([closing, new Promise(resolve => setTimeout(resolve, CLOSE_MS))])
    },
  }
}
