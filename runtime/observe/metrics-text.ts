/** The figures of a node as Prometheus reads them: filled when they are asked for, from counters that are kept anyway. */
import type { Metric } from 'prom-client'
import type { Cluster } from '../../event/cluster.ts'
import type { NodeStats } from '../../event/figures.ts'
import { Durations } from '../../event/log-buckets.ts'
import { clusterStatus, type Examined, health, ready } from './health.ts'
import { metricTable } from './metric-table.ts'
import type { MetricRow, Scrape } from './metrics/row.ts'
import type { Monitor } from './monitor.ts'
import { partitionStats, refusals } from './partition-stats.ts'

/** What an answer with the text says it is. */
export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export interface Measured extends Examined {
  readonly monitor: Monitor
  /** Null on a node by itself. */
  readonly cluster: Cluster | null
  stats(): Promise<NodeStats>
}

/** One line of the answer. */
interface Sample {
  readonly metricName?: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

/** All metrics of a node in Prometheus' text format. CLOSED when the node is closing or closed. */
export async function metricsText(node: Measured): Promise<string> {
  // Loaded by those who are scraped alone.
  const [scrape, { Registry }] = await Promise.all([scrapeOf(node), import('prom-client')])
  const registry = new Registry()
  for (const row of Object.values(metricTable).flat()) registry.registerMetric(filled(row, scrape))
  return registry.metrics()
}

async function scrapeOf(node: Measured): Promise<Scrape> {
  const { monitor } = node
  const { clock, router, shards } = monitor.parts
  const cluster = await clusterStatus(node)
  const { rss, heapUsed } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  return {
    stats: await node.stats(),
    topologies: await monitor.parts.topologies(),
    partitions: partitionStats(monitor),
    refusals: refusals(monitor),
    openedAt: monitor.openedAt,
    isAlive: health(node).alive,
    cluster: typeof cluster === 'string' ? null : cluster,
    isReady: ready(node, cluster).ready,
    hotEpisodes: monitor.hotEpisodes,
    nowMs: clock.now(),
    latenciesOf: partition => router.figures.latenciesOf(partition),
    commitsOf: shard => shards[shard]!.figures.commits,
    memory: { residentBytes: rss, heapBytes: heapUsed },
    cpuSeconds: (user + system) / 1e6,
  }
}

/** A registry asks a metric for its values and for nothing else; the ones of prom-client would count them a second time. */
function filled(row: MetricRow, scrape: Scrape): Metric {
  const { name, help, type } = row
  const values = row.type === 'histogram' ? histogramOf(row, scrape) : samplesOf(row, scrape)
  return { name, get: () => Promise.resolve({ name, help, type, aggregator: 'sum', values }) } as unknown as Metric
}

function samplesOf({ labels, read }: MetricRow & { type: 'counter' | 'gauge' }, scrape: Scrape): Sample[] {
  return [...read(scrape)].map(([texts, value]) => ({ labels: named(labels, texts), value }))
}

function histogramOf({ name, labels, octaves, read }: MetricRow & { type: 'histogram' }, scrape: Scrape): Sample[] {
  return [...read(scrape)].flatMap(([texts, parts]) => {
    const own = named(labels, texts)
    const whole = new Durations()
    for (const part of parts) whole.addAll(part)
    const count = whole.shorterThan(Number.POSITIVE_INFINITY)
    const bucket = (le: number | string, value: number): Sample => ({ metricName: `${name}_bucket`, labels: { ...own, le }, value })
    return [
      ...octaves.map(octave => bucket(2 ** octave / 1e6, whole.shorterThan(2 ** octave))),
      bucket('+Inf', count),
      { metricName: `${name}_sum`, labels: own, value: whole.sumMs / 1000 },
      { metricName: `${name}_count`, labels: own, value: count },
    ]
  })
}

function named(names: readonly string[], texts: readonly (string | number)[]): Record<string, string | number> {
  return Object.fromEntries(names.map((name, at) => [name, texts[at] ?? '']))
}
