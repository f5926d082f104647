/** Watches a node: looks at its counters once a second, and says what is out of the ordinary in the log and in `$alerts`. */
import type { Router } from '../../actors/router.ts'
import type { ShardFigures } from '../../actors/shard-figures.ts'
import type { Clock } from '../../event/clock.ts'
import type { NewEvent } from '../../event/event.ts'
import type { ShardCondition } from '../../event/figures.ts'
import type { Limits } from '../../event/limits.ts'
import type { Logger } from '../../event/logger.ts'
import { DEFAULT_SCOPE } from '../../event/scope.ts'
import type { TenantTopology } from '../deploy/deployers.ts'
import type { NodeShard } from '../shards.ts'
import { type HotChange, HotPartitions } from './hot-partitions.ts'
import { type Rate, Sampler } from './sampler.ts'

const SYSTEM = { scope: DEFAULT_SCOPE, isSystem: true }
export const ALERTS_STREAM = '$alerts'

const LOOK_MS = 1_000
/** A burst of a second makes no partition hot. */
const SMOOTH_MS = 10_000

export interface MonitorParts {
  readonly router: Router
  readonly shards: readonly NodeShard[]
  readonly partitions: number
  readonly limits: Limits
  readonly clock: Clock
  readonly logger: Logger
  /** Workers in threads of their own are expected to give signs of life. */
  readonly hasWorkers: boolean
  /** Topologies of an earlier process that do not run yet. */
  readonly starting: () => readonly string[]
  /** All that are deployed. */
  readonly topologies: () => Promise<readonly TenantTopology[]>
}

/** What the last look saw of a shard. */
interface ShardLook {
  beats: number
  beatAtMs: number
  slow: number
  condition: ShardCondition
}

export class Monitor {
  /** Milliseconds since the epoch. */
  readonly openedAt: number
  readonly parts: MonitorParts
  readonly #sampler: Sampler
  readonly #hot: HotPartitions
  readonly #looks: readonly ShardLook[]
  readonly #timer: ReturnType<typeof setInterval>
  #hotEpisodes = 0

  constructor(parts: MonitorParts) {
    const { partitions, limits, clock, shards } = parts
    this.parts = parts
    this.openedAt = clock.now()
    this.#sampler = new Sampler({ partitions, clock, count: partition => this.#counted(partition) })
    this.#hot = new HotPartitions({ partitions, forMs: limits.hotPartitionMs, eventsPerSecondMin: limits.hotPartitionEvents })
    this.#looks = shards.map(() => ({ beats: -1, beatAtMs: clock.monotonic(), slow: 0, condition: 'writable' }))
    this.#timer = setInterval(() => this.look(), LOOK_MS)
    this.#timer.unref()
  }

  /** Once a second. */
  look(): void {
    const nowMs = this.parts.clock.monotonic()
    this.#sampler.look()
    const changes = this.#hot.look(nowMs, partition => this.#sampler.rate(partition, SMOOTH_MS).eventsPerSecond)
    for (const change of changes) this.#alert(change)
    this.parts.shards.forEach(({ figures }, shard) => this.#lookAt(shard, figures, nowMs))
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** Times that a partition was said to be hot. */
  get hotEpisodes(): number {
    return this.#hotEpisodes
  }

  /** Partitions that are hot now. */
  get hot(): readonly number[] {
    return this.#hot.hot
  }

  rate(partition: number, overMs: number): Rate {
    return this.#sampler.rate(partition, overMs)
  }

  #counted(partition: number): { events: number; bytes: number } {
    const { shards } = this.parts
    const { figures } = shards[partition % shards.length]!
    const rank = Math.floor(partition / shards.length)
    return { events: figures.eventsOf(rank), bytes: figures.bytesOf(rank) }
  }

  /** One alarm an episode, and one when it is over: an event for programs, a line in the log for people. */
  #alert(change: HotChange): void {
    const { kind, partition, lastedMs } = change
    const { clock, logger, router } = this.parts
    const [eventsPerSecond, meanEventsPerSecond] = [Math.round(change.eventsPerSecond), Math.round(change.meanEventsPerSecond)]
    const data = {
      partition,
      eventsPerSecond,
      meanEventsPerSecond,
      since: clock.now() - Math.round(lastedMs),
      lastedMs: Math.round(lastedMs),
    }
    if (kind === 'hot') {
      this.#hotEpisodes++
      logger.warn(data, 'a partition carries more than twice the mean')
    } else logger.info(data, 'a partition no longer carries more than twice the mean')
    const event: NewEvent = { type: `partition.${kind}`, data }
    router.append(ALERTS_STREAM, event, {}, SYSTEM).catch((err: unknown) => logger.warn({ err, ...data }, 'an alert could not be stored'))
  }

  #lookAt(shard: number, figures: ShardFigures, nowMs: number): void {
    const look = this.#looks[shard]!
    if (figures.beats !== look.beats) Object.assign(look, { beats: figures.beats, beatAtMs: nowMs })
    const { logger, limits } = this.parts
    const { count, lastMs } = figures.slowCommits
    if (count > look.slow)
      logger.warn({ shard, commits: count - look.slow, lastMs: Math.round(lastMs), slowCommitMs: limits.slowCommitMs }, 'commits were slow')
    look.slow = count
    const condition = this.conditionOf(shard)
    if (condition !== look.condition) this.#say(shard, condition)
    look.condition = condition
  }

  /** Workers that come and go are told of by those who start them. */
  #say(shard: number, condition: ShardCondition): void {
    const { logger, limits } = this.parts
    if (condition === 'read-only')
      logger.error({ shard }, 'the disk refused a write; the shard is read-only until the node is opened again')
    else if (condition === 'silent')
      logger.warn({ shard, silentWorkerMs: limits.silentWorkerMs }, 'the worker of a shard gives no sign of life')
    else if (condition === 'writable') logger.info({ shard }, 'the shard can be written again')
  }

  conditionOf(shard: number): ShardCondition {
    const { router, shards, clock, limits, hasWorkers } = this.parts
    const place = router.shardAt(shard)
    if (place === 'lost') return 'lost'
    const { figures } = shards[shard]!
    if (figures.failed) return 'read-only'
    if (place === 'away') return 'starting'
    const { beats, beatAtMs } = this.#looks[shard]!
    const isSilent = hasWorkers && figures.beats === beats && clock.monotonic() - beatAtMs > limits.silentWorkerMs
    return isSilent ? 'silent' : 'writable'
  }
}
