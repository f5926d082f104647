/** Metrics of the cluster as the node sees it that is asked; none on a node by itself. */
import type { ClusterPartition, ClusterStatus } from '../../../event/cluster.ts'
import type { MetricRow, Scrape, Values } from './row.ts'

const healths = ['healthy', 'draining', 'silent'] as const

function ofCluster(read: (status: ClusterStatus) => Values<number>): (scrape: Scrape) => Values<number> {
  return ({ cluster }) => (cluster === null ? [] : read(cluster))
}

function ofPartitions(value: (partition: ClusterPartition) => number): (scrape: Scrape) => Values<number> {
  return ofCluster(({ partitions }) => partitions.map(one => [[one.partition], value(one)]))
}

export const clusterMetrics: readonly MetricRow[] = [
  {
    name: 'allsource_cluster_info',
    type: 'gauge',
    help: 'Always 1; the labels tell which cluster and which of its nodes it is.',
    labels: ['cluster', 'node'],
    read: ofCluster(({ name, node }) => [[[name, node], 1]]),
  },
  {
    name: 'allsource_cluster_nats_connected',
    type: 'gauge',
    help: '1 while the node is connected to NATS.',
    labels: [],
    read: ofCluster(({ nats }) => [[[], Number(nats.isConnected)]]),
  },
  {
    name: 'allsource_cluster_members',
    type: 'gauge',
    help: 'Nodes of the cluster, by health.',
    labels: ['health'],
    read: ofCluster(({ members }) => healths.map(health => [[health], members.filter(member => member.health === health).length])),
  },
  {
    name: 'allsource_cluster_leads',
    type: 'gauge',
    help: 'Partitions that a node leads, by node.',
    labels: ['node'],
    read: ofCluster(({ members }) => members.map(({ node, leads }) => [[node], leads])),
  },
  {
    name: 'allsource_cluster_partition_has_leader',
    type: 'gauge',
    help: '1 while the node knows who leads the partition.',
    labels: ['partition'],
    read: ofPartitions(({ leader }) => Number(leader !== null)),
  },
  {
    name: 'allsource_cluster_partition_term',
    type: 'gauge',
    help: 'Term of the partition: it rises each time another node takes over.',
    labels: ['partition'],
    read: ofPartitions(({ term }) => term),
  },
  {
    name: 'allsource_cluster_partition_stopped',
    type: 'gauge',
    help: '1 when what came from the shared log does not fit what the node has, so that it takes nothing more.',
    labels: ['partition'],
    read: ofPartitions(({ state }) => Number(state === 'stopped')),
  },
  {
    name: 'allsource_cluster_lag_records',
    type: 'gauge',
    help: 'Records of a partition that a node lacks of the most that any has.',
    labels: ['partition', 'node'],
    read: ofCluster(({ partitions }) =>
      partitions.flatMap(({ partition, lag }) => Object.entries(lag).map(([node, records]) => [[partition, node], records] as const)),
    ),
  },
  {
    name: 'allsource_cluster_ignored_messages_total',
    type: 'counter',
    help: 'Messages that were left out, by reason: of another cluster, of unknown senders, not whole.',
    labels: ['reason'],
    read: ofCluster(({ ignored }) => Object.entries(ignored).map(([reason, count]) => [[reason], count])),
  },
]
