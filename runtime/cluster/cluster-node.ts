/** A node's part in its cluster, as main has it: where requests go, what is answered to other nodes, and what people ask of the cluster. */
import { MessageChannel } from 'node:worker_threads'
import { LedPort } from '../../actors/led-port.ts'
import type { ShardPort } from '../../actors/port.ts'
import { RemotePorts } from '../../actors/remote-ports.ts'
import type { Confirmed } from '../../actors/replication/confirmations.ts'
import { SharedReplicas } from '../../actors/replication/shared-replicas.ts'
import { ShardEntrance } from '../../actors/shard-entrance.ts'
import type { Bus } from '../../cluster/bus.ts'
import { openBus } from '../../cluster/jetstream.ts'
import { systemClock } from '../../event/clock.ts'
import { EventStoreError } from '../../event/error.ts'
import type { Limits } from '../../event/limits.ts'
import type { Logger } from '../../event/logger.ts'
import type { StampClock } from '../../event/stamp.ts'
import { systemTimers } from '../../event/timers.ts'
import type { SharedHorizon } from '../../store/log/horizon.ts'
import type { LogView } from '../../store/log/log-view.ts'
import { hashesOf } from '../../store/log/open-shard.ts'
import type { NodeDeployers } from '../deploy/node-deployers.ts'
import type { Freshness } from '../fresh-reads.ts'
import { CheckedEnvelopes } from './checked-envelopes.ts'
import { Closings } from './closings.ts'
import { ClusterCommands } from './cluster-commands.ts'
import { ClusterHorizon } from './cluster-horizon.ts'
import type { CheckedClusterOptions } from './cluster-options.ts'
import { followTenants, knownTenants } from './follow-tenants.ts'
import { ForwardedAppends } from './forwarded-appends.ts'
import type { Joined } from './join.ts'
import { LeaderReads } from './leader-reads.ts'
import { LeaderTable } from './leader-table.ts'
import type { FromMember, KnownMember } from './member-messages.ts'
import { MemberThread } from './member-thread.ts'
import { noTopologies } from './no-topologies.ts'
import { ReaderCount } from './reader-count.ts'
import type { ShardClusterData } from './shard-replication.ts'
import { serveSnapshots } from './snapshot-wire.ts'
import type { RunningShard } from '../shards.ts'
import type { Tenants } from '../tenants.ts'

export interface ClusterNodeParts {
  readonly options: CheckedClusterOptions
  readonly joined: Joined
  readonly shards: number
  readonly limits: Limits
  readonly stamps: StampClock
  readonly logger: Logger
}

export class ClusterNode {
  readonly readers = new ReaderCount()
  readonly leaders: LeaderTable
  readonly replicas: SharedReplicas
  /** Why a partition's copy here is stopped. */
  readonly stopped = new Map<number, string>()
  readonly envelopes: CheckedEnvelopes
  readonly parts: ClusterNodeParts
  readonly incarnation: string
  readonly bus: Bus
  freshness!: Freshness
  commands!: ClusterCommands
  /** Called when the node can not go on. */
  ousted: (error: EventStoreError) => void = () => undefined
  readonly #entrances: readonly ShardEntrance[]
  readonly #remotes: RemotePorts
  #thread!: MemberThread
  #members: readonly KnownMember[] = []
  readonly #ports: LedPort[] = []
  #ends: (() => void)[] = []
  #endTenants: () => Promise<void> = () => Promise.resolve()
  #isLeaving = false

  private constructor(parts: ClusterNodeParts, bus: Bus) {
    this.parts = parts
    this.bus = bus
    const { options, joined, shards, limits, stamps } = parts
    const { id: cluster, partitions } = joined.identity
    const { node } = options
    this.incarnation = Buffer.from(systemClock.random(8)).toString('hex')
    this.leaders = new LeaderTable(node, partitions)
    this.replicas = SharedReplicas.create(partitions)
    const knows = (name: string): boolean => this.#members.some(member => member.node === name)
    this.envelopes = new CheckedEnvelopes({ cluster, node, incarnation: this.incarnation, knows })
    this.#entrances = Array.from({ length: shards }, () => new ShardEntrance(limits.mailboxBytes))
    this.#remotes = new RemotePorts({ self: node, bus, envelopes: this.envelopes, stamps, timers: systemTimers })
  }

  /** Errors: INCOMPATIBLE when another process that runs has the node's id, UNREACHABLE. */
  static async start(parts: ClusterNodeParts): Promise<ClusterNode> {
    const node = new ClusterNode(parts, await openBus(parts.joined.nats))
    try {
      await node.#startThread()
      return node
    } catch (error) {
      await node.bus.close()
      throw error
    }
  }

