/** Every metric of a node, in groups as the page on monitoring shows them. */
import { clusterMetrics } from './metrics/cluster.ts'
import { partitionMetrics, shardMetrics } from './metrics/log.ts'
import { nodeMetrics, processMetrics } from './metrics/node.ts'
import type { MetricRow } from './metrics/row.ts'
import { topologyMetrics } from './metrics/topologies.ts'

export const metricTable = {
  node: nodeMetrics,
  partitions: partitionMetrics,
  shards: shardMetrics,
  topologies: topologyMetrics,
  cluster: clusterMetrics,
  process: processMetrics,
} as const satisfies Record<string, readonly MetricRow[]>
