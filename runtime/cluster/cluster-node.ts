/** A node's part in its cluster, as main has it: where requests go, what is answered to other nodes, and what people ask of the cluster. */
import { MessageChannel } from 'node:worker_threads'
import type { ShardPort } from '../../actors/port.ts'
import { SharedReplicas } from '../../actors/replication/shared-replicas.ts'
import type { Bus } from '../../cluster/bus.ts'
import { openBus } from '../../cluster/jetstream.ts'
import type { Leaders } from '../../cluster/leaders.ts'
import { systemClock } from '../../event/clock.ts'
import { EventStoreError } from '../../event/error.ts'
import type { Limits } from '../../event/limits.ts'
import type { Logger } from '../../event/logger.ts'
import type { StampClock } from '../../event/stamp.ts'
import { systemTimers } from '../../event/timers.ts'
import type { SharedHorizon } from '../../store/log/horizon.ts'
import type { LogView } from '../../store/log/log-view.ts'
import type { NodeDeployers } from '../deploy/node-deployers.ts'
import type { Freshness } from '../fresh-reads.ts'
import { BetweenNodes } from './between-nodes.ts'
import type { CheckedEnvelopes } from './checked-envelopes.ts'
import { ClusterCommands } from './cluster-commands.ts'
import type { CheckedClusterOptions } from './cluster-options.ts'
import { followTenants, knownTenants } from './follow-tenants.ts'
import type { Joined } from './join.ts'
import type { FromMember } from './member-messages.ts'
import { MemberThread } from './member-thread.ts'
import { noTopologies } from './no-topologies.ts'
import { ReaderCount } from './reader-count.ts'
import type { ShardClusterData } from './shard-replication.ts'
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
  readonly replicas: SharedReplicas
  /** Why a partition's copy here is stopped. */
  readonly stopped = new Map<number, string>()
  readonly parts: ClusterNodeParts
  readonly incarnation: string
  readonly bus: Bus
  freshness!: Freshness
  commands!: ClusterCommands
  /** Called when the node can not go on. */
  ousted: (error: EventStoreError) => void = () => undefined
  readonly #between: BetweenNodes
  #thread!: MemberThread
  #endTenants: () => Promise<void> = () => Promise.resolve()
  #isLeaving = false

  private constructor(parts: ClusterNodeParts, bus: Bus) {
    this.parts = parts
    this.bus = bus
    const { options, joined, shards, limits, stamps } = parts
    const { id: cluster, partitions } = joined.identity
    const incarnation = (this.incarnation = Buffer.from(systemClock.random(8)).toString('hex'))
    this.replicas = SharedReplicas.create(partitions)
    const { node } = options
    const [clock, timers] = [systemClock, systemTimers]
    this.#between = new BetweenNodes({ cluster, node, incarnation, partitions, shards, bus, stamps, limits, clock, timers })
  }

  get leaders(): Leaders {
    return this.#between.leaders
  }

  /** Messages of other nodes that were left out, by why. */
  get ignored(): CheckedEnvelopes['ignored'] {
    return this.#between.envelopes.ignored
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
    if (message.kind === 'members') this.#between.members = message.members
    else if (message.kind === 'leader') {
      const { partition, leader } = message
      this.#between.led(partition, leader)
      logger.debug({ partition, leader: leader.node, term: leader.term }, 'another leader')
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

  /** The port that the router sends to, for a shard whose own is attached. */
  ledPort(shard: number): ShardPort {
    return this.#between.ledPort(shard)
  }

  attached(shard: number, port: ShardPort): void {
    this.#between.attached(shard, port)
  }

  detached(shard: number): void {
    this.#between.detached(shard)
  }

  /** Once the shards are open: what other nodes are answered, and the order of all. */
  serve(shards: readonly RunningShard[], view: LogView, horizon: SharedHorizon): void {
    const { logger } = this.parts
    const reads = this.#between.serve({
      view,
      horizon,
      shards: shards.map(({ shared }) => shared),
      isLed: partition => this.replicas.roleOf(partition) === 'leading',
      isRead: () => this.readers.isRead,
      confirm: (partition, stamp) => shards[partition % shards.length]!.confirm(partition, stamp),
      refused: (from, why) => logger.warn({ from, why }, 'a request of another node was not taken'),
    })
    this.freshness = { leader: partitions => reads.leader(partitions), readsAll: () => this.readers.begin() }
    this.commands = new ClusterCommands(this, { view, control: this.#thread.control })
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
    this.#between.refuseWaiting()
  }

  /** Last, when the shards are closed. */
  async close(): Promise<void> {
    this.#between.stop()
    await this.bus.close()
  }
}
