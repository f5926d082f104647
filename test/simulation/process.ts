/** A node of the simulated cluster, put together from what is shipped: stores, shard actors, replication, router. Nothing here decides anything. */
import { Replication } from '../../actors/replication/replication.ts'
import type { ReplicaEvent } from '../../actors/replication/shard-replicas.ts'
import { SharedReplicas } from '../../actors/replication/shared-replicas.ts'
import { LocalPort } from '../../actors/local-port.ts'
import { allEvents, streamEvents } from '../../actors/reader.ts'
import { Router } from '../../actors/router.ts'
import { commitToDisk, ShardActor } from '../../actors/shard.ts'
import type { LoopbackNode } from '../../cluster/loopback.ts'
import { Member } from '../../cluster/member.ts'
import { EventStoreError, isEventStoreError } from '../../event/error.ts'
import type { NewEvent } from '../../event/event.ts'
import type { AppendOptions } from '../../event/event-store.ts'
import { limitsWith } from '../../event/limits.ts'
import { StampClock } from '../../event/stamp.ts'
import type { ShardColumn } from '../../store/index/keys.ts'
import type { OwnedKeyValue } from '../../store/key-value.ts'
import { SharedHorizon } from '../../store/log/horizon.ts'
import { LogView } from '../../store/log/log-view.ts'
import { hashesOf, openShard } from '../../store/log/open-shard.ts'
import { SharedShard, tailSizeFor } from '../../store/log/shared.ts'
import { CheckedEnvelopes } from '../../runtime/cluster/checked-envelopes.ts'
import { fetchSnapshot, serveSnapshots } from '../../runtime/cluster/snapshot-wire.ts'
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

export interface ProcessOptions {
  readonly id: string
  readonly incarnation: string
  readonly storeId: string
  readonly partitions: number
  readonly time: ProcessTime
  readonly node: LoopbackNode
  readonly disks: readonly OwnedKeyValue<ShardColumn>[]
  /** The other nodes. */
  readonly peers: readonly string[]
  readonly told: (event: ReplicaEvent) => void
  /** Its member decides with the others who leads. */
  readonly elects: boolean
}

const LEAD_MS = 4_000
const LOOK_MS = 50

interface ShardParts {
  readonly number: number
  readonly replicas: SharedReplicas
  readonly stamps: StampClock
  readonly envelopes: CheckedEnvelopes
  readonly answered: () => void
}

class Shard {
  readonly kv: OwnedKeyValue<ShardColumn>
  readonly shared: SharedShard
  readonly replication: Replication
  readonly port: LocalPort
  readonly #actor: ShardActor
  readonly #answered: () => void
  readonly #time: ProcessTime
  #isWorking = false
  #isWoken = false

  constructor(options: ProcessOptions, about: ShardParts) {
    const { disks, partitions, storeId, time, node, id, incarnation, told, peers } = options
    const { number, replicas, stamps, envelopes, answered } = about
    const kv = (this.kv = disks[number]!)
    const tail = tailSizeFor(limits.segmentEntries, limits.requestEvents)
    const shared = (this.shared = SharedShard.create({ shard: number, shards: disks.length, partitions, tail }))
    this.#time = time
    this.#answered = answered
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
      while (await this.#actor.step()) this.#answered()
    }
    this.#isWorking = false
  }
}

export class Process {
  readonly id: string
  readonly incarnation: string
  readonly time: ProcessTime
  readonly replicas: SharedReplicas
  readonly shards: readonly Shard[]
  readonly router: Router
  readonly view: LogView
  readonly node: LoopbackNode
  /** Null where a schedule says who leads. */
  readonly member: Member | null

