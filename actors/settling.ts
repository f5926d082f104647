/** What becomes of an epoch once it is sealed: it is written, then its events are appended and its deliveries made. One at a time is on its way. */
import { EventStoreError } from '../event/error.ts'
import type { Stamp } from '../event/event.ts'
import { failPoint } from '../event/fail-points.ts'
import type { HeldKeys } from '../event/topologies.ts'
import { DeliverySender, type EpochParts, partsOf, type Stopping, type WaitingDeliveries } from './delivery-sender.ts'
import type { EpochGatherer, SealedEpoch } from './epoch.ts'
import { OutboxSender } from './outbox-sender.ts'
import type { PipelineOptions } from './pipeline-options.ts'

/** Deliveries that wait may take so many bytes before the fold is held back. */
const deliveryBytesMax = 8 * 1024 * 1024

export type SettlingOptions = Pick<PipelineOptions, 'appendOutbox' | 'clock' | 'deliveryPauseMs' | 'tracer'> & {
  /** For spans. */
  readonly plan?: { readonly topology: string }
  readonly environment?: PipelineOptions['environment']
  readonly gatherer: EpochGatherer
  readonly isRepeating: boolean
  /** Makes an epoch durable; what it is of is the caller's to know. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>
  /** True once nobody waits for appends any more. */
  isStopped(): boolean
  /** Something has come to its end. */
  woken(): void
}

/** How far what was folded has come. */
export interface Progress {
  /** How long the last epoch took to be written. */
  readonly lastEpochMs?: number
  /** Deliveries that wait for their receivers; left out when none does. */
  readonly deliveries?: WaitingDeliveries
  /** Of steps that keep dead letters in order; left out when no key has one. */
  readonly held?: HeldKeys
  /** All rows below this stamp are folded, and what came of them is durable and sent; left out while something is on its way. */
  readonly caughtUpTo?: Stamp
}

export class Settling {
  failure: EventStoreError | undefined
  /** How long it took to write the last epoch, ms. */
  lastEpochMs: number | undefined
  /** False while an epoch is being written or its events appended. Deliveries go on beside the epochs after theirs. */
  isSettled = true
  readonly #options: SettlingOptions
  readonly #appends: OutboxSender
  readonly #deliveries: DeliverySender
  /** Bytes of deliveries whose epoch is being written. */
  #comingBytes = 0
  #settling: Promise<void> = Promise.resolve()

  constructor(options: SettlingOptions) {
    const { gatherer, clock, environment = {}, deliveryPauseMs, appendOutbox: append, isRepeating } = options
    this.#options = options
    this.#appends = new OutboxSender({ append, isRepeating, isStopped: () => options.isStopped() })
    this.#deliveries = new DeliverySender({
      clock,
      environment,
      ...(deliveryPauseMs !== undefined && { pauseFirstMs: deliveryPauseMs }),
      taken: row => {
        gatherer.sent({ outboxNumbers: [row] })
        options.woken()
      },
      givenUp: (row, delivery, why) => {
        // Both between the same two barriers.
        gatherer.undelivered(delivery, why)
        gatherer.sent({ outboxNumbers: [row] })
        options.woken()
      },
      failed: error => this.fail(error),
    })
  }

  fail(error: unknown): void {
    this.failure ??= failureOf(error)
    this.#options.woken()
  }

  /** Never rejects: what goes wrong lies in `failure`. The epoch before must be settled. */
  settle(sealed: SealedEpoch, isWritten = false): void {
    this.isSettled = false
    const parts = partsOf(sealed)
    this.#comingBytes = parts.deliveries.requests.reduce((sum, { length }) => sum + length, 0)
    this.#settling = this.#writeAndSend(sealed, parts, isWritten)
      .catch((error: unknown) => this.fail(error))
      .then(() => {
        this.isSettled = true
        this.#options.woken()
      })
  }

  async #writeAndSend(sealed: SealedEpoch, { appends, deliveries }: EpochParts, isWritten: boolean): Promise<void> {
    const { gatherer, write, clock } = this.#options
    if (!isWritten) {
      const begun = clock.monotonic()
      await this.#traced(sealed, () => write(sealed.bytes))
      this.lastEpochMs = clock.monotonic() - begun
      failPoint('epoch.acknowledged')
      gatherer.written(sealed)
    }
    this.#comingBytes = 0
    this.#deliveries.add(deliveries)
    if (appends.requests.length > 0 && (await this.#appends.send(appends.requests))) gatherer.sent(appends)
  }

  /** A span from the write to its answer, when somebody traces in this thread. */
  async #traced({ epoch, bytes, requests }: SealedEpoch, write: () => Promise<void>): Promise<void> {
    const { tracer, plan } = this.#options
    if (tracer?.isOn !== true) return write()
    const attributes = {
      ...(plan && { 'allsource.topology': plan.topology }),
      'allsource.epoch': epoch,
      'allsource.bytes': bytes.length,
      'allsource.requests': requests.length,
    }
    const span = tracer.start('allsource epoch', { kind: 'internal', attributes })
    await write().then(
      () => span.end(),
      (error: unknown) => {
        span.end({}, error as Error)
        throw error
      },
    )
  }

  /** Resolves when the epoch on its way is written and its events are appended; throws what went wrong with it or before. */
  async settled(): Promise<void> {
    await this.#settling
    if (this.failure) throw this.failure
  }

  /** So much waits to be delivered that nothing more should be folded now. */
  get isFull(): boolean {
    return this.#deliveries.waitingBytes + this.#comingBytes + this.#options.gatherer.postedBytes > deliveryBytesMax
  }

  /** Nothing is being delivered. */
  get isDelivered(): boolean {
    return this.#deliveries.isIdle
  }

  /** `foldedTo`: all rows below it are folded and sealed. */
  progress(foldedTo: Stamp | undefined): Progress {
    const { lastEpochMs, isSettled, isDelivered } = this
    const { waiting } = this.#deliveries
    return {
      ...(lastEpochMs !== undefined && { lastEpochMs }),
      ...(waiting && { deliveries: waiting }),
      ...(foldedTo !== undefined && isSettled && isDelivered && { caughtUpTo: foldedTo }),
    }
  }

  /** Resolves when nothing is being delivered any more, or after a while. */
  async delivered(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const waited = new Promise<void>(resolve => (timer = setTimeout(resolve, ms)))
    await Promise.race([this.#deliveries.idle(), waited])
    clearTimeout(timer)
  }

  /** Resolves when no more requests are made; deliveries that were not decided stay in the outbox. */
  stopDeliveries(stopping: Stopping): Promise<void> {
    return this.#deliveries.stop(stopping)
  }
}

export function failureOf(error: unknown): EventStoreError {
  if (error instanceof EventStoreError) return error
  return new EventStoreError(
    'INVALID',
    `the pipeline broke: ${error instanceof Error ? error.message : String(error)}`,
    {},
    { cause: error },
  )
}
