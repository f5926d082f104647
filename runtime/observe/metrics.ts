/** The figures of a node as Prometheus reads them: filled when they are asked for, from counters that are kept anyway. */
import type { NodeStats } from '../../event/figures.ts'

/** What an answer with the text says it is. */
export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** All metrics of a node in Prometheus' text format. CLOSED when the node is closed. */
export async function metricsText(node: { stats(): Promise<NodeStats> }): Promise<string> {
  const [stats, { Gauge, Registry }] = await Promise.all([node.stats(), import('prom-client')])
  const registry = new Registry()
  const events = new Gauge({ name: 'allsource_events', help: 'Events stored.', registers: [registry] })
  events.set(stats.events)
  return registry.metrics()
}
