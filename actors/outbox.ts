/**
 * Events on their way out of a topology. Every event gets a number in its lane (step and target partition), from 1 without gaps, in the
 * order of the rows that caused it; a request is a run of them, sent by a producer under the number of its last event.
 * So sending twice is harmless, and a topology folded again from the start gives the same event the same number. Deliveries of webhooks
 * are numbered in a lane of their own a step.
 */
import { checkEvent, tooLarge } from '../event/check.ts'
import { EventStoreError } from '../event/error.ts'
import type { NewEvent } from '../event/event.ts'
import type { Limits } from '../event/limits.ts'
import { DEFAULT_SCOPE, type Scope } from '../event/scope.ts'
import { checkStreamId, isSystemStream, partitionOf } from '../event/stream-id.ts'
import type { PostRequest } from '../operators/operator.ts'
import type { DeadLetterData } from './dead-letter.ts'
import { type Delivery, encodeDelivery } from './delivery.ts'
import { EventParts, producerOf, RequestDraft } from './outbox-request.ts'

export { bytesForThread, decodeRequest, eventsOf, oneByOne, type OutboxRequest } from './outbox-request.ts'

/**
 * A lane sends one request after another, each when the one before is durable: so they hold many events; and few enough that a partition is
 * not held up by one.
 */
const requestEventsMax = 4096
const requestBytesMax = 1024 * 1024
const requestStreamsMax = 1024

export interface OutboxIdentity {
  /** Whose topology it is; the default tenant's when left out. */
  readonly scope?: Scope
  readonly topology: string
  readonly deployment: number
  readonly partitions: number
  readonly limits: Limits
}

/** Numbers events and gathers them into requests; `seal` hands over those of an epoch. */
export class Outbox {
  readonly #identity: OutboxIdentity
  readonly #lanes: Map<string, number>
  readonly #open = new Map<string, RequestDraft>()
  readonly #parts = new EventParts()
  readonly #partitions = new Map<string, number>()
  #requests: (RequestDraft | Delivery)[] = []
  /** What users' steps send goes nowhere: somebody else has sent it. */
  isMuted = false
  /** Bytes or characters gathered since the last `seal`, and how many of them are of deliveries. */
  textLength = 0
  postedLength = 0

  constructor(identity: OutboxIdentity, lanes: Readonly<Record<string, number>>) {
    this.#identity = identity
    this.#lanes = new Map(Object.entries(lanes))
  }

  /** Last number given in each lane. */
  get lanes(): Record<string, number> {
    return Object.fromEntries(this.#lanes)
  }

  #next(lane: string): number {
    const number = (this.#lanes.get(lane) ?? 0) + 1
    this.#lanes.set(lane, number)
    return number
  }

  /** An event of a user's step. Throws what an append of it would: the row that caused it is then a dead letter. */
  append(step: string, stream: string, event: NewEvent): void {
    const { limits } = this.#identity
    checkStreamId(stream, limits)
    if (isSystemStream(stream))
      throw new EventStoreError('FORBIDDEN', `${stream} is the system's; a leading $ is not for users`, { field: 'stream' })
    checkEvent(event, 0, limits)
    if (this.isMuted) return this.#read(event)
    this.appendSystem(step, stream, event)
  }

  /** An event of ours: to any stream. */
  appendSystem(step: string, stream: string, event: NewEvent): void {
    this.#read(event)
    const partition = this.#partitionOf(stream)
    const lane = `${step}/${partition}`
    const number = this.#next(lane)
    let request = this.#open.get(lane)
    if (request === undefined || this.#isFull(request, stream)) {
      request = this.#draft({ step, partition, producer: String(partition), first: number })
      this.#open.set(lane, request)
    }
    this.#fill(request, stream)
  }

  #read(event: NewEvent): void {
    this.#parts.read(event, this.#identity.scope ?? DEFAULT_SCOPE, this.#identity.limits)
  }

  #draft({ producer, ...more }: { step: string; partition: number; producer: string; first: number }): RequestDraft {
    const { topology, scope = DEFAULT_SCOPE } = this.#identity
    const whose = {
      ...(scope !== DEFAULT_SCOPE && { scope }),
      topology,
      ...more,
      producer: producerOf(this.#identity, more.step, producer),
    }
    const request = new RequestDraft(whose)
    this.#requests.push(request)
    return request
  }

  #fill(request: RequestDraft, stream: string): void {
    request.add(stream, this.#parts)
    this.textLength += RequestDraft.bytesOf(this.#parts)
  }

  /** A request of a user's step. Throws what makes it no request: the row that caused it is then a dead letter. */
  post(step: string, request: PostRequest, letter: DeadLetterData): void {
    const { topology, deployment, limits } = this.#identity
    const bytes = Buffer.byteLength(request.body)
    if (bytes > limits.eventBytes) throw tooLarge('body', limits.eventBytes, bytes)
    if (this.isMuted) return
    this.#requests.push({ ...request, delivery: this.#next(`${step}/http`), topology, deployment, step, letter })
    // The row is about as long as the body that is made of it.
    const length = request.body.length * 2 + request.url.length
    this.textLength += length
    this.postedLength += length
  }

  /**
   * The dead letter of a delivery that was given up, under the number of the delivery: when the topology is folded again from the start and
   * the delivery fails again, the log holds its letter already. One that failed only now, though a later one had failed before, is refused as
   * well, and rightly: deliveries are decided in order, so it was taken then.
   */
  appendUndelivered({ step, delivery }: Delivery, stream: string, event: NewEvent): void {
    this.#read(event)
    const partition = this.#partitionOf(stream)
    // No lane's name ends like this one: it has no partition behind it.
    this.#fill(this.#draft({ step, partition, producer: 'http/dead', first: delivery }), stream)
  }

  #isFull(request: RequestDraft, stream: string): boolean {
    const { requestEvents, requestBytes, requestStreams } = this.#identity.limits
    if (request.events >= Math.min(requestEventsMax, requestEvents)) return true
    if (request.streamsWith(stream) > Math.min(requestStreamsMax, requestStreams)) return true
    return request.length + RequestDraft.bytesOf(this.#parts) > Math.min(requestBytesMax, requestBytes)
  }

  /** The requests and deliveries of the epoch as bytes, in the order of sending; each is a row of the outbox until it was sent. */
  seal(): Uint8Array[] {
    const sealed = this.#requests.map(request => (request instanceof RequestDraft ? request.encode() : encodeDelivery(request)))
    this.#requests = []
    this.#open.clear()
    this.textLength = 0
    this.postedLength = 0
    return sealed
  }

  #partitionOf(stream: string): number {
    let partition = this.#partitions.get(stream)
    if (partition === undefined) {
      if (this.#partitions.size > 100_000) this.#partitions.clear()
      partition = partitionOf((this.#identity.scope ?? DEFAULT_SCOPE) + stream, this.#identity.partitions)
      this.#partitions.set(stream, partition)
    }
    return partition
  }
}
