/** Requests without an answer, by number: a table of slots that are used again, so that a request costs no map entry. */
import type { AppendAnswer } from '../event/event-store.ts'
import { DUPLICATE, errorOf, type Outcome, STORED } from '../event/outcome.ts'
import { positionOf } from '../event/position.ts'
import { durabilities } from '../event/request.ts'

/** What is to be done when an answer comes. */
export interface PendingRequest {
  shard: number
  partition: number
  events: number
  stream: string
  expected: unknown
  durability: number
  /** Milliseconds of the monotonic clock. */
  sentMs: number
  resolve: ((answer: AppendAnswer) => void) | null
  reject: ((error: Error) => void) | null
  /** Instead of the two: told the outcome, or null when nobody knows it. */
  settle: ((outcome: Outcome | null) => void) | null
}

/** Tells whoever waits what came of the request. */
export function settle(request: PendingRequest, outcome: Outcome): void {
  if (request.settle) request.settle(outcome)
  else if (outcome.status === STORED) request.resolve!(answerOf(request, outcome))
  else if (outcome.status === DUPLICATE) request.resolve!({ duplicate: true, highest: outcome.sequence })
  else request.reject!(errorOf(outcome, request))
}

function answerOf({ stream, partition, durability }: PendingRequest, outcome: Outcome): AppendAnswer {
  const { firstVersion, version, firstSequence, sequence, stamp } = outcome
  return {
    stream,
    firstVersion,
    version,
    partition,
    firstSequence,
    sequence,
    stamp,
    position: positionOf(stamp, partition, sequence),
    durability: durabilities[durability]!,
  }
}

export class PendingTable {
  size = 0
  readonly #slots: PendingRequest[] = []
  /** Rises when a slot is used again, so that a late answer to a request given up finds nobody. */
  readonly #turns: number[] = []
  readonly #free: number[] = []

  /** The number for a new request's header and its record to fill in. */
  take(): { number: number; request: PendingRequest } {
    const slot = this.#free.pop() ?? this.#grow()
    this.size++
    this.#turns[slot] = (this.#turns[slot]! + 1) & 0x7ff
    return { number: slot | (this.#turns[slot]! << 20), request: this.#slots[slot]! }
  }

  #grow(): number {
    this.#turns.push(0)
    return (
      this.#slots.push({
        shard: -1,
        partition: 0,
        events: 0,
        stream: '',
        expected: undefined,
        durability: 0,
        sentMs: 0,
        resolve: null,
        reject: null,
        settle: null,
      }) - 1
    )
  }

  /** The request of an answer, undefined when it was given up; `release` it when it is dealt with. */
  find(number: number): PendingRequest | undefined {
    const slot = number & 0xfffff
    const request = this.#slots[slot]
    return request && request.shard >= 0 && this.#turns[slot] === number >>> 20 ? request : undefined
  }

  /** Its slot may be used again from now on. */
  release(number: number): void {
    const slot = number & 0xfffff
    const request = this.#slots[slot]!
    request.shard = -1
    request.resolve = request.reject = request.settle = null
    this.#free.push(slot)
    this.size--
  }

  /** Gives up all requests that `over` says are over; answers copies of them. */
  giveUp(over: (request: PendingRequest) => boolean): PendingRequest[] {
    const given: PendingRequest[] = []
    this.#slots.forEach((request, slot) => {
      if (request.shard < 0 || !over(request)) return
      given.push({ ...request })
      this.release(slot | (this.#turns[slot]! << 20))
    })
    return given
  }
}
