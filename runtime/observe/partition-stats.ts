/** What partitions and shards have done, as `stats` says it: counters, rates, latencies, errors. */
import type { RouterFigures } from '../../actors/router-figures.ts'
import type { ShardFigures } from '../../actors/shard-figures.ts'
import type { ErrorCode } from '../../event/error.ts'
import type { ErrorCounts, LatencyStats, PartitionFigures, ShardStats } from '../../event/figures.ts'
import type { Durations } from '../../event/log-buckets.ts'
import { statuses } from '../../event/outcome.ts'
import type { Monitor } from './monitor.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60_000
/** A look that came a little early is a second ago all the same. */
const EARLY_MS = 200

export function partitionStats(monitor: Monitor): PartitionFigures[] {
  const { router, shards, partitions } = monitor.parts
  const hot = new Set(monitor.hot)
  return Array.from({ length: partitions }, (_, partition) => {
    const shard = partition % shards.length
    const rank = Math.floor(partition / shards.length)
    const { figures, shared } = shards[shard]!
    // What was committed before is seen after this.
    void shared.epoch
    const latencies = router.figures.latenciesOf(partition)
    const [now, minute] = [monitor.rate(partition, SECOND_MS - EARLY_MS), monitor.rate(partition, MINUTE_MS - EARLY_MS)]
    return {
      partition,
      shard,
      events: shared.sequenceOf(rank),
      bytes: figures.bytesOf(rank),
      requests: latencies.count,
      eventsPerSecond: rounded(now.eventsPerSecond),
      bytesPerSecond: rounded(now.bytesPerSecond),
      eventsPerSecondInMinute: rounded(minute.eventsPerSecond),
      bytesPerSecondInMinute: rounded(minute.bytesPerSecond),
      ...latencyStats(latencies),
      queue: router.figures.waitingOf(partition),
      isHot: hot.has(partition),
      errors: errorsOf(partition, { figures, rank, router: router.figures }),
    }
  })
}

export function shardStats(monitor: Monitor, diskBytes: readonly number[]): ShardStats[] {
  return monitor.parts.shards.map(({ shared, figures }, shard) => {
    const { commits, slowCommits } = figures
    return {
      shard,
      condition: monitor.conditionOf(shard),
      blocks: shared.committedBlocks,
      segments: shared.segment,
      diskBytes: diskBytes[shard]!,
      commits: commits.count,
      slowCommits: slowCommits.count,
      ...latencyStats(commits),
    }
  })
}

export function refusals(monitor: Monitor): ErrorCounts {
  return happened(monitor.parts.router.figures.refusals)
}

/** What a partition answered, what was not sent to it because it was full, and what it did not answer in time. */
function errorsOf(partition: number, of: { figures: ShardFigures; rank: number; router: RouterFigures }): ErrorCounts {
  const counts = new Map<ErrorCode, number>()
  for (const status of statuses)
    if (status !== 'stored' && status !== 'duplicate') counts.set(status, of.figures.requestsOf(of.rank, status))
  counts.set('UNKNOWN_OUTCOME', (counts.get('UNKNOWN_OUTCOME') ?? 0) + of.router.givenUpOf(partition))
  counts.set('BUSY', of.router.busyOf(partition))
  return happened(counts)
}

function happened(counts: ReadonlyMap<ErrorCode, number>): ErrorCounts {
  return Object.fromEntries([...counts].filter(([, count]) => count > 0))
}

function latencyStats(durations: Durations): LatencyStats {
  return {
    p50Ms: rounded(durations.percentileMs(0.5)),
    p99Ms: rounded(durations.percentileMs(0.99)),
    p999Ms: rounded(durations.percentileMs(0.999)),
  }
}

/** More digits than three behind the point say nothing. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
