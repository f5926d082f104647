/** Requests of the outbox as bytes: in the database until they were sent, and on the way to the thread that appends. */
import { tooLarge } from '../event/check.ts'
import type { Encoding, NewEvent } from '../event/event.ts'
import type { Limits } from '../event/limits.ts'
import { encodeData } from '../event/payload.ts'
import type { Scope } from '../event/scope.ts'
import { crc32Text } from '../event/stream-id.ts'

const stepBytesMax = 256
const eventsOpening = ',"events":['

/** What the runtime is asked to append: by `producer` under `number`, all or nothing. */
export interface OutboxRequest {
  /** Whose stream it is; the default tenant's when left out. */
  readonly scope?: Scope
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

export function textOfEvent(event: NewEvent, limits: Limits): string {
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

export function producerOf({ topology, deployment }: { topology: string; deployment: number }, step: string, lane: string): string {
  return `${topology}#${deployment}/${shortened(step)}/${lane}`
}

/** A producer's name has a limit that a step's does not have. */
function shortened(step: string): string {
  return Buffer.byteLength(step) <= stepBytesMax ? step : `${step.slice(0, stepBytesMax / 8)}~${crc32Text(step).toString(36)}`
}

/** `texts` are the events as JSON. */
export function encodeRequest(request: Omit<OutboxRequest, 'events' | 'number'> & { readonly texts: readonly string[] }): Uint8Array {
  const { scope, topology, step, partition, producer, first, stream, texts } = request
  const head = JSON.stringify({ scope, topology, step, partition, producer, first, number: first + texts.length - 1, stream })
  return new TextEncoder().encode(`${head.slice(0, -1)}${eventsOpening}${texts.join(',')}]}`)
}

/** A stored request again, ready to be appended. */
export function decodeRequest(bytes: Uint8Array): OutboxRequest {
  const stored = JSON.parse(new TextDecoder().decode(bytes)) as Omit<OutboxRequest, 'events'> & { events: readonly StoredEvent[] }
  return { ...stored, events: stored.events.map(eventOf) }
}

/** Whose request it is, without reading its events: what stands before them can not hold their opening, since a quote in a text is escaped. */
export function producerOfRequest(bytes: Uint8Array): string {
  const end = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(eventsOpening)
  return (JSON.parse(`${new TextDecoder().decode(bytes.subarray(0, end))}}`) as Pick<OutboxRequest, 'producer'>).producer
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
