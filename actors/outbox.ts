/**
 * Events on their way out of a topology. Every event gets a number in its lane (step and target partition), from 1 without gaps, in the
 * order of the rows that caused it; a request is a run of them to one stream, sent by a producer under the number of its last event.
 * So sending twice is harmless, and a topology folded again from the start gives the same event the same number.
 */
import { checkEvent, tooLarge } from '../event/check.ts'
import { EventStoreError } from '../event/error.ts'
import type { Encoding, NewEvent } from '../event/event.ts'
import type { Limits } from '../event/limits.ts'
import { encodeData } from '../event/payload.ts'
import { checkStreamId, crc32Text, isSystemStream, partitionOf } from '../event/stream-id.ts'

/** Requests stay small, so that a partition is never held up by one. */
const requestEventsMax = 500
const requestTextMax = 512 * 1024
const stepBytesMax = 256
/** Of a unit of a JavaScript text. */
const UTF8_BYTES_MAX = 3

/** What the runtime is asked to append: by `producer` under `number`, all or nothing. */
export interface OutboxRequest {
  readonly topology: string
  readonly step: string
  readonly partition: number
  /** One a deployment, step and partition. */
  readonly producer: string
  /** Number of the first and of the last event; the last is the producer's number of the request. */
  readonly first: number
  readonly number: number
  readonly stream: string
  readonly events: readonly NewEvent[]
}

/** A request that is still being filled; `texts` are its events as JSON. */
interface OpenRequest {
  readonly lane: string
  readonly step: string
  readonly partition: number
  readonly stream: string
  readonly first: number
  readonly texts: string[]
  textLength: number
}

export interface OutboxIdentity {
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
  #requests: OpenRequest[] = []
  /** Characters of JSON gathered since the last `seal`. */
  textLength = 0

  constructor(identity: OutboxIdentity, lanes: Readonly<Record<string, number>>) {
    this.#identity = identity
    this.#lanes = new Map(Object.entries(lanes))
  }

  /** Last number given in each lane. */
  get lanes(): Record<string, number> {
    return Object.fromEntries(this.#lanes)
  }

  /** An event of a user's step. Throws what an append of it would: the row that caused it is then a dead letter. */
  append(step: string, stream: string, event: NewEvent): void {
    const { limits } = this.#identity
    checkStreamId(stream, limits)
    if (isSystemStream(stream))
      throw new EventStoreError('FORBIDDEN', `${stream} is the system's; a leading $ is not for users`, { field: 'stream' })
    checkEvent(event, 0, limits)
    this.appendSystem(step, stream, event)
  }

  /** An event of ours: to any stream. */
  appendSystem(step: string, stream: string, event: NewEvent): void {
    const text = textOfEvent(event, this.#identity.limits)
    const partition = this.#partitionOf(stream)
    const lane = `${step}/${partition}`
    const number = (this.#lanes.get(lane) ?? 0) + 1
    this.#lanes.set(lane, number)
    let request = this.#open.get(lane)
    if (request?.stream !== stream || this.#isFull(request, text)) {
      request = { lane, step, partition, stream, first: number, texts: [], textLength: 0 }
      this.#open.set(lane, request)
      this.#requests.push(request)
    }
    request.texts.push(text)
    request.textLength += text.length
    this.textLength += text.length
  }

  #isFull(request: OpenRequest, text: string): boolean {
    const { requestEvents, requestBytes } = this.#identity.limits
    if (request.texts.length >= Math.min(requestEventsMax, requestEvents)) return true
    const length = request.textLength + text.length
    return length > requestTextMax || length * UTF8_BYTES_MAX > requestBytes
  }

  /** The requests of the epoch as bytes, in the order of sending; each is a row of the outbox until it was sent. */
  seal(): Uint8Array[] {
    const sealed = this.#requests.map(request => encodeRequest(request, this.#identity))
    this.#requests = []
    this.#open.clear()
    this.textLength = 0
    return sealed
  }

  #partitionOf(stream: string): number {
    let partition = this.#partitions.get(stream)
    if (partition === undefined) {
      if (this.#partitions.size > 100_000) this.#partitions.clear()
      partition = partitionOf(stream, this.#identity.partitions)
      this.#partitions.set(stream, partition)
    }
    return partition
  }
}

/** `data` as JSON, or base64 of bytes; the encoding says which and is kept. */
interface StoredEvent {
  readonly type: string
  readonly data?: unknown
  readonly base64?: string
  readonly encoding: Encoding
  readonly id?: string
  readonly time?: number
  readonly tags?: readonly string[]
  readonly metadata?: Readonly<Record<string, unknown>>
}

function textOfEvent(event: NewEvent, limits: Limits): string {
  const { type, id, time, tags, metadata } = event
  const { encoding, data } = encodeData(event, 0, limits)
  const isText = typeof data === 'string'
  const bytes = isText ? (data.length * 3 > limits.eventBytes ? Buffer.byteLength(data) : 0) : data.length
  if (bytes > limits.eventBytes) throw tooLarge('data', limits.eventBytes, bytes)
  const head = JSON.stringify({
    type,
    encoding,
    id,
    time,
    tags,
    metadata,
    ...(!isText && { base64: Buffer.from(data).toString('base64') }),
  })
  return isText ? `${head.slice(0, -1)},"data":${data}}` : head
}

function encodeRequest(request: OpenRequest, { topology, deployment }: OutboxIdentity): Uint8Array {
  const { step, partition, stream, first, texts } = request
  const head = JSON.stringify({
    topology,
    step,
    partition,
    producer: `${topology}#${deployment}/${shortened(step)}/${partition}`,
    first,
    number: first + texts.length - 1,
    stream,
  })
  return new TextEncoder().encode(`${head.slice(0, -1)},"events":[${texts.join(',')}]}`)
}

/** A producer's name has a limit that a step's does not have. */
function shortened(step: string): string {
  return Buffer.byteLength(step) <= stepBytesMax ? step : `${step.slice(0, stepBytesMax / 8)}~${crc32Text(step).toString(36)}`
}

/** A stored request again, ready to be appended. */
export function decodeRequest(bytes: Uint8Array): OutboxRequest {
  const stored = JSON.parse(new TextDecoder().decode(bytes)) as Omit<OutboxRequest, 'events'> & { events: readonly StoredEvent[] }
  return { ...stored, events: stored.events.map(eventOf) }
}

function eventOf({ base64, ...event }: StoredEvent): NewEvent {
  return { ...event, data: base64 === undefined ? event.data : new Uint8Array(Buffer.from(base64, 'base64')) }
}

/** A request for another thread, to be read there by `decodeRequest`. */
export function encodeForThread(request: OutboxRequest): Uint8Array<ArrayBuffer> {
  const events = request.events.map(event => {
    if (!(event.data instanceof Uint8Array)) return event
    const { data, ...rest } = event
    return { ...rest, base64: Buffer.from(data).toString('base64') }
  })
  return new TextEncoder().encode(JSON.stringify({ ...request, events }))
}

/** The request cut into requests of one event each, for finding out where the log's copy ends. */
export function oneByOne(request: OutboxRequest): OutboxRequest[] {
  return request.events.map((event, index) => ({
    ...request,
    first: request.first + index,
    number: request.first + index,
    events: [event],
  }))
}
