/**
 * Makes the deliveries of epochs that are durable: those of a step one after another, steps side by side, each until it is taken or given up.
 *
 * A delivery is a row of the outbox until its outcome is in an epoch. One that was taken is removed by the next epoch; one that was given up is
 * removed by the next epoch as well, and its dead letter is an event of that same epoch's outbox. So a crash before that epoch finds the delivery
 * in the outbox, makes it again under the same key, and decides again; a crash after it finds the dead letter there, under the number of
 * the delivery, to be appended once. Between an answer and its epoch lies the only way in which a receiver sees a key twice.
 */
import type { WaitingDeliveries } from '../event/topologies.ts'
import type { Clock } from '../event/clock.ts'
import type { EventStoreError } from '../event/error.ts'
import { decodeDelivery, type Delivery, isDelivery, stepOfDelivery, type Undelivered } from './delivery.ts'
import { attemptDelivery } from './delivery-attempt.ts'
import type { SealedEpoch } from './epoch.ts'

export type { WaitingDeliveries } from '../event/topologies.ts'

export interface DeliverySenderOptions {
  readonly clock: Clock
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Row `row` of the outbox was taken. */
  taken(row: number): void
  /** Row `row` of the outbox was given up. */
  givenUp(row: number, delivery: Delivery, why: Undelivered): void
  /** Something is wrong that no receiver has to do with. */
  failed(error: EventStoreError): void
  /** Before the second attempt. */
  readonly pauseFirstMs?: number
}

/** `patient`: goes on until all are decided, or one has to be tried again. `soon`: waits a moment for the answers on their way. */
export type Stopping = 'patient' | 'soon' | 'now'

const pauseFirstMs = 250
const pauseMaxMs = 60_000
/** However long a receiver asks us to wait. */
const retryAfterMaxMs = 300_000
/** Answers on their way are waited for so long when the node closes. */
const graceMs = 1000
/** What a waiting delivery takes beside its bytes. */
const rowBytes = 128

interface Waiting {
  readonly row: number
  readonly bytes: Uint8Array
}

export class DeliverySender {
  /** Bytes of the deliveries that are not decided yet. */
  waitingBytes = 0
  #waiting = 0
  #lastFailure: { readonly step: string; readonly cause: string } | undefined
  readonly #options: DeliverySenderOptions
  readonly #lanes = new Map<string, Waiting[]>()
  readonly #running = new Set<Promise<void>>()
  readonly #ending = new AbortController()
  #stopping: Stopping | undefined
  #idle: Promise<void> | undefined
  readonly #wakeLanes = new Set<() => void>()

  constructor(options: DeliverySenderOptions) {
    this.#options = options
  }

  /** Deliveries of an epoch that is durable, by the numbers of their rows. */
  add(deliveries: EpochRows): void {
    for (const [index, bytes] of deliveries.requests.entries()) {
      const step = stepOfDelivery(bytes)
      const lane = this.#lanes.get(step)
      this.waitingBytes += bytes.length + rowBytes
      this.#waiting++
      const waiting = { row: deliveries.outboxNumbers[index] as number, bytes }
      if (lane) lane.push(waiting)
      else this.#begin(step, [waiting])
    }
  }

