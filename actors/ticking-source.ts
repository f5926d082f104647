/** A source over the log that writes the clock into it while somebody waits for it and no row comes. */
import type { Clock } from '../event/clock.ts'
import type { Stamp } from '../event/event.ts'
import type { Scope } from '../event/scope.ts'
import type { DeadRow } from '../operators/operator.ts'
import { tickStream } from '../topology/clock.ts'
import type { LogSource } from './log-source.ts'
import type { AppendOutbox } from './outbox-sender.ts'
import type { PulledPage, RowOrigin, Source, SourcePosition } from './source.ts'
import { requestOf } from './outbox-request.ts'
import { tickEvent } from './ticks.ts'

export interface TickingOptions {
  readonly scope: Scope
  readonly topology: string
  /** Of the stream of ticks. */
  readonly partition: number
  /** Between two ticks at least. */
  readonly tickMs: number
  readonly clock: Clock
  readonly append: AppendOutbox
  /** See `Fragment.tickAt`. */
  tickAt(): number
}

/** One tick is on its way at a time. Should one be written twice, or by two nodes, each is folded at its place, and nobody is the wiser. */
export class TickingSource implements Source {
  readonly #source: LogSource
  readonly #options: TickingOptions
  /** From the append until it was read again. */
  #isOnTheWay = false
  #writtenAt = -Infinity

  constructor(source: LogSource, options: TickingOptions) {
    this.#source = source
    this.#options = options
  }

  get id(): string {
    return this.#source.id
  }
  get isEnded(): boolean {
    return this.#source.isEnded
  }
  get position(): SourcePosition {
    return this.#source.position
  }
  get dead(): readonly DeadRow[] {
    return this.#source.dead
  }
  get head(): Stamp {
    return this.#source.head
  }

  originOf(order: number): RowOrigin | undefined {
    return this.#source.originOf(order)
  }

  originsOf(): (order: number) => RowOrigin | undefined {
    return this.#source.originsOf()
  }

  next(): PulledPage | null {
    const page = this.#source.next()
    if (page === null) this.#writeIfDue()
    else if (page.tick !== undefined) this.#isOnTheWay = false
    return page
  }

  #writeIfDue(): void {
    const { clock, tickMs, tickAt } = this.#options
    if (this.#isOnTheWay || clock.monotonic() - this.#writtenAt < tickMs) return
    const now = clock.now()
    if (tickAt() > now) return
    this.#isOnTheWay = true
    this.#writtenAt = clock.monotonic()
    // What can not be written now is tried again when the next may be written.
    this.#write(now).catch(() => (this.#isOnTheWay = false))
  }

  async #write(now: number): Promise<void> {
    const { scope, topology, partition, append } = this.#options
    const producer = `${topology}#ticks`
    const whose = { scope, topology, step: 'ticks', partition, producer, first: now }
    const answer = await append(requestOf(whose, { ...tickEvent, stream: tickStream(topology) }))
    if (answer === 'duplicate') this.#isOnTheWay = false
  }

  /** Also when a tick may be due. */
  async changed(): Promise<void> {
    const { clock, tickAt, tickMs } = this.#options
    const waitMs = Math.max(tickAt() - clock.now(), this.#writtenAt + tickMs - clock.monotonic(), 0)
    if (this.#isOnTheWay || !(waitMs < longestWaitMs)) return this.#source.changed()
    let timer: NodeJS.Timeout | undefined
    const due = new Promise<void>(resolve => (timer = setTimeout(resolve, waitMs)))
    await Promise.race([this.#source.changed(), due])
    clearTimeout(timer)
  }
}

/** Longer than a pipeline sleeps. */
const longestWaitMs = 1000
