/** A metric as data: what it is called, what it counts, in what unit, and where its values are. */
import type { ClusterStatus } from '../../../event/cluster.ts'
import type { ErrorCounts, NodeStats, PartitionFigures } from '../../../event/figures.ts'
import type { TenantTopology } from '../../deploy/deployers.ts'
import type { Durations } from '../../../event/log-buckets.ts'

/** What a node knows of itself at one moment. */
export interface Scrape {
  readonly stats: NodeStats
  readonly topologies: readonly TenantTopology[]
  readonly partitions: readonly PartitionFigures[]
  readonly refusals: ErrorCounts
  /** Milliseconds since the epoch. */
  readonly openedAt: number
  readonly isAlive: boolean
  readonly isReady: boolean
  /** Null on a node by itself. */
  readonly cluster: ClusterStatus | null
  readonly hotEpisodes: number
  /** Milliseconds since the epoch. */
  readonly nowMs: number
  latenciesOf(partition: number): Durations
  commitsOf(shard: number): Durations
  readonly memory: { readonly residentBytes: number; readonly heapBytes: number }
  /** Seconds of all cores since the process began. */
  readonly cpuSeconds: number
}

export type Values<Value> = Iterable<readonly [labels: readonly (string | number)[], value: Value]>

interface Described {
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
}

export type MetricRow =
  | (Described & { readonly type: 'counter' | 'gauge'; readonly read: (scrape: Scrape) => Values<number> })
  /** Its buckets end at these powers of two of microseconds. */
  | (Described & {
      readonly type: 'histogram'
      readonly octaves: readonly number[]
      readonly read: (scrape: Scrape) => Values<readonly Durations[]>
    })

/** 64 µs to 34 s: each twice the one before. */
export const fine = Array.from({ length: 20 }, (_, at) => at + 6)
/** 64 µs to 67 s: each four times the one before. */
export const coarse = Array.from({ length: 11 }, (_, at) => 2 * at + 6)

export const one = (value: number): Values<number> => [[[], value]]
