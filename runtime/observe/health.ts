/** Whether a node is alive and whether it is ready: for those who start processes, and for those who send them requests. */
import type { Router } from '../../actors/router.ts'
import type { Health, Readiness, ShardCondition, ShardHealth } from '../../event/figures.ts'

/** What is asked of a node here. */
export interface Examined {
  readonly router: Pick<Router, 'shards' | 'shardAt' | 'closed'>
}

/** Never throws, whatever the node's state. A disk that refused a write, or a worker that dies again and again, needs a new start. */
export function health(node: Examined): Health {
  const shards = Array.from({ length: node.router.shards }, (_, shard): ShardHealth => ({ shard, condition: conditionOf(node, shard) }))
  const reasons = shards.flatMap(({ shard, condition }) => (needsStart(condition) ? [sentenceOf(shard, condition)] : []))
  return { alive: reasons.length === 0, shards, reasons }
}

/** Never throws. Ready is a node that is open, not closing, and can write to every shard. */
export function ready(node: Examined): Readiness {
  const { shards } = health(node)
  const reasons = shards.flatMap(({ shard, condition }) => (condition === 'writable' ? [] : [sentenceOf(shard, condition)]))
  if (node.router.closed) reasons.unshift('the node is closing or closed')
  return { ready: reasons.length === 0, reasons }
}

function conditionOf({ router }: Examined, shard: number): ShardCondition {
  const place = router.shardAt(shard)
  if (place === 'lost') return 'lost'
  return place === 'away' ? 'starting' : 'writable'
}

function needsStart(condition: ShardCondition): boolean {
  return condition === 'read-only' || condition === 'lost'
}

function sentenceOf(shard: number, condition: ShardCondition): string {
  if (condition === 'lost') return `the worker of shard ${shard} died too often to be started again`
  if (condition === 'read-only') return `the disk refused a write of shard ${shard}`
  return `the worker of shard ${shard} is being started`
}
