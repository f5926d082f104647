/** Which partitions carry much more than the others, and since when: a pure judge of rates, look by look. */

/** A partition is hot when it carries more than so many times the mean of all partitions. */
const TIMES_THE_MEAN = 2

export interface HotOptions {
  readonly partitions: number
  /** How long a partition must be above, to be hot, and no more above, to be so no longer. */
  readonly forMs: number
  /** Events a second below which a partition is never above. */
  readonly eventsPerSecondMin: number
}

/** Said once when an episode begins, and once when it is over. */
export interface HotChange {
  readonly kind: 'hot' | 'cooled'
  readonly partition: number
  /** As they are now. */
  readonly eventsPerSecond: number
  readonly meanEventsPerSecond: number
  /** Since when it carries more, or, when it is over, how long that was. */
  readonly lastedMs: number
}

interface Episode {
  /** Said to be hot. */
  isHot: boolean
  /** When it went above. */
  aboveSinceMs: number
  /** Since when it has been other than it is said to be; undefined while it is as said. */
  otherSinceMs: number | undefined
}

export class HotPartitions {
  readonly #options: HotOptions
  readonly #episodes: readonly Episode[]

  constructor(options: HotOptions) {
    this.#options = options
    this.#episodes = Array.from({ length: options.partitions }, () => ({ isHot: false, aboveSinceMs: 0, otherSinceMs: undefined }))
  }

  /** Partitions in an episode. */
  get hot(): number[] {
    return this.#episodes.flatMap(({ isHot }, partition) => (isHot ? [partition] : []))
  }

  /** What has changed by this look. A store of one partition has no mean to compare with. */
  look(nowMs: number, eventsPerSecond: (partition: number) => number): HotChange[] {
    const { partitions, forMs, eventsPerSecondMin } = this.#options
    if (partitions < 2) return []
    const rates = Float64Array.from({ length: partitions }, (_, partition) => eventsPerSecond(partition))
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / partitions
    const changes: HotChange[] = []
    for (const [partition, episode] of this.#episodes.entries()) {
      const rate = rates[partition]!
      const isAbove = rate > TIMES_THE_MEAN * mean && rate >= eventsPerSecondMin
      if (isAbove === episode.isHot) episode.otherSinceMs = undefined
      else episode.otherSinceMs ??= nowMs
      if (episode.otherSinceMs === undefined || nowMs - episode.otherSinceMs < forMs) continue
      if (isAbove) episode.aboveSinceMs = episode.otherSinceMs
      episode.isHot = isAbove
      episode.otherSinceMs = undefined
      const kind = isAbove ? 'hot' : 'cooled'
      changes.push({ kind, partition, eventsPerSecond: rate, meanEventsPerSecond: mean, lastedMs: nowMs - episode.aboveSinceMs })
    }
    return changes
  }
}
