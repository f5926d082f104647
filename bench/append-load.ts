/** A closed loop of appends: so many requests outstanding, each with the expected version of its stream. */
import { systemClock } from '../event/clock.ts'
import { EventStoreError } from '../event/error.ts'
import type { EventStore } from '../event/event-store.ts'
import { streamName } from './fill.ts'
import type { OrderBytesEvent, OrderEvent } from './payload.ts'

export type AnyOrder = OrderBytesEvent | OrderEvent

export interface LoadOptions {
  readonly streams: number
  readonly outstanding: number
  /** Sent in turn; all have as many events. */
  readonly requests: readonly (AnyOrder | readonly AnyOrder[])[]
}

/** Shares no factor with 100,000, so that every stream has its turn and neighbours are far apart. */
const stride = 61_803
const latencySamplesMax = 200_000
const pauseMs = 1

export class Load {
  /** Events acknowledged. */
  stored = 0
  /** Answers that asked to try again. */
  busy = 0
  /** Milliseconds of requests, of the first many. */
  readonly latencies: number[] = []
  readonly #store: EventStore
  readonly #options: LoadOptions
  readonly #names: readonly string[]
  readonly #versions: Float64Array
  readonly #perRequest: number
  #sent = 0

  constructor(store: EventStore, options: LoadOptions) {
    this.#store = store
    this.#options = options
    this.#names = Array.from({ length: options.streams }, (_, number) => streamName(number))
    this.#versions = new Float64Array(options.streams)
    const first = options.requests[0]
    this.#perRequest = Array.isArray(first) ? first.length : 1
  }

  get eventsPerRequest(): number {
    return this.#perRequest
  }

  /** Sends until there are enough requests or it is late, then waits for the answers. */
  async run(requestsMax: number, endMs: number): Promise<void> {
    const last = this.#sent + requestsMax
    await Promise.all(Array.from({ length: this.#options.outstanding }, () => this.#lane(last, endMs)))
  }

  async #lane(last: number, endMs: number): Promise<void> {
    const { requests, streams } = this.#options
    for (let begun = systemClock.monotonic(); this.#sent < last && begun < endMs;) {
      const place = this.#sent++
      const stream = (place * stride) % streams
      const expectedVersion = this.#versions[stream] as number
      this.#versions[stream] = expectedVersion + this.#perRequest
      const events = requests[place % requests.length] as AnyOrder
      for (let waits = true; waits;) {
        try {
          await this.#store.appendToStream(this.#names[stream] as string, events, { expectedVersion })
          waits = false
        } catch (error) {
          await this.#pause(error)
        }
      }
      const now = systemClock.monotonic()
      this.stored += this.#perRequest
      if (this.latencies.length < latencySamplesMax) this.latencies.push(now - begun)
      begun = now
    }
  }

  async #pause(error: unknown): Promise<void> {
    if (!(error instanceof EventStoreError) || error.code !== 'BUSY') throw error
    this.busy++
    await new Promise(resolve => setTimeout(resolve, pauseMs))
  }
}
