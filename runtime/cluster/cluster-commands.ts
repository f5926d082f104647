/** What people and programs ask of the cluster, at this node. */
import type { Remote } from '../../actors/control.ts'
import type {
  Cluster,
  ClusterMember,
  ClusterPartition,
  ClusterStatus,
  HandedOver,
  MemberHealth,
  ReplicaState,
} from '../../event/cluster.ts'
import { systemClock } from '../../event/clock.ts'
import { EventStoreError } from '../../event/error.ts'
import { sleep, systemTimers } from '../../event/timers.ts'
import type { MemberStatus, PartitionStatus } from '../../cluster/member-status.ts'
import type { LogView } from '../../store/log/log-view.ts'
import type { ClusterNode } from './cluster-node.ts'
import type { MemberControl } from './member-worker.ts'

export interface CommandParts {
  readonly control: Remote<MemberControl>
  readonly view: LogView
}

/** How long it is waited for what a command brought about. */
const COMMAND_MS = 10_000
const LOOK_MS = 10

export class ClusterCommands implements Cluster {
  readonly #node: ClusterNode
  readonly #parts: CommandParts

  constructor(node: ClusterNode, parts: CommandParts) {
    this.#node = node
    this.#parts = parts
  }

  async status(): Promise<ClusterStatus> {
    const { options, joined } = this.#node.parts
    const { bus, ignored } = this.#node
    const view = await this.#parts.control.status()
    return {
      name: options.name,
      id: joined.identity.id,
      node: options.node,
      members: view.members.map(memberOf),
      partitions: view.partitions.map(partition => this.#partitionOf(partition)),
      nats: {
        isConnected: bus.isConnected,
        servers: joined.report.servers,
        replicas: joined.identity.replicas,
        notPromised: joined.report.notPromised,
      },
      ignored: sumOf(ignored, view.refused),
    }
  }

  #partitionOf({ partition, leader, term, replicas }: PartitionStatus): ClusterPartition {
    const { replicas: shared, stopped } = this.#node
    const state = shared.roleOf(partition) as ReplicaState
    return {
      partition,
      leader,
      term,
      preference: replicas.map(({ node }) => node),
      state,
      reason: state === 'stopped' ? (stopped.get(partition) ?? null) : null,
      index: shared.indexOf(partition),
      sequence: this.#parts.view.sequenceOf(partition),
      stamp: shared.stampOf(partition),
      lag: Object.fromEntries(replicas.flatMap(({ node, lag }) => (lag === null ? [] : [[node, lag]]))),
    }
  }

  async failover(partition: number | 'all', to: string): Promise<HandedOver[]> {
    const { partitions } = this.#node.parts.joined.identity
    if (partition !== 'all' && (!Number.isSafeInteger(partition) || partition < 0 || partition >= partitions))
      throw new EventStoreError('NOT_FOUND', `there is no partition ${String(partition)}`, { partition })
    await this.#mustKnow(to)
    const asked = partition === 'all' ? Array.from({ length: partitions }, (_, i) => i) : [partition]
    const before = this.#leaders(asked)
    return this.#handedOver(before, this.#parts.control.failover(partition, to), leader => leader === to)
  }

  async drain(node: string): Promise<HandedOver[]> {
    await this.#mustKnow(node)
    const { partitions } = this.#node.parts.joined.identity
    const before = this.#leaders(Array.from({ length: partitions }, (_, i) => i)).filter(({ from }) => from === node)
    return this.#handedOver(before, this.#parts.control.drain(node), leader => leader !== null && leader !== node)
  }

  async resume(node: string): Promise<void> {
    await this.#mustKnow(node)
    await this.#parts.control.resume(node)
  }

  async repair(partition: number): Promise<{ partition: number; index: number; sequence: number; term: number }> {
    const { replicas, parts, stopped } = this.#node
    const { partitions } = parts.joined.identity
    if (!Number.isSafeInteger(partition) || partition < 0 || partition >= partitions)
      throw new EventStoreError('NOT_FOUND', `there is no partition ${String(partition)}`, { partition })
    const reason = stopped.get(partition)
    parts.logger.warn({ partition, reason }, "a partition is repaired: this node's copy counts, whatever the shared log holds")
    await this.#parts.control.repair(partition)
    await this.#until(() => replicas.roleOf(partition) === 'leading', `partition ${partition} was not repaired in time`)
    stopped.delete(partition)
    const [index, term] = [replicas.indexOf(partition), replicas.termOf(partition)]
    return { partition, index, sequence: this.#parts.view.sequenceOf(partition), term }
  }

  async #mustKnow(node: string): Promise<void> {
    const { members } = await this.#parts.control.status()
    if (!members.some(member => member.node === node))
      throw new EventStoreError('NOT_FOUND', `the cluster has no node ${node}; it has ${members.map(each => each.node).join(', ')}`, {
        node,
      })
  }

  #leaders(partitions: readonly number[]): { partition: number; from: string | null }[] {
    return partitions.map(partition => ({ partition, from: this.#node.leaders.of(partition)?.node ?? null }))
  }

  async #handedOver(
    before: readonly { partition: number; from: string | null }[],
    command: Promise<void>,
    isDone: (leader: string | null) => boolean,
  ): Promise<HandedOver[]> {
    const began = systemClock.monotonic()
    const { leaders } = this.#node
    const done = new Map<number, number>()
    const look = (): void => {
      for (const { partition } of before)
        if (!done.has(partition) && isDone(leaders.of(partition)?.node ?? null)) done.set(partition, systemClock.monotonic() - began)
    }
    const stop = leaders.changed(look)
    try {
      look()
      await command
      await this.#until(() => (look(), done.size === before.length), 'another node did not take over in time')
    } finally {
      stop()
    }
    return before.map(({ partition, from }) => {
      const { node, term } = leaders.of(partition)!
      return { partition, from, to: node, term, tookMs: Math.round(done.get(partition)! * 10) / 10 }
    })
  }

  async #until(isSo: () => boolean, otherwise: string): Promise<void> {
    const deadline = systemClock.monotonic() + COMMAND_MS
    while (!isSo()) {
      if (systemClock.monotonic() > deadline) throw new EventStoreError('UNREACHABLE', otherwise)
      await sleep(systemTimers, LOOK_MS)
    }
  }
}

function memberOf({ node, zone, incarnation, isHealthy, isDraining, leads, silentMs, address }: MemberStatus): ClusterMember {
  const health: MemberHealth = !isHealthy ? 'silent' : isDraining ? 'draining' : 'healthy'
  return { node, zone: zone || null, health, incarnation, leads: leads.length, heardMsAgo: silentMs, address: address || null }
}

function sumOf(...counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const count of counts) for (const [name, value] of Object.entries(count)) if (value > 0) sum[name] = (sum[name] ?? 0) + value
  return sum
}
