/** The way in: checks and encodes appends, gives stamps in call order, sends each to its shard, and settles the promises when answers come. */
import { expectedNumber, tooLarge } from '../event/check.ts'
import { type Clock, systemClock } from '../event/clock.ts'
import { EventStoreError } from '../event/error.ts'
import type { Durability, NewEvent } from '../event/event.ts'
import type { AppendAnswer, AppendOptions, RequestOptions, StreamsAnswer } from '../event/event-store.ts'
import type { TextHash } from '../event/hash.ts'
import { type Limits, systemLimits } from '../event/limits.ts'
import { type Outcome, unknownOutcome } from '../event/outcome.ts'
import { durabilities, RequestBuilder, type SealedRequest } from '../event/request.ts'
import type { StampClock } from '../event/stamp.ts'
import { checkStreamId, partitionOf } from '../event/stream-id.ts'
import type { Timers } from '../event/timers.ts'
import type { SharedHorizon } from '../store/log/horizon.ts'
import { refuseSystemStream } from './asked-append.ts'
import { addEvent, durabilityNumber, producerOf, refuseRepeatedIds, USER, type Writer } from './encode-append.ts'
import { InFlight } from './in-flight.ts'
import { KeyedAppends, type MadeRequest } from './keyed-appends.ts'
import { PendingTable, type PendingRequest, settle } from './pending.ts'
import type { ShardPort } from './port.ts'
import { RouterFigures } from './router-figures.ts'

export interface RouterOptions {
  readonly partitions: number
  readonly limits: Limits
  readonly streamHash: TextHash
  readonly stamps: StampClock
  readonly horizon: SharedHorizon
  readonly durability: Durability
  readonly clock?: Clock
  readonly timers?: Timers
  /** In a cluster: other nodes claim partition keys, too. */
  readonly othersClaim?: boolean
}

const POLL_MS = 1000

export class Router {
  readonly options: RouterOptions
  readonly inFlight: InFlight
  readonly figures: RouterFigures
  /** Set when nothing may come in any more. */
  closed: EventStoreError | null = null
  readonly keyed: KeyedAppends
  readonly #ports: (ShardPort | null)[]
  readonly #clock: Clock
  readonly #pending = new PendingTable()
  readonly #builder = new RequestBuilder()
  readonly #default: number
  #roomWaiters: (() => void)[] = []
  /** Shards whose worker dies again and again. */
  readonly #lost = new Set<number>()
  #stopped = false
  #sweep: ReturnType<typeof setInterval>

  constructor(shards: number, options: RouterOptions) {
    this.options = options
    this.keyed = new KeyedAppends(this)
    this.#clock = options.clock ?? systemClock
    this.figures = new RouterFigures(options.partitions)
    this.#ports = Array.from({ length: shards }, () => null)
    this.#default = durabilities.indexOf(options.durability)
    this.inFlight = new InFlight(shards, options.stamps, options.horizon)
    this.#sweep = setInterval(() => this.#giveUpLate(), POLL_MS)
    this.#sweep.unref()
  }

  get shards(): number {
    return this.#ports.length
  }

