/**
 * The thread that says that this node is alive and decides who leads. It has neither a disk nor user code, so that nothing but the machine itself can
 * keep it from being heard.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { exposeControl } from '../../actors/control.ts'
import type { ReplicaEvent } from '../../actors/replication/shard-replicas.ts'
import { SharedReplicas } from '../../actors/replication/shared-replicas.ts'
import { openBus, openRegistry } from '../../cluster/jetstream.ts'
import { Member } from '../../cluster/member.ts'
import type { ClusterStatus } from '../../cluster/member-status.ts'
import { systemClock } from '../../event/clock.ts'
import { EventStoreError, isEventStoreError } from '../../event/error.ts'
import { systemTimers } from '../../event/timers.ts'
import { CLUSTER_FORMAT } from './join.ts'
import type { FromMember, MemberWorkerData, ToMember } from './member-messages.ts'
import { MemberReports } from './member-reports.ts'
import { ReaderCount } from './reader-count.ts'
import type { ShardOrder } from './shard-replication.ts'

/** What main asks of the thread. */
export interface MemberControl extends Record<string, (...args: never[]) => unknown> {
  status(): ClusterStatus
  failover(partition: number | 'all', to: string): Promise<void>
  drain(node: string): Promise<void>
  resume(node: string): Promise<void>
  repair(partition: number): Promise<void>
  /** Hands over what it leads, says goodbye, and ends the thread. */
  close(): Promise<void>
}

/** Between looks at how far the shards are. */
const LOOK_MS = 50
/** Between orders to forget what all have. */
const TRIM_MS = 2_000
const ADVERTISE_AGAIN_MS = 5_000
/** A member that was not heard of for longer no longer keeps the shared log from being trimmed. */
const ABSENT_MS = 3_600_000

const data = workerData as MemberWorkerData
const replicas = new SharedReplicas(data.replicas)
const readers = new ReaderCount(data.readers)
const ports = new Map<number, MessagePort>()
/** Partitions that are led again by what this node has, whatever the shared log holds. */
const repairing = new Set<number>()

const tell = (message: FromMember): void => parentPort!.postMessage(message)
const order = (partition: number, given: ShardOrder): void => ports.get(partition % data.shards)?.postMessage(given)

async function run(): Promise<void> {
  const [bus, registry] = await Promise.all([openBus(data.nats), openRegistry(data.nats)])
  const { cluster, node, incarnation, zone, disk, partitions } = data
  const member: Member = new Member({
    bus,
    registry,
    clock: systemClock,
    timers: systemTimers,
    cluster,
    node,
    incarnation,
    zone,
    format: CLUSTER_FORMAT,
    disk,
    partitions,
    calls: {
      lead: (partition, term) => {
        if (!ports.has(partition % data.shards)) return void setImmediate(() => member.lost(partition, term))
        const kind = repairing.delete(partition) ? 'repair' : 'lead'
        order(partition, { kind, partition, term })
      },
      resign: partition => order(partition, { kind: 'resign', partition }),
      leader: (partition, leader) => tell({ kind: 'leader', partition, leader }),
      members: members => {
        const known = members.map(({ node: name, address, isHealthy }) => ({ node: name, address, isHealthy }))
        tell({ kind: 'members', members: known })
        const others = members.filter(({ node: name }) => name !== node)
        const nodes = [...others.filter(({ isHealthy }) => isHealthy), ...others.filter(({ isHealthy }) => !isHealthy)].map(
          each => each.node,
        )
        peers = { kind: 'peers', nodes }
        for (const port of ports.values()) port.postMessage(peers)
      },
      stamp: () => undefined,
      followsAll: isFollowed => void (readers.isReadElsewhere = isFollowed),
      failed: error => tell({ kind: 'ousted', message: error.message }),
    },
  })
  let peers: ShardOrder = { kind: 'peers', nodes: [] }

  const heard = (event: ReplicaEvent): void => {
    if (event.kind === 'stopped') tell(event)
    else reports.heard(event)
  }

  const attach = (shard: number, port: MessagePort): void => {
    ports.set(shard, port)
    port.on('message', heard)
    port.on('close', () => {
      if (ports.get(shard) !== port) return
      ports.delete(shard)
      for (let partition = shard; partition < partitions; partition += data.shards) member.lost(partition, replicas.termOf(partition))
    })
    port.postMessage(peers)
  }

  const reports = new MemberReports({
    member,
    replicas,
    readers,
    isOut: (partition, role) =>
      (role === 'stopped' && !repairing.has(partition)) || role === 'behind' || !ports.has(partition % data.shards),
  })
  const look = (): void => reports.look()

  let wanted = ''
  const advertise = (): void => {
    const said = wanted
    member.advertise(said).catch((error: unknown) => {
      // The table does not answer: nothing but what others are told hangs on it.
      if (isEventStoreError(error, 'UNREACHABLE') && said === wanted) setTimeout(advertise, ADVERTISE_AGAIN_MS)
    })
  }

  parentPort!.on('message', (message: ToMember) => {
    if (message.kind === 'shard') attach(message.shard, message.port)
    else {
      wanted = message.address
      advertise()
    }
  })
  exposeControl(
    {
      status: () => member.status(),
      failover: (partition, to) => member.failover(partition, to),
      drain: name => member.drain(name),
      resume: name => member.resume(name),
      repair: async partition => {
        if (replicas.roleOf(partition) !== 'stopped')
          throw new EventStoreError('INVALID', `partition ${partition} is not stopped on this node`, { field: 'partition', partition })
        repairing.add(partition)
        look()
        await member.failover(partition, node)
      },
      close: async () => {
        await member.close()
        await Promise.all([bus.close(), registry.close()])
        // Behind the answer.
        setTimeout(() => process.exit(0), 20)
      },
    } satisfies MemberControl,
    data.control,
  )
  look()
  await member.start()
  tell({ kind: 'ready' })
  setInterval(look, LOOK_MS)
  setInterval(() => trim(member.status()), TRIM_MS)
}

/** Tells the shards how far every member that counts has come, in the partitions that this node leads. */
function trim({ members, partitions, node }: ClusterStatus): void {
  const sinceStartMs = systemClock.monotonic()
  const counts = new Set(members.filter(({ silentMs }) => (silentMs ?? sinceStartMs) < ABSENT_MS).map(each => each.node))
  for (const { partition, leader, replicas: copies } of partitions) {
    if (leader !== node) continue
    const counted = copies.filter(copy => counts.has(copy.node)).map(({ applied }) => applied ?? 0)
    const index = Math.min(...counted)
    // Also at 0: beyond a bound the log is not held for whoever lacks it.
    if (Number.isFinite(index)) order(partition, { kind: 'trim', partition, index })
  }
}

run().catch((error: unknown) => {
  if (!(error instanceof EventStoreError)) throw error
  tell({ kind: 'failed', ...error.toJSON() })
})
