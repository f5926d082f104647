/** The shards of a node in memory: the same actors in the calling thread, for tests and short-lived work. */
import { LocalPort } from '../actors/local-port.ts'
import type { ShardPort } from '../actors/port.ts'
import { commitToDisk, ShardActor } from '../actors/shard.ts'
import { ShardFigures } from '../actors/shard-figures.ts'
import type { Limits } from '../event/limits.ts'
import type { ShardColumn } from '../store/index/keys.ts'
import { openShard } from '../store/log/open-shard.ts'
import { scavengeInTurns } from '../store/log/scavenge.ts'
import { SharedShard, tailSizeFor } from '../store/log/shared.ts'
import { openMemory } from '../store/memory.ts'
import type { NodeShard } from './shards.ts'

export interface MemoryShardsOptions {
  readonly shards: number
  readonly partitions: number
  readonly limits: Limits
  readonly storeId: string
  readonly attached: (shard: number, port: ShardPort) => void
  /** Called when a shard's actor has answered. */
  readonly answered: (shard: number) => void
}

export function openMemoryShards(options: MemoryShardsOptions): NodeShard[] {
  const { shards, partitions, limits, storeId } = options
  return Array.from({ length: shards }, (_, number) => {
    const kv = openMemory<ShardColumn>({ columns: { log: 'rising', index: 'scattered', meta: 'small' } })
    const shared = SharedShard.create({ shard: number, shards, partitions, tail: tailSizeFor(limits.segmentEntries, limits.requestEvents) })
    const figures = ShardFigures.create(shared.ranks)
    const open = (): ShardActor['log'] => openShard({ kv, shared, limits, storeId }).log
    const port = new LocalPort({
      bytesMax: limits.mailboxBytes,
      run: () => {
        while (actor.step()) options.answered(number)
      },
    })
    const actor: ShardActor = new ShardActor({
      log: open(),
      source: port,
      answers: port,
      commit: commitToDisk(() => actor.log),
      reopen: open,
      durability: 'memory',
      compression: 'none',
      figures,
      slowCommitMs: limits.slowCommitMs,
    })
    options.attached(number, port)
    return { kv, shared, figures, scavenge: scope => scavengeInTurns(() => actor.log, scope) }
  })
}
