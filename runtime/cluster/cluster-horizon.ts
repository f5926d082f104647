/**
 * Moves the horizon of a clustered node: readers of all see up to the lowest stamp that a partition is closed at in the log, because only what is in
 * the log binds the leaders to come.
 */
import type { Stamp } from '../../event/event.ts'
import type { SharedHorizon } from '../../store/log/horizon.ts'
import type { SharedShard } from '../../store/log/shared.ts'

const LOOK_MS = 1000

export class ClusterHorizon {
  readonly #shards: readonly SharedShard[]
  readonly #horizon: SharedHorizon
  readonly #saw: (stamp: Stamp) => void
  #closed = false

  /** `saw`: told the highest stamp in the log here, which this node's clock is to be above. */
  constructor(shards: readonly SharedShard[], horizon: SharedHorizon, saw: (stamp: Stamp) => void) {
    this.#shards = shards
    this.#horizon = horizon
    this.#saw = saw
    this.#move()
    for (const shard of shards) void this.#listen(shard)
  }

  async #listen(shard: SharedShard): Promise<void> {
    while (!this.#closed) {
      const { closings } = shard
      this.#move()
      await shard.closed(closings, LOOK_MS)
    }
  }

  /** Whoever follows one partition is woken in any case. */
  #move(): void {
    let lowest = Number.POSITIVE_INFINITY
    this.#saw(this.highest)
    for (const shard of this.#shards) {
      if (!shard.isOpen) return
      for (let rank = 0; rank < shard.ranks; rank++) lowest = Math.min(lowest, shard.stampOf(rank))
    }
    if (lowest + 1 > this.#horizon.stamp) this.#horizon.set(lowest + 1)
    else this.#horizon.wake()
  }

  /** The highest stamp that is in the log here. */
  get highest(): number {
    let highest = 0
    for (const shard of this.#shards) for (let rank = 0; rank < shard.ranks; rank++) highest = Math.max(highest, shard.stampOf(rank))
    return highest
  }

  close(): void {
    this.#closed = true
  }
}
