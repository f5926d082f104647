/**
 * Events on their way out of a topology. Every event gets a number in its lane (step and target partition), from 1 without gaps, in the
 * order of the rows that caused it; a request is a run of them to one stream, sent by a producer under the number of its last event.
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
import { encodeRequest, producerOf, textOfEvent } from './outbox-request.ts'

export { decodeRequest, encodeForThread, oneByOne, type OutboxRequest } from './outbox-request.ts'

/** Requests stay small, so that a partition is never held up by one. */
const requestEventsMax = 500
const requestTextMax = 512 * 1024
/** Of a unit of a JavaScript text. */
const UTF8_BYTES_MAX = 3

/** A request that is still being filled; `texts` are its events as JSON. */
interface OpenRequest {
  readonly producer: string
  readonly step: string
  readonly partition: number
  readonly stream: string
  readonly first: number
  readonly texts: string[]
  textLength: number
}

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
  readonly #open = new Map<string, OpenRequest>()
  readonly #partitions = new Map<string, number>()
  #requests: (OpenRequest | Delivery)[] = []
  /** What users' steps send goes nowhere: somebody else has sent it. */
  isMuted = false
  /** Characters of JSON gathered since the last `seal`, and how many of them are deliveries. */
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
    if (this.isMuted) return void textOfEvent(event, limits)
    this.appendSystem(step, stream, event)
  }

  /** An event of ours: to any stream. */
  appendSystem(step: string, stream: string, event: NewEvent): void {
    const text = textOfEvent(event, this.#identity.limits)
    const partition = this.#partitionOf(stream)
    const lane = `${step}/${partition}`
    const number = this.#next(lane)
    let request = this.#open.get(lane)
    if (request?.stream !== stream || this.#isFull(request, text)) {
      const producer = producerOf(this.#identity, step, String(partition))
      request = { producer, step, partition, stream, first: number, texts: [], textLength: 0 }
      this.#open.set(lane, request)
      this.#requests.push(request)
    }
    this.#fill(request, text)
  }

  #fill(request: OpenRequest, text: string): void {
    request.texts.push(text)
    request.textLength += text.length
    this.textLength += text.length
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
    const text = textOfEvent(event, this.#identity.limits)
    const partition = this.#partitionOf(stream)
    // No lane's name ends like this one: it has no partition behind it.
    const producer = producerOf(this.#identity, step, 'http/dead')
    const request: OpenRequest = { producer, step, partition, stream, first: delivery, texts: [], textLength: 0 }
    this.#requests.push(request)
    this.#fill(request, text)
  }

  #isFull(request: OpenRequest, text: string): boolean {
    const { requestEvents, requestBytes } = this.#identity.limits
    if (request.texts.length >= Math.min(requestEventsMax, requestEvents)) return true
    const length = request.textLength + text.length
    return length > requestTextMax || length * UTF8_BYTES_MAX > requestBytes
  }

  /** The requests and deliveries of the epoch as bytes, in the order of sending; each is a row of the outbox until it was sent. */
  seal(): Uint8Array[] {
    const { topology, scope = DEFAULT_SCOPE } = this.#identity
    const sealed = this.#requests.map(request =>
      'delivery' in request ? encodeDelivery(request) : encodeRequest({ ...(scope !== DEFAULT_SCOPE && { scope }), topology, ...request }),
    )
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
