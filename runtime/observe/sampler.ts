/** Rates of partitions: looks at counters now and then, remembers a minute of looks, and divides. */
import type { Clock } from '../../event/clock.ts'

/** Looks kept: a minute of them and the one before, at one a second. */
const LOOKS = 61

/** Counters of one partition that only rise. */
export interface Counted {
  readonly events: number
  readonly bytes: number
}

export interface Rate {
  readonly eventsPerSecond: number
  readonly bytesPerSecond: number
}

interface Look {
  atMs: number
  readonly events: Float64Array
  readonly bytes: Float64Array
}

const STANDING: Rate = { eventsPerSecond: 0, bytesPerSecond: 0 }

export class Sampler {
  readonly #clock: Clock
  readonly #partitions: number
  readonly #count: (partition: number) => Counted
  /** The newest first. */
  readonly #looks: Look[] = []

  constructor(options: { partitions: number; clock: Clock; count: (partition: number) => Counted }) {
    this.#clock = options.clock
    this.#partitions = options.partitions
    this.#count = options.count
    this.look()
  }

  /** To be called about once a second. */
  look(): void {
    const look = (this.#looks.length < LOOKS ? undefined : this.#looks.pop()) ?? this.#makeLook()
    look.atMs = this.#clock.monotonic()
    for (let partition = 0; partition < this.#partitions; partition++) {
      const { events, bytes } = this.#count(partition)
      look.events[partition] = events
      look.bytes[partition] = bytes
    }
    this.#looks.unshift(look)
  }

  #makeLook(): Look {
    return { atMs: 0, events: new Float64Array(this.#partitions), bytes: new Float64Array(this.#partitions) }
  }

  /** Between the last look and the last one at least so long before it, or the oldest there is; 0 before there are two. */
  rate(partition: number, overMs: number): Rate {
    const newest = this.#looks[0]!
    const before = this.#looks.find(({ atMs }) => newest.atMs - atMs >= overMs) ?? this.#looks.at(-1)!
    const seconds = (newest.atMs - before.atMs) / 1000
    if (seconds <= 0) return STANDING
    return {
      eventsPerSecond: (newest.events[partition]! - before.events[partition]!) / seconds,
      bytesPerSecond: (newest.bytes[partition]! - before.bytes[partition]!) / seconds,
    }
  }
}
