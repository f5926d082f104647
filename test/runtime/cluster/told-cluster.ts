/** A cluster that says what a test tells it and notes what it is asked, in front of a node in memory. */
import type { Cluster, ClusterPartition, ClusterStatus } from '../../../event/cluster.ts'
import { EventStoreError } from '../../../event/error.ts'
import { type Node, openNode } from '../../../runtime/index.ts'

export interface Told {
  readonly cluster: Cluster
  readonly asked: unknown[][]
  status: ClusterStatus
}

function partition(number: number, more: Partial<ClusterPartition>): ClusterPartition {
  const plain = {
    partition: number,
    leader: 'n1',
    term: 4,
    preference: ['n1', 'n2'],
    state: 'following',
    reason: null,
    index: 7,
    sequence: 30,
  } as const
  return { ...plain, stamp: 99, lag: { n1: 0, n2: 3 }, ...more }
}

const status: ClusterStatus = {
  name: 'shop',
  id: '00ff',
  node: 'n2',
  members: [
    { node: 'n1', zone: 'a', health: 'healthy', incarnation: 'x1', leads: 2, heardMsAgo: 40, address: 'http://127.0.0.1:7071' },
    { node: 'n2', zone: null, health: 'draining', incarnation: 'x2', leads: 0, heardMsAgo: 0, address: null },
    { node: 'n3', zone: null, health: 'silent', incarnation: 'x3', leads: 0, heardMsAgo: null, address: null },
  ],
  partitions: [partition(0, {}), partition(1, { state: 'stopped', reason: 'record 8 has another checksum' })],
  nats: {
    isConnected: true,
    servers: [{ name: 's1', version: '2.15.1', sync: 'lazy' }],
    replicas: 1,
    notPromised: ['s1 syncs now and then.'],
  },
  ignored: { cluster: 2, size: 0 },
}

export function toldCluster(): Told {
  const asked: unknown[][] = []
  const handed = (partitions: readonly number[], to: string) =>
    partitions.map(one => ({ partition: one, from: 'n1', to, term: 5, tookMs: 12.5 }))
  const there = (node: string): void => {
    if (!/^n[123]$/.test(node)) throw new EventStoreError('NOT_FOUND', `there is no node ${node}`, { node })
  }
  const told: Told = {
    asked,
    status,
    cluster: {
      status: async () => told.status,
      async failover(which, to) {
        asked.push(['failover', which, to])
        there(to)
        return handed(which === 'all' ? [0, 1] : [which], to)
      },
      async drain(node) {
        asked.push(['drain', node])
        there(node)
        if (node === 'n3') throw new EventStoreError('UNREACHABLE', 'n3 did not hand over in time', { node })
        return handed([1], 'n2')
      },
      async resume(node) {
        asked.push(['resume', node])
        there(node)
      },
      async repair(number) {
        asked.push(['repair', number])
        if (number !== 1) throw new EventStoreError('INVALID', `partition ${number} is not stopped`, { field: 'partition' })
        return { partition: number, index: 7, sequence: 30, term: 6 }
      },
    },
  }
  return told
}

export interface ToldNode {
  readonly node: Node
  readonly url: string
  readonly told: Told
}

export async function withToldCluster(work: (world: ToldNode) => Promise<void>): Promise<void> {
  const node = await openNode({ memory: true, partitions: 2 })
  const told = toldCluster()
  Object.defineProperty(node, 'cluster', { value: told.cluster })
  try {
    const { addresses } = await node.serve({ port: 0 })
    await work({ node, url: addresses['http']!, told })
  } finally {
    await node.close()
  }
}
