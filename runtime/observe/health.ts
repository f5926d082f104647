/** Whether a node is alive and whether it is ready: for those who start processes, and for those who send them requests. */
import type { Cluster, ClusterStatus } from '../../event/cluster.ts'
import type { Health, Readiness, ShardCondition, ShardHealth } from '../../event/figures.ts'
import type { Monitor } from './monitor.ts'

/** What is asked of a node here. */
export interface Examined {
  readonly isShut: boolean
  readonly monitor: Pick<Monitor, 'parts' | 'conditionOf'>
}

const sentences: { readonly [Condition in Exclude<ShardCondition, 'writable'>]: (shard: number) => string } = {
  starting: shard => `the worker of shard ${shard} is being started again`,
  silent: shard => `the worker of shard ${shard} gives no sign of life`,
  'read-only': shard => `the disk refused a write of shard ${shard}; it is read-only until the node is opened again`,
  lost: shard => `the worker of shard ${shard} died too often to be started again`,
}

/** In a sentence. */
const partitionsNamed = 8

/**
 * Never throws, whatever the node's state. Not alive is one that only a new start can help: reads may go on meanwhile. One that is closing
 * is left to do that, and has no shards to speak of any more.
 */
export function health({ monitor, isShut }: Examined): Health {
  if (isShut) return { alive: true, shards: [], reasons: [] }
  const shards = monitor.parts.shards.map((_, shard): ShardHealth => ({ shard, condition: monitor.conditionOf(shard) }))
  const reasons = reasonsOf(shards, ({ condition }) => condition === 'read-only' || condition === 'lost')
  return { alive: reasons.length === 0, shards, reasons }
}

/** The status of the cluster a node belongs to, null for a node by itself; a sentence when it can not be had. Never throws. */
export async function clusterStatus({ cluster }: { readonly cluster: Cluster | null }): Promise<ClusterStatus | string | null> {
  return cluster === null ? null : cluster.status().catch((error: unknown) => (error instanceof Error ? error.message : String(error)))
}

/**
 * Never throws. Ready is a node that is open, can write to every shard, and runs the topologies it found; in a cluster, whose status is given beside
 * it, one that is connected to NATS and knows who leads each partition.
 */
export function ready(node: Examined, cluster: ClusterStatus | string | null = null): Readiness {
  if (node.isShut) return { ready: false, reasons: ['the node is closing or closed'] }
  const reasons = reasonsOf(health(node).shards, () => true)
  for (const name of node.monitor.parts.starting()) reasons.push(`topology ${name} is being started`)
  reasons.push(...reasonsOfCluster(cluster))
  return { ready: reasons.length === 0, reasons }
}

function reasonsOfCluster(status: ClusterStatus | string | null): string[] {
  if (status === null) return []
  if (typeof status === 'string') return [`the status of the cluster is not known: ${status}`]
  const leaderless = status.partitions.filter(({ leader }) => leader === null).map(({ partition }) => partition)
  const some = leaderless.slice(0, partitionsNamed).join(', ') + (leaderless.length > partitionsNamed ? ', …' : '')
  return [
    ...(status.nats.isConnected ? [] : ['there is no connection to NATS']),
    ...(leaderless.length === 0 ? [] : [`no leader is known of ${leaderless.length} of ${status.partitions.length} partitions: ${some}`]),
  ]
}

function reasonsOf(shards: readonly ShardHealth[], counts: (shard: ShardHealth) => boolean): string[] {
  return shards.filter(counts).flatMap(({ shard, condition }) => (condition === 'writable' ? [] : [sentences[condition](shard)]))
}
