/** What the log says of a node that was just opened: how long it took, what there is, what is missing. */
import type { LogDamage, NodeStats } from '../../event/figures.ts'
import type { Logger } from '../../event/logger.ts'

interface Opened {
  readonly directory: string | null
  readonly acceptLoss: boolean
  readonly logger: Logger
  readonly tookMs: number
}

export function logOpened({ storeId, events, partitions, shards, topologies, damage }: NodeStats, about: Opened): void {
  const { directory, acceptLoss, logger, tookMs } = about
  const counts = { partitions: partitions.length, shards: shards.length, topologies: topologies.length }
  logger.info({ ...(directory !== null && { directory }), store: storeId, events, ...counts, tookMs }, 'the node is open')
  for (const place of damage) logger.warn(factsOf(place), acceptLoss ? 'a loss was accepted' : 'a place in the log can not be read')
}

function factsOf({ shard, block, partition, sequences, reason }: LogDamage): Record<string, unknown> {
  return {
    shard,
    ...(block >= 0 && { block }),
    ...(partition !== undefined && { partition }),
    ...(sequences !== undefined && { sequences }),
    reason,
  }
}
