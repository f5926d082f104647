/** What the router counts: what waits and for how long, and what it refuses or gives up itself. */
import { type ErrorCode, isEventStoreError } from '../event/error.ts'
import { addDuration, Durations, ROW } from '../event/log-buckets.ts'
import type { PendingRequest } from './pending.ts'

export class RouterFigures {
  readonly #waiting: Uint32Array
  readonly #latencies: Float64Array
  readonly #busy: Float64Array
  readonly #givenUp: Float64Array
  readonly #refused = new Map<ErrorCode, number>()

  constructor(partitions: number) {
    this.#waiting = new Uint32Array(partitions)
    this.#latencies = new Float64Array(partitions * ROW)
    this.#busy = new Float64Array(partitions)
    this.#givenUp = new Float64Array(partitions)
  }

  sent(partition: number, events: number): void {
    this.#waiting[partition]! += events
  }

  answered({ partition, events, sentMs }: PendingRequest, nowMs: number): void {
    this.#waiting[partition]! -= events
    addDuration(this.#latencies, partition * ROW, nowMs - sentMs)
  }

  /** Nobody will answer it in time. */
  givenUp({ partition, events }: PendingRequest): void {
    this.#waiting[partition]! -= events
    this.#givenUp[partition]! += 1
  }

  /** A request that no partition got to see. */
  refused(error: Error): void {
    if (!isEventStoreError(error)) return
    const { partition } = error.details
    if (error.code === 'BUSY' && typeof partition === 'number') this.#busy[partition]! += 1
    else this.#refused.set(error.code, (this.#refused.get(error.code) ?? 0) + 1)
  }

  /** Events that were sent and are not answered. */
  waitingOf(partition: number): number {
    return this.#waiting[partition]!
  }

  /** Of requests to one partition, from the call to its answer. */
  latenciesOf(partition: number): Durations {
    return new Durations().add(this.#latencies, partition * ROW)
  }

  busyOf(partition: number): number {
    return this.#busy[partition]!
  }

  givenUpOf(partition: number): number {
    return this.#givenUp[partition]!
  }

  /** By code; what a partition refused, or was too busy for, is not among them. */
  get refusals(): ReadonlyMap<ErrorCode, number> {
    return this.#refused
  }
}
