/**
 * What lets any node take any request: ports to whoever leads a partition, what other nodes are answered, reads at the level of the leader, and the
 * order of all. It is given its time, its bus and who leads, and so it runs in a simulation as it does in a node.
 */
import { LedPort } from '../../actors/led-port.ts'
import type { ShardPort } from '../../actors/port.ts'
import { RemotePorts } from '../../actors/remote-ports.ts'
import type { Confirmed } from '../../actors/replication/confirmations.ts'
import { ShardEntrance } from '../../actors/shard-entrance.ts'
import type { Bus } from '../../cluster/bus.ts'
import type { Leader } from '../../cluster/term-state.ts'
import type { Clock } from '../../event/clock.ts'
import type { Stamp } from '../../event/event.ts'
import type { Limits } from '../../event/limits.ts'
import type { StampClock } from '../../event/stamp.ts'
import type { Timers } from '../../event/timers.ts'
import type { SharedHorizon } from '../../store/log/horizon.ts'
import type { LogView } from '../../store/log/log-view.ts'
import { hashesOf } from '../../store/log/open-shard.ts'
import type { SharedShard } from '../../store/log/shared.ts'
import { CheckedEnvelopes } from './checked-envelopes.ts'
import { Closings } from './closings.ts'
import { ClusterHorizon } from './cluster-horizon.ts'
import { ForwardedAppends } from './forwarded-appends.ts'
import { LeaderReads } from './leader-reads.ts'
import { LeaderTable } from './leader-table.ts'
import type { KnownMember } from './member-messages.ts'
import { serveSnapshots } from './snapshot-wire.ts'

export interface BetweenNodesParts {
  /** The store's id. */
  readonly cluster: string
  /** This node, and this process of it. */
  readonly node: string
  readonly incarnation: string
  readonly partitions: number
  readonly shards: number
  readonly bus: Bus
  readonly stamps: StampClock
  readonly limits: Limits
  readonly clock: Clock
  readonly timers: Timers
}

/** What this node has, once its shards are open. */
export interface ServedParts {
  readonly view: LogView
  readonly horizon: SharedHorizon
  readonly shards: readonly SharedShard[]
  readonly isLed: (partition: number) => boolean
  /** Somebody reads all, on any node. */
  readonly isRead: () => boolean
  /** Proves that this node leads a partition, which is closed at the stamp then. */
  readonly confirm: (partition: number, stamp: Stamp) => Promise<Confirmed>
  /** Told why a request of another node was not taken. */
  readonly refused: (node: string, why: string) => void
}

export class BetweenNodes {
  readonly leaders: LeaderTable
  readonly envelopes: CheckedEnvelopes
  readonly #parts: BetweenNodesParts
  readonly #entrances: readonly ShardEntrance[]
  readonly #remotes: RemotePorts
  readonly #ports: LedPort[] = []
  #members: ReadonlySet<string> = new Set()
  #ends: readonly (() => void)[] = []

  constructor(parts: BetweenNodesParts) {
    this.#parts = parts
    const { cluster, node, incarnation, partitions, shards, limits, bus, stamps, timers } = parts
    this.leaders = new LeaderTable(node, partitions)
    this.envelopes = new CheckedEnvelopes({ cluster, node, incarnation, knows: name => this.#members.has(name) })
    this.#entrances = Array.from({ length: shards }, () => new ShardEntrance(limits.mailboxBytes))
    this.#remotes = new RemotePorts({ self: node, incarnation, bus, envelopes: this.envelopes, stamps, timers })
  }

  set members(members: readonly KnownMember[]) {
    this.#members = new Set(members.map(({ node }) => node))
    this.leaders.members = members
  }

  led(partition: number, { node, incarnation, term }: Leader): void {
    this.leaders.set(partition, node === null || incarnation === null ? null : { node, incarnation, term })
  }

  /** The port that the router sends to, for a shard whose own is attached. */
  ledPort(shard: number): ShardPort {
    const { stamps, limits, clock, timers } = this.#parts
    const { leaders } = this
    const port = new LedPort({ leaders, entrance: this.#entrances[shard]!, remotes: this.#remotes, stamps, limits, clock, timers })
    this.#ports.push(port)
    return port
  }

  /** The shard has a worker. */
  attached(shard: number, port: ShardPort): void {
    this.#entrances[shard]!.attach(port)
  }

  detached(shard: number): void {
    this.#entrances[shard]!.detach()
  }

  /** From now on other nodes are answered. */
  serve(served: ServedParts): LeaderReads {
    const { cluster, node, incarnation, partitions, shards, bus, stamps, limits, clock, timers } = this.#parts
    const { envelopes, leaders } = this
    const { view, horizon, isLed, isRead, confirm, refused } = served
    const order = new ClusterHorizon(served.shards, horizon, stamp => stamps.see(stamp))
    const { requestEvents, requestStreams, mailboxBytes } = limits
    const forwarded = new ForwardedAppends({
      self: node,
      incarnation,
      bus,
      envelopes,
      stamps,
      entrances: this.#entrances,
      bounds: { partitions, requestEvents, requestStreams, streamHash: hashesOf(cluster).stream },
      requestBytesMax: mailboxBytes,
      refused,
    })
    const closings = new Closings({
      timers,
      partitions,
      isLed,
      stampOf: partition => served.shards[partition % shards]!.stampOf(Math.floor(partition / shards)),
      highest: () => order.highest,
      horizon: () => horizon.stamp,
      isRead,
      confirm,
    })
    const reads = new LeaderReads({
      bus,
      envelopes,
      leaders,
      view,
      stamps,
      limits,
      clock,
      timers,
      confirm: asked => confirmed(asked.map(partition => confirm(partition, stamps.last))),
    })
    const snapshots = serveSnapshots({ view, node, incarnation }, { bus, envelopes })
    this.#ends = [() => reads.stop(), () => closings.close(), () => forwarded.stop(), snapshots, () => order.close()]
    return reads
  }

  /** The node leaves: those for whom no leader is known are not kept waiting. */
  refuseWaiting(): void {
    for (const port of this.#ports) port.refuseWaiting()
  }

  stop(): void {
    for (const end of this.#ends) end()
    this.#remotes.stop()
  }
}

/** Without those that this node does not lead. */
async function confirmed(asked: readonly Promise<Confirmed>[]): Promise<Confirmed[]> {
  const answers = await Promise.allSettled(asked)
  return answers.flatMap(answer => (answer.status === 'fulfilled' ? [answer.value] : []))
}
