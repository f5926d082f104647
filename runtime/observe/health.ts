/** Whether a node is alive and whether it is ready: for those who start processes, and for those who send them requests. */
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

/** Never throws. Ready is a node that is open, can write to every shard, and runs the topologies it found. */
export function ready(node: Examined): Readiness {
  if (node.isShut) return { ready: false, reasons: ['the node is closing or closed'] }
  const reasons = reasonsOf(health(node).shards, () => true)
  for (const name of node.monitor.parts.starting()) reasons.push(`topology ${name} is being started`)
  return { ready: reasons.length === 0, reasons }
}

function reasonsOf(shards: readonly ShardHealth[], counts: (shard: ShardHealth) => boolean): string[] {
  return shards.filter(counts).flatMap(({ shard, condition }) => (condition === 'writable' ? [] : [sentences[condition](shard)]))
}