  async #startThread(): Promise<void> {
    const { options, joined, shards } = this.parts
    const { id: cluster, partitions } = joined.identity
    const told = (message: FromMember): void => this.#told(message)
    this.#thread = await MemberThread.start(
      {
        nats: joined.nats,
        cluster,
        node: options.node,
        incarnation: this.incarnation,
        zone: options.zone ?? '',
        disk: this.incarnation,
        partitions,
        shards,
        replicas: this.replicas.buffer,
        readers: this.readers.buffer,
      },
      told,
    )
  }

  #told(message: FromMember): void {
    const { logger } = this.parts
    if (message.kind === 'members') {
      this.#members = message.members
      this.leaders.members = message.members
    } else if (message.kind === 'leader') {
      const { partition, leader } = message
      const { node, term } = leader
      const member = this.#members.find(each => each.node === node)
      this.leaders.set(partition, node === null ? null : { node, term, ...(member && { incarnation: member.incarnation }) })
      logger.debug({ partition, leader: node, term }, 'another leader')
    } else if (message.kind === 'stopped') {
      const { partition, reason } = message
      this.stopped.set(partition, reason)
      logger.error({ partition, reason }, 'the copy of a partition is stopped; what it has can be read')
    } else if (message.kind === 'ousted') this.ousted(new EventStoreError('CLOSED', message.message))
  }

  /** Where this node can be asked, for others to name; empty for nowhere. */
  advertise(address: string): void {
    if (!this.#isLeaving) this.#thread.tell({ kind: 'address', address })
  }

  /** What the worker of a shard needs, each time it starts. */
  shardData(shard: number): ShardClusterData {
    const { port1, port2 } = new MessageChannel()
    const { joined, options } = this.parts
    const { id: cluster, streams } = joined.identity
    this.#thread.tell({ kind: 'shard', shard, port: port1 })
    const { incarnation } = this
    return { nats: joined.nats, streams, cluster, node: options.node, incarnation, replicas: this.replicas.buffer, member: port2 }
  }

  /** The port that the router sends to, for a shard whose own is this. */
  ledPort(shard: number): ShardPort {
    const { limits, stamps } = this.parts
    const entrance = this.#entrances[shard]!
    return new LedPort({
      leaders: this.leaders,
      entrance,
      remotes: this.#remotes,
      stamps,
      limits,
      clock: systemClock,
      timers: systemTimers,
    })
  }

  attached(shard: number, port: ShardPort): void {
    this.#entrances[shard]!.attach(port)
  }

  detached(shard: number): void {
    this.#entrances[shard]!.detach()
  }

  /** Once the shards are open: what other nodes are answered, and the order of all. */
  serve(shards: readonly RunningShard[], view: LogView, horizon: SharedHorizon): void {
    const { options, limits, stamps, joined, logger } = this.parts
    const { node } = options
    const { partitions } = joined.identity
    const { bus, envelopes, incarnation, leaders } = this
    const order = new ClusterHorizon(
      shards.map(({ shared }) => shared),
      horizon,
      stamp => stamps.see(stamp),
    )
    const shardOf = (partition: number): RunningShard => shards[partition % shards.length]!
    const confirm = (partition: number, stamp: number): ReturnType<RunningShard['confirm']> => shardOf(partition).confirm(partition, stamp)
    const forwarded = new ForwardedAppends({
      self: node,
      incarnation,
      bus,
      envelopes,
      stamps,
      entrances: this.#entrances,
      bounds: {
        partitions,
        requestEvents: limits.requestEvents,
        requestStreams: limits.requestStreams,
        streamHash: hashesOf(joined.identity.id).stream,
      },
      requestBytesMax: limits.mailboxBytes,
      refused: (from, why) => logger.warn({ from, why }, 'a request of another node was not taken'),
    })
    const closings = new Closings({
      timers: systemTimers,
      partitions,
      isLed: partition => this.replicas.roleOf(partition) === 'leading',
      stampOf: partition => shardOf(partition).shared.stampOf(Math.floor(partition / shards.length)),
      highest: () => order.highest,
      horizon: () => horizon.stamp,
      isRead: () => this.readers.isRead,
      confirm,
    })
    const reads = new LeaderReads({
      bus,
      envelopes,
      leaders,
      view,
      stamps,
      limits,
      clock: systemClock,
      timers: systemTimers,
      confirm: asked => confirmed(asked.map(partition => confirm(partition, stamps.last))),
    })
    this.freshness = { leader: partitions => reads.leader(partitions), readsAll: () => this.readers.begin() }
    this.commands = new ClusterCommands(this, { view, control: this.#thread.control })
    const snapshots = serveSnapshots({ view, node, incarnation }, { bus, envelopes })
    this.#ends = [() => reads.stop(), () => closings.close(), () => forwarded.stop(), snapshots, () => order.close()]
  }

  readonly deployers: NodeDeployers = noTopologies

  knowsTenants(view: LogView): (tenants: Tenants) => Promise<void> {
    return knownTenants(view, this.freshness)
  }

  /** Until `leave`. */
  followTenants(tenants: Tenants, view: LogView): void {
    const { limits, logger } = this.parts
    const check = (): void => {
      if (this.#isLeaving) throw new EventStoreError('CLOSED', 'the node is closed')
    }
    const failed = (err: Error): void => logger.error({ err }, 'tenants that other nodes make are not known any more')
    this.#endTenants = followTenants({ view, tenants, pageRows: limits.pageRows, check, failed })
  }

  /** Hands over what it leads; appends that were asked for are answered by those who lead then. */
  async leave(): Promise<void> {
    this.#isLeaving = true
    await this.#endTenants()
    await this.#thread.close()
    // Those for whom no leader is known are not kept waiting.
    for (const port of this.#ports) port.refuseWaiting()
  }

  /** Last, when the shards are closed. */
  async close(): Promise<void> {
    for (const end of this.#ends) end()
    this.#remotes.stop()
    await this.bus.close()
  }
}

/** Without those that this node does not lead. */
async function confirmed(asked: readonly Promise<Confirmed>[]): Promise<Confirmed[]> {
  const answers = await Promise.allSettled(asked)
  return answers.flatMap(answer => (answer.status === 'fulfilled' ? [answer.value] : []))
}
