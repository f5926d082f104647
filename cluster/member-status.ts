/** What a node answers when it is asked about the cluster, and the words of commands. */
import type { MemberTable } from './member-table.ts'
import type { PartitionTerms } from './partition-terms.ts'

export interface MemberStatus {
  readonly node: string
  readonly zone: string
  readonly incarnation: string
  readonly format: number
  readonly disk: string
  readonly address: string
  readonly isHealthy: boolean
  readonly isDraining: boolean
  /** Milliseconds since it was last heard; null when it never was. */
  readonly silentMs: number | null
  /** Partitions that it says it leads. */
  readonly leads: readonly number[]
}

export interface ReplicaStatus {
  readonly node: string
  /** Index of the last record applied; null when the node has not said. */
  readonly applied: number | null
  /** Records behind the furthest replica that lives. */
  readonly lag: number | null
}

export interface PartitionStatus {
  readonly partition: number
  readonly leader: string | null
  readonly term: number
  readonly isStarted: boolean
  /** People asked for this leader. */
  readonly isPinned: boolean
  /** In the order of preference. */
  readonly replicas: readonly ReplicaStatus[]
}

export interface ClusterStatus {
  readonly cluster: string
  /** The node that answers; all of this is as it sees it. */
  readonly node: string
  readonly members: readonly MemberStatus[]
  readonly partitions: readonly PartitionStatus[]
  /** Messages that were not taken, by what was wrong with them. */
  readonly refused: Readonly<Record<string, number>>
}

export function memberStatuses(table: MemberTable, nowMs: number): MemberStatus[] {
  return table.rows.map(({ entry, heartbeat, heardMs, isHealthy }) => ({
    node: entry.node,
    zone: entry.zone,
    incarnation: entry.incarnation,
    format: entry.format,
    disk: entry.disk,
    address: entry.address,
    isHealthy,
    isDraining: heartbeat?.isDraining ?? entry.isDraining,
    silentMs: heartbeat === null ? null : Math.max(0, Math.round(nowMs - heardMs)),
    leads: isHealthy ? (heartbeat?.leads ?? []).map(([partition]) => partition) : [],
  }))
}

export function partitionStatuses(table: MemberTable, terms: PartitionTerms, partitions: number): PartitionStatus[] {
  return Array.from({ length: partitions }, (_, partition) => {
    const { told, entry } = terms.state(partition)
    const replicas = table.preference(partition).map(node => ({
      node,
      applied: table.row(node)?.applied?.[partition] ?? null,
      lag: table.lag(node, partition),
    }))
    const isPinned = entry?.isPinned === true && entry.node === told.node
    return { partition, leader: told.node, term: told.term, isStarted: told.isStarted, isPinned, replicas }
  })
}

/** What people, or another node for them, ask of a node. */
export type MemberCommand =
  { readonly kind: 'failover'; readonly partitions: readonly number[]; readonly to: string } | { readonly kind: 'drain' | 'resume' }

/** The command in a value of a peer; null when it is none. */
export function readMemberCommand(value: unknown, partitions: number): MemberCommand | null {
  const { kind, partitions: list, to } = (value ?? {}) as Partial<Record<string, unknown>>
  if (kind === 'drain' || kind === 'resume') return { kind }
  const isPartition = (item: unknown): item is number =>
    Number.isSafeInteger(item) && (item as number) >= 0 && (item as number) < partitions
  const isWhole =
    kind === 'failover' && typeof to === 'string' && Array.isArray(list) && list.length <= partitions && list.every(isPartition)
  return isWhole ? { kind, partitions: list as number[], to } : null
}
