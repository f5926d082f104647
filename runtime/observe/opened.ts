/** What the log says of a node that was just opened: how long it took, what there is, what is missing. */
import type { LogDamage } from '../../event/figures.ts'
import type { Logger } from '../../event/logger.ts'
import type { LogView } from '../../store/log/log-view.ts'
import type { Monitor } from './monitor.ts'

interface OpenNode {
  readonly view: LogView
  readonly damage: readonly LogDamage[]
  readonly monitor: Monitor
}

interface Opened {
  readonly directory: string | null
  readonly acceptLoss: boolean
  readonly logger: Logger
  readonly tookMs: number
}

/** Asks no worker: one may be in code of a user's that does not return. */
export function logOpened({ view, damage, monitor }: OpenNode, about: Opened): void {
  const { directory, acceptLoss, logger, tookMs } = about
  const { storeId: store, partitions, shards } = view
  let events = 0
  for (let partition = 0; partition < partitions; partition++) events += view.sequenceOf(partition)
  const counts = { events, partitions, shards: shards.length, starting: monitor.parts.starting() }
  logger.info({ ...(directory !== null && { directory }), store, ...counts, tookMs }, 'the node is open')
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
