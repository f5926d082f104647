/** A node of the simulated cluster, put together from what is shipped: stores, shard actors, replication, router. Nothing here decides anything. */
import type { ReplicaEvent } from '../../actors/replication/shard-replicas.ts'
import { type ReplicaRole, SharedReplicas } from '../../actors/replication/shared-replicas.ts'
import { allEvents, streamEvents } from '../../actors/reader.ts'
import { Router } from '../../actors/router.ts'
import type { LoopbackNode } from '../../cluster/loopback.ts'
import { Member } from '../../cluster/member.ts'
import { EventStoreError, isEventStoreError } from '../../event/error.ts'
import type { Event, NewEvent, Position } from '../../event/event.ts'
import type { AppendOptions } from '../../event/event-store.ts'
import { StampClock } from '../../event/stamp.ts'
import { BetweenNodes } from '../../runtime/cluster/between-nodes.ts'
import { CheckedEnvelopes } from '../../runtime/cluster/checked-envelopes.ts'
import type { LeaderReads } from '../../runtime/cluster/leader-reads.ts'
import { MemberReports } from '../../runtime/cluster/member-reports.ts'
import { ReaderCount } from '../../runtime/cluster/reader-count.ts'
import { serveSnapshots } from '../../runtime/cluster/snapshot-wire.ts'
import type { ShardColumn } from '../../store/index/keys.ts'
import type { OwnedKeyValue } from '../../store/key-value.ts'
import { SharedHorizon } from '../../store/log/horizon.ts'
import { LogView } from '../../store/log/log-view.ts'
import { hashesOf } from '../../store/log/open-shard.ts'
import { limits, ProcessShard } from './process-shard.ts'
import type { ProcessTime } from './process-time.ts'

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
  /** Told of a request of another node that no node of this version sends. */
  readonly refused: (why: string) => void
  /** Its member decides with the others who leads, and it takes requests for them; else a schedule says so, and it takes only its own. */
  readonly elects: boolean
}

const LEAD_MS = 4_000
const LOOK_MS = 50
const PAGE_ROWS = 64

/** What a node has among others that decide with it. */
interface Elected {
  readonly member: Member
  readonly reports: MemberReports
  readonly reads: LeaderReads
}

export class Process {
  readonly id: string
  readonly incarnation: string
  readonly time: ProcessTime
  readonly replicas: SharedReplicas
  readonly shards: readonly ProcessShard[]
  readonly router: Router
  readonly view: LogView
  readonly node: LoopbackNode
  readonly #readers = new ReaderCount()
  /** Null where a schedule says who leads. */
  readonly #elected: Elected | null

  constructor(given: ProcessOptions) {
    const options: ProcessOptions = {
      ...given,
      told: event => {
        given.told(event)
        this.#heard(event)
      },
    }
    const { id, incarnation, storeId, partitions, time, node, disks, peers, elects } = options
    this.id = id
    this.incarnation = incarnation
    this.time = time
    this.node = node
    this.replicas = SharedReplicas.create(partitions)
    const stamps = new StampClock(0, time.clock)
    const horizon = new SharedHorizon()
    const envelopes = new CheckedEnvelopes({ cluster: storeId, node: id, incarnation, knows: name => peers.includes(name) })
    this.router = new Router(disks.length, {
      partitions,
      limits,
      streamHash: hashesOf(storeId).stream,
      stamps,
      horizon: elects ? new SharedHorizon() : horizon,
      durability: 'quorum',
      othersClaim: elects,
      clock: time.clock,
    })
    this.shards = disks.map((_, number) => new ProcessShard(options, { number, replicas: this.replicas, stamps, envelopes }))
    this.view = new LogView({ shards: this.shards, horizon, storeId, partitions, cacheBytes: limits.blockCacheBytes })
    this.#elected = elects ? this.#amongOthers(options, stamps) : null
    if (!elects) {
      this.shards.forEach((shard, number) => this.router.attach(number, shard.port))
      serveSnapshots({ view: this.view, node: id, incarnation }, { bus: node.bus, envelopes })
    }
    for (const shard of this.shards) shard.replication.start()
    if (this.#elected) this.#begin(this.#elected)
  }

  /** What goes between nodes, and the member: both as shipped. What surrounds them here is what a node's threads do. */
  #amongOthers(options: ProcessOptions, stamps: StampClock): Elected {
    const { id, incarnation, storeId, partitions, time, node, refused } = options
    const { shards, view, replicas } = this
    const { bus } = node
    const process = { cluster: storeId, node: id, incarnation, partitions, bus, clock: time.clock, timers: time }
    const between = new BetweenNodes({ ...process, shards: shards.length, stamps, limits })
    shards.forEach((shard, number) => {
      between.attached(number, shard.port)
      this.router.attach(number, between.ledPort(number))
    })
    const reads = between.serve({
      view,
      horizon: view.horizon,
      shards: shards.map(({ shared }) => shared),
      isLed: partition => replicas.roleOf(partition) === 'leading',
      isRead: () => this.#readers.isRead,
      confirm: (partition, stamp) => this.shardOf(partition).replication.confirm(partition, stamp),
      refused: (from, why) => refused(`a request of ${from} was not taken: ${why}`),
    })
    const member = new Member({
      ...process,
      registry: node.registry,
      zone: '',
      format: 1,
      disk: id,
      calls: {
        lead: (partition, term) => this.shardOf(partition).replication.lead(partition, term, LEAD_MS),
        resign: partition => this.shardOf(partition).replication.resign(partition),
        leader: (partition, leader) => between.led(partition, leader),
        members: members => void (between.members = members),
        stamp: stamp => stamps.see(stamp),
        followsAll: isFollowed => void (this.#readers.isReadElsewhere = isFollowed),
        failed: () => undefined,
      },
    })
    const isOut = (_: number, role: ReplicaRole): boolean => role === 'stopped' || role === 'behind'
    return { member, reports: new MemberReports({ member, replicas, readers: this.#readers, isOut }), reads }
  }

  #begin({ member, reports }: Elected): void {
    const look = (): void => {
      reports.look()
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
    if (event.kind !== 'stopped') this.#elected?.reports.heard(event)
  }

  shardOf(partition: number): ProcessShard {
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
    if (level === 'leader') await this.#elected!.reads.leader([this.view.partitionOf(stream)])
    return [...streamEvents(this.view, stream, {}, true)].map(({ data }) => (data as { name: string }).name)
  }

  /** From now on somebody reads all in order here. */
  readsAll(): void {
    this.#readers.begin()
  }

  /** Those events behind a position of the order of all that readers are given now. */
  inOrder(from?: Position): Generator<Event> {
    return allEvents(this.view, { scope: '', ...(from !== undefined && { from }) }, PAGE_ROWS)
  }

  /** Positions of all events in the order of all, with nothing in flight. */
  all(): string[] {
    this.view.horizon.set(Number.MAX_SAFE_INTEGER)
    return Array.from(this.inOrder(), event => event.position)
  }

  /** Something of it takes nothing more: only a restart helps. */
  get isBroken(): boolean {
    return this.memberFailed || this.shards.some(shard => shard.failure !== null)
  }
}