  /** A shard can be written to from now on. */
  attach(shard: number, port: ShardPort): void {
    if (this.#stopped) return
    this.#ports[shard] = port
    this.inFlight.attached(shard, port)
    void this.#listen(shard, port)
  }

  /** `lost`: no worker will take what is sent to the shard; `away`: none does now. */
  shardAt(shard: number): 'attached' | 'away' | 'lost' {
    if (this.#ports[shard]) return 'attached'
    return this.#lost.has(shard) ? 'lost' : 'away'
  }

  /** A shard's worker is gone: what it was asked and did not answer has an unknown outcome. `forGood`: no other follows. */
  detach(shard: number, forGood = false): void {
    this.#ports[shard] = null
    if (forGood) this.#lost.add(shard)
    this.inFlight.detached(shard)
    this.#giveUp(request => request.shard === shard)
  }

  async #listen(shard: number, port: ShardPort): Promise<void> {
    while (this.#ports[shard] === port) {
      await port.changed(POLL_MS)
      this.drain(shard)
    }
  }

  /** Settles what a shard has answered. */
  drain(shard: number): void {
    const port = this.#ports[shard]
    if (!port) return
    let nowMs = 0
    port.drain((number, outcome) => {
      const request = this.#pending.find(number)
      if (!request) return
      nowMs ||= this.#clock.monotonic()
      this.figures.answered(request, nowMs)
      if (!this.keyed.goesAgain(request, outcome)) settle(request, outcome)
      this.#pending.release(number)
    })
    this.inFlight.published(shard)
    if (this.#roomWaiters.length > 0) for (const wake of this.#roomWaiters.splice(0)) wake()
  }

  /** One atomic append to one stream. */
  append(
    stream: string,
    events: NewEvent | readonly NewEvent[],
    options: AppendOptions = {},
    writer: Writer = USER,
  ): Promise<AppendAnswer> {
    try {
      return this.#append(stream, Array.isArray(events) ? events : [events as NewEvent], options, writer)
    } catch (error) {
      this.figures.refused(error as Error)
      return Promise.reject(error as Error)
    }
  }

  #append(stream: string, events: readonly NewEvent[], options: AppendOptions, writer: Writer): Promise<AppendAnswer> {
    const { scope, isSystem } = writer
    const { partitions, streamHash, stamps } = this.options
    const limits = isSystem ? systemLimits(this.options.limits) : this.options.limits
    if (this.closed) throw this.closed
    checkStreamId(stream, limits)
    if (!isSystem) refuseSystemStream(stream)
    const stored = scope + stream
    const expected = expectedNumber(options.expectedVersion)
    const partition = partitionOf(stored, partitions)
    if (options.partitionKey !== undefined || options.conditions !== undefined || this.keyed.concerns(stored, partition))
      return this.keyed.toStream({ stream, stored, events, expectedVersion: options.expectedVersion, expected }, options, scope)
    const durability = this.durabilityOf(options.durability)
    const producer = producerOf(options, limits, scope)
    if (events.length === 0) throw new EventStoreError('INVALID', 'an append needs at least one event', { field: 'events' })
    if (events.length > limits.requestEvents) throw tooLarge('events', limits.requestEvents, events.length)
    const builder = this.#builder
    builder.clear()
    builder.stream(stored, streamHash)
    for (let i = 0; i < events.length; i++) addEvent(builder, events[i]!, { index: i, scope, stream: 0, stamp: i }, limits)
    if (builder.payloadBytes > limits.requestBytes) throw tooLarge('the sum of data', limits.requestBytes, builder.payloadBytes)
    if (events.length > 1) refuseRepeatedIds(events)
    const sealed = builder.seal(producer)
    const port = this.#portWithRoom(partition, events.length, sealed)
    return new Promise<AppendAnswer>((resolve, reject) => {
      const { number, request } = this.#expect(partition, events.length, durability)
      request.stream = stream
      request.expected = options.expectedVersion
      request.resolve = resolve
      request.reject = reject
      const firstStamp = stamps.take(events.length)
      this.inFlight.sent(partition % this.#ports.length, firstStamp)
      port.send(builder, sealed, {
        request: number,
        partition,
        durability,
        expected,
        firstStamp,
        producerSequence: options.producerSequence ?? 0,
      })
    })
  }

  /** One atomic append to streams of one partition key. */
  appendToStreams(streams: unknown, options: RequestOptions = {}, writer: Writer = USER): Promise<StreamsAnswer> {
    return this.closed ? Promise.reject(this.closed) : this.keyed.toStreams(streams, options, writer)
  }

  /** A request larger than the whole mailbox is let into an empty one. */
  #mailboxFull(partition: number, events: number): boolean {
    const waiting = this.figures.waitingOf(partition)
    return waiting > 0 && waiting + events > this.options.limits.mailboxEvents
  }

  durabilityOf(given: Durability | undefined): number {
    return given === undefined ? this.#default : durabilityNumber(given, this.options.durability === 'quorum')
  }

  /** BUSY when a request can not be sent now, READ_ONLY when never. */
  #portWithRoom(partition: number, events: number, { bytes, answers }: SealedRequest): ShardPort {
    const shard = partition % this.#ports.length
    this.refuseLost(shard)
    const port = this.#ports[shard]
    const { mailboxBytes, mailboxEvents } = this.options.limits
    if (port && port.room(answers) >= Math.min(bytes, mailboxBytes) && !this.#mailboxFull(partition, events)) return port
    throw new EventStoreError('BUSY', `the mailbox of partition ${partition} is full; try again shortly`, {
      partition,
      limit: mailboxEvents,
    })
  }

  /** True when each shard can take requests of these sizes. */
  hasRoom(sizesByShard: readonly (readonly number[])[]): boolean {
    return sizesByShard.every((sizes, shard) => sizes.length === 0 || (this.#ports[shard]?.hasRoomFor(sizes) ?? false))
  }

  /** READ_ONLY when no worker will take what is sent to a shard. */
  refuseLost(shard: number): void {
    if (this.#lost.has(shard))
      throw new EventStoreError('READ_ONLY', `the worker of shard ${shard} dies again and again; start the node again`, { shard })
  }

  /** Resolves when an answer has made room. */
  roomMade(): Promise<void> {
    return new Promise(resolve => this.#roomWaiters.push(resolve))
  }

  /** Sends what `appendInOrder` gathered for one partition; room was asked for before. */
  sendGathered(
    builder: RequestBuilder,
    about: { partition: number; firstStamp: number; lowestStamp: number; durability: number },
    settle: (outcome: Outcome | null) => void,
  ): void {
    const { partition } = about
    const shard = partition % this.#ports.length
    const { number, request } = this.#expect(partition, builder.events, about.durability)
    request.settle = settle
    this.inFlight.sent(shard, about.lowestStamp)
    const sealed = builder.seal()
    this.#ports[shard]!.send(builder, sealed, {
      request: number,
      partition,
      durability: about.durability,
      expected: -1,
      firstStamp: about.firstStamp,
      producerSequence: 0,
    })
  }

  /** Sends a request that was made elsewhere; `settle` is told null when nobody knows its outcome. BUSY when there is no room. */
  sendMade(builder: RequestBuilder, about: MadeRequest, settle: (outcome: Outcome | null) => void): void {
    const { partition, events } = about
    const sealed = builder.seal(about.producer)
    const port = this.#portWithRoom(partition, events, sealed)
    const firstStamp = this.options.stamps.take(events)
    const { number, request } = this.#expect(partition, events, about.durability)
    request.settle = settle
    this.inFlight.sent(partition % this.#ports.length, firstStamp)
    port.send(builder, sealed, { ...about, request: number, firstStamp })
  }

  #expect(partition: number, events: number, durability: number): { number: number; request: PendingRequest } {
    const taken = this.#pending.take()
    const { request } = taken
    request.shard = partition % this.#ports.length
    request.partition = partition
    request.events = events
    request.durability = durability
    request.sentMs = this.#clock.monotonic()
    this.figures.sent(partition, events)
    return taken
  }

  #giveUpLate(): void {
    if (this.#pending.size === 0) return
    const before = this.#clock.monotonic() - this.options.limits.commitTimeoutMs
    this.#giveUp(request => request.sentMs < before)
  }

  #giveUp(over: (request: PendingRequest) => boolean): void {
    for (const request of this.#pending.giveUp(over)) {
      this.figures.givenUp(request)
      if (request.settle) request.settle(null)
      else request.reject!(unknownOutcome(request.stream))
    }
    for (const wake of this.#roomWaiters.splice(0)) wake()
  }

  get pending(): number {
    return this.#pending.size
  }

  /** Nothing more comes in; resolves when all that did is answered. */
  async drained(reason: EventStoreError): Promise<void> {
    this.closed = reason
    for (const wake of this.#roomWaiters.splice(0)) wake()
    while (this.#pending.size > 0 || this.keyed.waiting > 0) await new Promise(resolve => setTimeout(resolve, 2))
  }

  /** Last: stops the ports, and answers what can no longer be answered. */
  stop(): void {
    this.#stopped = true
    clearInterval(this.#sweep)
    for (const port of this.#ports) port?.stop()
    this.#ports.fill(null)
    this.#giveUp(() => true)
  }
}
