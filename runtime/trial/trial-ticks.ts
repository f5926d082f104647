/** The ticks that a node would have written between given events, on the virtual clock of a test. */
import { TICK, tickEvent } from '../../actors/ticks.ts'
import { tickStream } from '../../topology/clock.ts'
import { EventStoreError } from '../../event/error.ts'
import type { Stamp } from '../../event/event.ts'
import { recordedOf, stampOf } from '../../event/stamp.ts'
import { partitionOf } from '../../event/stream-id.ts'
import { PARTITIONS_DEFAULT } from '../options.ts'
import type { GivenEvent } from './given-log.ts'

/** A test whose clock makes more ticks than this goes on for ever, or is to move its clock less. */
const ticksMost = 100_000

export interface TicksOptions {
  readonly topology: string
  /** Between two ticks at least. */
  readonly tickMs: number
  /** When the next tick is due; see `Fragment.tickAt`. */
  tickAt(): number
}

export class TrialTicks {
  /** All events given, with the ticks between them. */
  readonly events: GivenEvent[] = []
  readonly #options: TicksOptions
  readonly #stream: string
  readonly #partition: number
  #nowMs = NaN
  #stamp: Stamp = 0
  #lastMs = -Infinity
  #count = 0

  constructor(options: TicksOptions) {
    this.#options = options
    this.#stream = tickStream(options.topology)
    this.#partition = partitionOf(this.#stream, PARTITIONS_DEFAULT)
  }

  /** Where the source finds them. */
  get place(): { readonly stream: string; readonly partition: number } {
    return { stream: this.#stream, partition: this.#partition }
  }

  /** The clock moves on; what is due before then is given. `isEnd`: what is due at that very time, too. */
  moveTo(ms: number, give: (tick: GivenEvent) => void, isEnd = false): void {
    if (Number.isNaN(this.#nowMs)) this.#nowMs = ms
    for (let at = this.#nextAt(); isEnd ? at <= ms : at < ms; at = this.#nextAt()) {
      if (++this.#count > ticksMost)
        throw new EventStoreError('INVALID', `the clock of the test makes more than ${ticksMost} ticks; advance it less`, {})
      this.#nowMs = this.#lastMs = at
      this.#stamp = Math.max(this.#stamp + 1, stampOf(at))
      const tick = this.#tick(this.#stamp)
      this.events.push(tick)
      give(tick)
    }
    this.#nowMs = Math.max(this.#nowMs, ms)
  }

  #nextAt(): number {
    return Math.max(this.#options.tickAt(), this.#lastMs + this.#options.tickMs, this.#nowMs)
  }

  /** It was given at its place among the ticks. */
  note(event: GivenEvent): void {
    this.events.push(event)
    this.#stamp = event.stamp
  }

  #tick(stamp: Stamp): GivenEvent {
    const place = { stream: this.#stream, partition: this.#partition, version: this.#count, sequence: this.#count }
    const { type } = tickEvent
    return {
      ...place,
      type,
      stamp,
      time: recordedOf(stamp),
      id: `tick-${this.#count}`,
      encoding: 'json',
      data: new TextEncoder().encode('null'),
    }
  }
}

export function isTick({ type, stream }: Pick<GivenEvent, 'type' | 'stream'>, topology: string): boolean {
  return type === TICK && stream === tickStream(topology)
}
