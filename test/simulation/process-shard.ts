/** A shard of a simulated node: the shipped actor over a simulated disk, worked through in the events of its process. */
import { LocalPort } from '../../actors/local-port.ts'
import { Replication } from '../../actors/replication/replication.ts'
import type { SharedReplicas } from '../../actors/replication/shared-replicas.ts'
import { commitToDisk, ShardActor } from '../../actors/shard.ts'
import { limitsWith } from '../../event/limits.ts'
import type { StampClock } from '../../event/stamp.ts'
import type { CheckedEnvelopes } from '../../runtime/cluster/checked-envelopes.ts'
import { fetchSnapshot } from '../../runtime/cluster/snapshot-wire.ts'
import type { ShardColumn } from '../../store/index/keys.ts'
import type { OwnedKeyValue } from '../../store/key-value.ts'
import { openShard } from '../../store/log/open-shard.ts'
import { SharedShard, tailSizeFor } from '../../store/log/shared.ts'
import type { ProcessOptions } from './process.ts'
import type { ProcessTime } from './process-time.ts'

/** Small, so that segments end, mailboxes fill and commits give up within virtual seconds. */
export const limits = limitsWith({
  segmentEntries: 256,
  requestEvents: 64,
  versionMapStreams: 1024,
  idsRemembered: 4096,
  blockCacheBytes: 1024 * 1024,
  mailboxEvents: 256,
  commitTimeoutMs: 5_000,
})

export interface ShardParts {
  readonly number: number
  readonly replicas: SharedReplicas
  readonly stamps: StampClock
  readonly envelopes: CheckedEnvelopes
}

export class ProcessShard {
  readonly kv: OwnedKeyValue<ShardColumn>
  readonly shared: SharedShard
  readonly replication: Replication
  readonly port: LocalPort
  readonly #actor: ShardActor
  readonly #time: ProcessTime
  #isWorking = false
  #isWoken = false

  constructor(options: ProcessOptions, about: ShardParts) {
    const { disks, partitions, storeId, time, node, id, incarnation, told, peers } = options
    const { number, replicas, stamps, envelopes } = about
    const kv = (this.kv = disks[number]!)
    const tail = tailSizeFor(limits.segmentEntries, limits.requestEvents)
    const shared = (this.shared = SharedShard.create({ shard: number, shards: disks.length, partitions, tail }))
    this.#time = time
    this.port = new LocalPort({ bytesMax: limits.mailboxBytes, run: () => this.#wake() })
    this.replication = new Replication({
      log: node.log,
      clock: time.clock,
      timers: time,
      cluster: storeId,
      node: id,
      incarnation,
      replicas,
      commitTimeoutMs: limits.commitTimeoutMs / 2,
      stamp: () => stamps.take(1),
      wake: () => this.#wake(),
      told,
      fetch: (partition, after) =>
        fetchSnapshot({ bus: node.bus, envelopes, clock: time.clock, timers: time, sources: () => peers }, partition, after),
    })
    const open = (): ShardActor['log'] => openShard({ kv, shared, limits, storeId }).log
    const log = open()
    this.replication.opened(log)
    for (const partition of log.partitions) stamps.see(partition.stamp)
    this.#actor = new ShardActor({
      log,
      source: this.port,
      answers: this.port,
      commit: commitToDisk(() => this.#actor.log),
      reopen: open,
      durability: 'disk',
      compression: 'none',
      clock: time.clock,
      replication: this.replication,
    })
  }

  get failure(): Error | null {
    return this.#actor.failure
  }

  #wake(): void {
    this.#isWoken = true
    if (this.#isWorking) return
    this.#isWorking = true
    this.#time.after(0, () => void this.#work())
  }

  async #work(): Promise<void> {
    while (this.#isWoken) {
      this.#isWoken = false
      while (await this.#actor.step());
    }
    this.#isWorking = false
  }
}