  #begin(step: string, lane: Waiting[]): void {
    this.#lanes.set(step, lane)
    const running: Promise<void> = this.#run(step, lane)
      .catch((error: unknown) => this.#options.failed(error as EventStoreError))
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  /** Undefined when none waits. */
  get waiting(): WaitingDeliveries | undefined {
    if (this.#waiting === 0) return undefined
    const failed = this.#lastFailure
    return { waiting: this.#waiting, ...(failed && { step: failed.step, lastFailure: failed.cause }) }
  }

  /** Nothing is on its way, nor will be before the next `add`. */
  get isIdle(): boolean {
    return this.#running.size === 0
  }

  /** Resolves when nothing is on its way any more; one promise for all who wait, however often they ask. */
  idle(): Promise<void> {
    this.#idle ??= this.#untilIdle().finally(() => (this.#idle = undefined))
    return this.#idle
  }

  async #untilIdle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  /** Resolves when no more requests are made. What was not decided stays in the outbox. */
  async stop(stopping: Stopping): Promise<void> {
    this.#stopping = stopping
    for (const wake of this.#wakeLanes) wake()
    const timer = stopping === 'soon' ? setTimeout(() => this.#ending.abort(), graceMs) : undefined
    if (stopping === 'now') this.#ending.abort()
    await this.idle()
    clearTimeout(timer)
  }

  async #run(step: string, lane: Waiting[]): Promise<void> {
    try {
      for (let next = lane.shift(); next !== undefined && !this.#mayNotBegin; next = lane.shift()) {
        const { row, bytes } = next
        const delivery = decodeDelivery(bytes)
        const outcome = await this.#deliver(delivery)
        if (outcome === 'left') return
        this.waitingBytes -= bytes.length + rowBytes
        this.#waiting--
        if (this.#lastFailure?.step === step) this.#lastFailure = undefined
        if (outcome === 'taken') this.#options.taken(row)
        else this.#options.givenUp(row, delivery, outcome)
      }
    } finally {
      // At once: what is added from now on begins another lane.
      this.#lanes.delete(step)
    }
  }

  get #mayNotBegin(): boolean {
    return this.#stopping !== undefined && this.#stopping !== 'patient'
  }

  /** `left`: nobody waits any more, and what came of it is not known. */
  async #deliver(delivery: Delivery): Promise<'taken' | 'left' | Undelivered> {
    const { clock, environment } = this.#options
    for (let attempts = 1; ; attempts++) {
      const attempt = await attemptDelivery(delivery, { signal: this.#ending.signal, environment, now: () => clock.now() })
      if (attempt.kind === 'taken') return 'taken'
      if (this.#ending.signal.aborted) return 'left'
      if (attempt.kind === 'refused') return { cause: attempt.cause, code: 'INVALID', attempts }
      this.#lastFailure = { step: delivery.step, cause: attempt.cause }
      if (attempts >= delivery.attempts) return { cause: attempt.cause, code: 'UNREACHABLE', attempts }
      if (!(await this.#pause(Math.max(this.#pauseMs(attempts), Math.min(attempt.afterMs, retryAfterMaxMs))))) return 'left'
    }
  }

  /** Twice as long each time, and by chance up to half of it less, so that those who failed together do not come back together. */
  #pauseMs(attempts: number): number {
    const { clock, pauseFirstMs: firstMs = pauseFirstMs } = this.#options
    const fullMs = Math.min(firstMs * 2 ** (attempts - 1), pauseMaxMs)
    return fullMs * (1 - (clock.random(1)[0] ?? 0) / 512)
  }

  /** False when it was stopped meanwhile, or before. */
  async #pause(ms: number): Promise<boolean> {
    if (this.#stopping === undefined)
      await new Promise<void>(resolve => {
        const wake = (): void => {
          clearTimeout(timer)
          this.#wakeLanes.delete(wake)
          resolve()
        }
        const timer = setTimeout(wake, ms)
        this.#wakeLanes.add(wake)
      })
    return this.#stopping === undefined
  }
}

/** What of an epoch is appended, and what is delivered. */
export interface EpochParts {
  readonly appends: EpochRows
  readonly deliveries: EpochRows
}

type EpochRows = Pick<SealedEpoch, 'requests' | 'outboxNumbers'>

export function partsOf({ requests, outboxNumbers }: EpochRows): EpochParts {
  const are = requests.map(isDelivery)
  const partOf = (wanted: boolean): EpochRows => ({
    requests: requests.filter((_, index) => are[index] === wanted),
    outboxNumbers: outboxNumbers.filter((_, index) => are[index] === wanted),
  })
  return { appends: partOf(false), deliveries: partOf(true) }
}