  constructor(given: ProcessOptions) {
    const options: ProcessOptions = {
      ...given,
      told: event => {
        given.told(event)
        this.#heard(event)
      },
    }
    const { id, incarnation, storeId, partitions, time, node, disks } = options
    this.id = id
    this.incarnation = incarnation
    this.time = time
    this.node = node
    this.replicas = SharedReplicas.create(partitions)
    const stamps = new StampClock(0, time.clock)
    const horizon = new SharedHorizon()
    const streamHash = hashesOf(storeId).stream
    const envelopes = new CheckedEnvelopes({ cluster: storeId, node: id, incarnation, knows: name => options.peers.includes(name) })
    this.router = new Router(disks.length, { partitions, limits, streamHash, stamps, horizon, durability: 'disk', clock: time.clock })
    this.shards = disks.map((_, number) => {
      const answered = (): void => this.router.drain(number)
      return new Shard(options, { number, replicas: this.replicas, stamps, envelopes, answered })
    })
    this.view = new LogView({ shards: this.shards, horizon, storeId, partitions, cacheBytes: limits.blockCacheBytes })
    this.shards.forEach((shard, number) => this.router.attach(number, shard.port))
    serveSnapshots({ view: this.view, node: id, incarnation }, { bus: node.bus, envelopes })
    this.member = options.elects ? this.#newMember(options, stamps) : null
    for (const shard of this.shards) shard.replication.start()
    if (this.member) this.#begin(this.member)
  }

  /** The shipped member; what surrounds it here is what the member's thread does in a node. */
  #newMember({ id, incarnation, storeId, partitions, time, node }: ProcessOptions, stamps: StampClock): Member {
    return new Member({
      bus: node.bus,
      registry: node.registry,
      clock: time.clock,
      timers: time,
      cluster: storeId,
      node: id,
      incarnation,
      zone: '',
      format: 1,
      disk: id,
      partitions,
      calls: {
        lead: (partition, term) => this.shardOf(partition).replication.lead(partition, term, LEAD_MS),
        resign: partition => this.shardOf(partition).replication.resign(partition),
        leader: () => undefined,
        members: () => undefined,
        stamp: stamp => stamps.see(stamp),
        followsAll: () => undefined,
        failed: () => undefined,
      },
    })
  }

  #begin(member: Member): void {
    const terms = Array.from({ length: this.replicas.partitions }, () => 0)
    const look = (): void => {
      for (let partition = 0; partition < terms.length; partition++) {
        const role = this.replicas.roleOf(partition)
        const term = this.replicas.termOf(partition)
        member.applied(partition, this.replicas.indexOf(partition))
        if (term > terms[partition]!) member.record(partition, (terms[partition] = term))
        member.stopped(partition, role === 'stopped' || role === 'behind')
      }
      this.time.after(LOOK_MS, look)
    }
    look()
    void member.start().catch((error: unknown) => {
      if (!isEventStoreError(error)) throw error
      this.memberFailed = true
    })
  }

  /** It could not join, as when the registry does not answer: the process would end and be started again. */
  memberFailed = false

  #heard(event: ReplicaEvent): void {
    const { member } = this
    if (!member) return
    const { kind, partition } = event
    if (kind === 'stopped') return
    if (kind === 'record') member.record(partition, event.term)
    else member[kind](partition, event.term)
  }

  shardOf(partition: number): Shard {
    return this.shards[partition % this.shards.length]!
  }

  append(stream: string, events: readonly NewEvent[], options: AppendOptions): Promise<number> {
    return this.router.append(stream, events, options).then(answer => {
      if (answer.duplicate) throw new EventStoreError('INVALID', 'an append without a producer was answered as a duplicate')
      return answer.version
    })
  }

  /** What clients call the events of a stream. */
  async read(stream: string, level: 'leader' | 'any'): Promise<string[]> {
    if (level === 'leader') {
      const partition = this.view.partitionOf(stream)
      await this.shardOf(partition).replication.confirm(partition)
    }
    return [...streamEvents(this.view, stream, {}, true)].map(({ data }) => (data as { name: string }).name)
  }

  /** Positions of all events in the order of all, with nothing in flight. */
  all(): string[] {
    this.view.horizon.set(Number.MAX_SAFE_INTEGER)
    return Array.from(allEvents(this.view, { scope: '' }, 64), event => event.position)
  }

  /** Something of it takes nothing more: only a restart helps. */
  get isBroken(): boolean {
    return this.memberFailed || this.shards.some(shard => shard.failure !== null)
  }
}
