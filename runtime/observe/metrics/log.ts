/** Metrics of the log: of each partition, and of each shard, which is a database with its worker. */
import type { NodeStats, PartitionFigures } from '../../../event/figures.ts'
import { coarse, type MetricRow, one, type Scrape, type Values } from './row.ts'

type Shard = NodeStats['shards'][number]

function perPartition(read: (partition: PartitionFigures) => number): (scrape: Scrape) => Values<number> {
  return ({ partitions }) => partitions.map(each => [[each.partition], read(each)])
}

function perShard(read: (shard: Shard) => number): (scrape: Scrape) => Values<number> {
  return ({ stats }) => stats.shards.map(each => [[each.shard], read(each)])
}

export const partitionMetrics: readonly MetricRow[] = [
  {
    name: 'allsource_partition_events_total',
    type: 'counter',
    help: 'Events ever stored: the last sequence.',
    labels: ['partition'],
    read: perPartition(({ events }) => events),
  },
  {
    name: 'allsource_partition_bytes_total',
    type: 'counter',
    help: 'Bytes of data of the events stored since the node was opened, as received.',
    labels: ['partition'],
    read: perPartition(({ bytes }) => bytes),
  },
  {
    name: 'allsource_partition_requests_total',
    type: 'counter',
    help: 'Appends answered since the node was opened, whatever the answer.',
    labels: ['partition'],
    read: perPartition(({ requests }) => requests),
  },
  {
    name: 'allsource_partition_errors_total',
    type: 'counter',
    help: 'Appends that failed since the node was opened, by error code.',
    labels: ['partition', 'code'],
    read: ({ partitions }) =>
      partitions.flatMap(({ partition, errors }) => Object.entries(errors).map(([code, count]) => [[partition, code], count] as const)),
  },
  {
    name: 'allsource_partition_latency_seconds',
    type: 'histogram',
    help: 'From the call of an append to its answer.',
    labels: ['partition'],
    octaves: coarse,
    read: scrape => scrape.partitions.map(({ partition }) => [[partition], [scrape.latenciesOf(partition)]]),
  },
  {
    name: 'allsource_partition_queue_events',
    type: 'gauge',
    help: 'Events that wait for an answer.',
    labels: ['partition'],
    read: perPartition(({ queue }) => queue),
  },
  {
    name: 'allsource_partition_hot',
    type: 'gauge',
    help: '1 while the partition carries more than twice the mean of all, from limits.hotPartitionMs on.',
    labels: ['partition'],
    read: perPartition(({ isHot }) => Number(isHot)),
  },
  {
    name: 'allsource_hot_partition_alerts_total',
    type: 'counter',
    help: 'Times that a partition was said to be hot since the node was opened.',
    labels: [],
    read: ({ hotEpisodes }) => one(hotEpisodes),
  },
]

export const shardMetrics: readonly MetricRow[] = [
  {
    name: 'allsource_shard_writable',
    type: 'gauge',
    help: '1 when appends to its partitions can be stored.',
    labels: ['shard'],
    read: perShard(({ condition }) => Number(condition === 'writable')),
  },
  {
    name: 'allsource_shard_disk_bytes',
    type: 'gauge',
    help: 'Bytes of its files; 0 in memory.',
    labels: ['shard'],
    read: perShard(({ diskBytes }) => diskBytes),
  },
  {
    name: 'allsource_shard_blocks_total',
    type: 'counter',
    help: 'Blocks of events ever written.',
    labels: ['shard'],
    read: perShard(({ blocks }) => blocks),
  },
  {
    name: 'allsource_commit_duration_seconds',
    type: 'histogram',
    help: 'How long commits took: one write to the database with one sync, for all that waited.',
    labels: ['shard'],
    octaves: coarse,
    read: scrape => scrape.stats.shards.map(({ shard }) => [[shard], [scrape.commitsOf(shard)]]),
  },
  {
    name: 'allsource_slow_commits_total',
    type: 'counter',
    help: 'Commits that took longer than limits.slowCommitMs.',
    labels: ['shard'],
    read: perShard(({ slowCommits }) => slowCommits),
  },
]
