/** The cluster of a node, over a wire. */
import type { Cluster, ClusterStatus, HandedOver } from '../event/cluster.ts'
import type { Wire } from './wire.ts'

type Repaired = Awaited<ReturnType<Cluster['repair']>>

export function remoteCluster(wire: Wire): Cluster {
  /** The node has a bound of its own for how long others may take; what is asked twice would be answered for the second time only. */
  const post = (what: string, body: object) => ({
    method: 'POST' as const,
    path: `/v1/cluster/${what}`,
    body: JSON.stringify(body),
    timeoutMs: 0,
  })
  const handedOver = async (what: string, body: object): Promise<HandedOver[]> =>
    (await wire.json<{ handedOver: HandedOver[] }>(post(what, body))).handedOver
  return {
    status: () => wire.json<ClusterStatus>({ path: '/v1/cluster' }),
    failover: (partition, to) => handedOver('failover', { partition, to }),
    drain: node => handedOver('drain', { node }),
    async resume(node) {
      await wire.text({ ...post('resume', { node }), isRepeatable: true })
    },
    repair: partition => wire.json<Repaired>(post('repair', { partition })),
  }
}
