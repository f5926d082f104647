/** Which stamps are given but not yet to be seen: moves the horizon below which the total order is complete. */
import type { StampClock } from '../event/stamp.ts'
import type { SharedHorizon } from '../store/log/horizon.ts'
import type { ShardPort } from './port.ts'

/** First stamps of a shard's unpublished requests, in the order they were sent: a ring of numbers. */
class StampQueue {
  #stamps = new Float64Array(1024)
  #head = 0
  #size = 0

  push(stamp: number): void {
    if (this.#size === this.#stamps.length) this.#grow()
    this.#stamps[(this.#head + this.#size++) & (this.#stamps.length - 1)] = stamp
  }

  #grow(): void {
    const grown = new Float64Array(this.#stamps.length * 2)
    for (let i = 0; i < this.#size; i++) grown[i] = this.#stamps[(this.#head + i) & (this.#stamps.length - 1)]!
    this.#stamps = grown
    this.#head = 0
  }

  drop(count: number): void {
    const dropped = Math.min(count, this.#size)
    this.#head = (this.#head + dropped) & (this.#stamps.length - 1)
    this.#size -= dropped
  }

  clear(): void {
    this.#size = 0
  }

  /** +∞ when nothing is in flight. Stamps rise from request to request of a shard. */
  get lowest(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#stamps[this.#head]!
  }
}

export class InFlight {
  readonly #queues: StampQueue[]
  readonly #ports: (ShardPort | null)[]
  readonly #published: number[]
  readonly #stamps: StampClock
  readonly #horizon: SharedHorizon

  constructor(shards: number, stamps: StampClock, horizon: SharedHorizon) {
    this.#queues = Array.from({ length: shards }, () => new StampQueue())
    this.#ports = this.#queues.map(() => null)
    this.#published = this.#queues.map(() => 0)
    this.#stamps = stamps
    this.#horizon = horizon
  }

  attached(shard: number, port: ShardPort): void {
    this.#ports[shard] = port
    this.#published[shard] = port.published
    this.#queues[shard]!.clear()
    this.#move()
  }

  /** What a dead worker had taken is settled on disk by the one that follows; until then the horizon stands still. */
  detached(shard: number): void {
    this.#ports[shard] = null
  }

  sent(shard: number, lowestStamp: number): void {
    this.#queues[shard]!.push(lowestStamp)
  }

  /** Looks how far a shard has published. */
  published(shard: number): void {
    const port = this.#ports[shard]
    if (!port) return
    const now = port.published
    const moved = (now - this.#published[shard]!) >>> 0
    if (moved === 0) return
    this.#published[shard] = now
    this.#queues[shard]!.drop(moved)
    this.#move()
  }

  #move(): void {
    let lowest = this.#stamps.last + 1
    for (const queue of this.#queues) lowest = Math.min(lowest, queue.lowest)
    if (lowest > this.#horizon.stamp) this.#horizon.set(lowest)
  }
}
