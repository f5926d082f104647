/**
 * Requests of the outbox as bytes: in the database until they were sent, and on the way to the thread that appends. A head as JSON, behind its
 * length, says whose they are and names streams and types; then the events, each with its parts as the log takes them, so that nobody reads them
 * again on their way.
 */
import { assert } from '../event/assert.ts'
import { tooLarge } from '../event/check.ts'
import type { NewEvent } from '../event/event.ts'
import { defaultLimits, type Limits } from '../event/limits.ts'
import { decodeData, decodeExtras, encodeData, encodeExtras, encodingNumbers, encodings, hasExtras } from '../event/payload.ts'
import { DEFAULT_SCOPE, type Scope } from '../event/scope.ts'
import { crc32Text } from '../event/stream-id.ts'

const stepBytesMax = 256
/** First byte of a request; the rows of deliveries are JSON texts. */
const OPENING = 2
/** Of a request that a store was left with by a version that wrote them as JSON. */
const TEXT_OPENING = '{'.charCodeAt(0)
const HEAD_AT = 5
/** Of one event: number of its stream, number of its type, bytes of its data and its encoding, bytes of its extras. */
const EVENT_BYTES = 12
const NOTHING = new Uint8Array(0)

interface Whose {
  /** Whose stream it is; the default tenant's when left out. */
  readonly scope?: Scope
  readonly topology: string
  readonly step: string
  readonly partition: number
  /** One a deployment, step and partition. */
  readonly producer: string
  /** Number of the first event. */
  readonly first: number
}

/** What the runtime is asked to append: by `producer` under `number`, all or nothing, to streams of one partition. */
export interface OutboxRequest extends Whose {
  /** Of the last event, which is the producer's number of the request. */
  readonly number: number
  readonly streams: readonly string[]
  readonly types: readonly string[]
  readonly bytes: Uint8Array
  /** Where the events begin. */
  readonly eventsAt: number
}

export type OutboxEvent = NewEvent & { readonly stream: string }

/** One event in a request: numbers of its stream and type, and where its parts lie. */
export interface EventPlace {
  readonly stream: number
  readonly type: number
  readonly encoding: number
  readonly extrasAt: number
  readonly dataAt: number
  readonly end: number
}

/** Node's own writer of UTF-8 at a place, which its types leave out. */
type TextBuffer = Buffer & { utf8Write(text: string, at: number): number }

/** The parts of one event as the log takes them; used again for the next. */
export class EventParts {
  type = ''
  encoding = 0
  extras: Uint8Array = NOTHING
  length = 0
  #data = Buffer.allocUnsafeSlow(4096) as TextBuffer

  get data(): Uint8Array {
    return this.#data.subarray(0, this.length)
  }

  /** Throws what an append of the event would for its data. */
  read(event: NewEvent, scope: Scope, limits: Limits): void {
    const { encoding, data } = encodeData(event, 0, limits)
    this.type = event.type
    this.encoding = encodingNumbers[encoding]
    this.extras = hasExtras(event) ? encodeExtras(event, scope) : NOTHING
    const most = typeof data === 'string' ? data.length * 3 : data.length
    if (most > this.#data.length) this.#data = Buffer.allocUnsafeSlow(2 * most) as TextBuffer
    if (typeof data === 'string') this.length = this.#data.utf8Write(data, 0)
    else {
      this.#data.set(data)
      this.length = data.length
    }
    if (this.length > limits.eventBytes) throw tooLarge('data', limits.eventBytes, this.length)
  }
}

/** A request that is still being filled. */
export class RequestDraft {
  readonly #whose: Whose
  readonly #streams = new Map<string, number>()
  readonly #types = new Map<string, number>()
  #bytes = Buffer.allocUnsafeSlow(4096)
  length = 0
  events = 0

  constructor(whose: Whose) {
    this.#whose = whose
  }

  /** How many streams there would be with this one. */
  streamsWith(stream: string): number {
    return this.#streams.size + (this.#streams.has(stream) ? 0 : 1)
  }

  /** How many bytes an event takes. */
  static bytesOf({ extras, length }: EventParts): number {
    return EVENT_BYTES + extras.length + length
  }

  add(stream: string, { type, encoding, extras, length, data }: EventParts): void {
    const bytes = EVENT_BYTES + extras.length + length
    if (this.length + bytes > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.length + bytes))
      larger.set(this.#bytes.subarray(0, this.length))
      this.#bytes = larger
    }
    let at = this.#bytes.writeUInt16LE(numberOf(this.#streams, stream), this.length)
    at = this.#bytes.writeUInt16LE(numberOf(this.#types, type), at)
    at = this.#bytes.writeUInt32LE(((encoding << 30) | length) >>> 0, at)
    at = this.#bytes.writeUInt32LE(extras.length, at)
    this.#bytes.set(extras, at)
    this.#bytes.set(data, at + extras.length)
    this.length += bytes
    this.events++
  }

  encode(): Uint8Array<ArrayBuffer> {
    const { first, ...whose } = this.#whose
    const names = { streams: [...this.#streams.keys()], types: [...this.#types.keys()] }
    return encoded({ ...whose, first, number: first + this.events - 1, ...names }, this.#bytes.subarray(0, this.length))
  }
}

/** A request of one event. */
export function requestOf(whose: Whose, { stream, ...event }: OutboxEvent): OutboxRequest {
  const draft = new RequestDraft(whose)
  const parts = new EventParts()
  parts.read(event, whose.scope ?? DEFAULT_SCOPE, defaultLimits)
  draft.add(stream, parts)
  return decodeRequest(draft.encode())
}

function numberOf(numbers: Map<string, number>, name: string): number {
  let number = numbers.get(name)
  if (number === undefined) numbers.set(name, (number = numbers.size))
  return number
}

function encoded(head: Omit<OutboxRequest, 'bytes' | 'eventsAt'>, events: Uint8Array): Uint8Array<ArrayBuffer> {
  const text = Buffer.from(JSON.stringify(head))
  const bytes = Buffer.allocUnsafeSlow(HEAD_AT + text.length + events.length)
  bytes[0] = OPENING
  bytes.writeUInt32LE(text.length, 1)
  bytes.set(text, HEAD_AT)
  bytes.set(events, HEAD_AT + text.length)
  return bytes
}

export function producerOf({ topology, deployment }: { topology: string; deployment: number }, step: string, lane: string): string {
  return `${topology}#${deployment}/${shortened(step)}/${lane}`
}

/** A producer's name has a limit that a step's does not have. */
function shortened(step: string): string {
  return Buffer.byteLength(step) <= stepBytesMax ? step : `${step.slice(0, stepBytesMax / 8)}~${crc32Text(step).toString(36)}`
}

/** A stored request again; its events are not looked at. */
export function decodeRequest(bytes: Uint8Array): OutboxRequest {
  if (bytes[0] === TEXT_OPENING) return decodeRequest(draftOfText(bytes).encode())
  assert(bytes[0] === OPENING, 'a row of the outbox is a request or a delivery')
  const buffer = bufferOver(bytes)
  const eventsAt = HEAD_AT + buffer.readUInt32LE(1)
  const head = JSON.parse(buffer.toString('utf8', HEAD_AT, eventsAt)) as Omit<OutboxRequest, 'bytes' | 'eventsAt'>
  return { ...head, bytes, eventsAt }
}

type TextEvent = Omit<NewEvent, 'data'> & { readonly data?: unknown; readonly base64?: string }

/** Requests written as JSON held events of one stream; bytes stood in base64. */
function draftOfText(bytes: Uint8Array): RequestDraft {
  const stored = JSON.parse(bufferOver(bytes).toString()) as Whose & { readonly stream: string; readonly events: readonly TextEvent[] }
  const { stream, events, ...whose } = stored
  const draft = new RequestDraft(whose)
  const parts = new EventParts()
  for (const { base64, ...event } of events) {
    const data = base64 === undefined ? event.data : new Uint8Array(Buffer.from(base64, 'base64'))
    parts.read({ ...event, data }, whose.scope ?? DEFAULT_SCOPE, defaultLimits)
    draft.add(stream, parts)
  }
  return draft
}

export function* placesOf({ bytes, eventsAt }: OutboxRequest): Generator<EventPlace> {
  const buffer = bufferOver(bytes)
  for (let at = eventsAt; at < bytes.length;) {
    const size = buffer.readUInt32LE(at + 4)
    const extrasAt = at + EVENT_BYTES
    const dataAt = extrasAt + buffer.readUInt32LE(at + 8)
    const end = dataAt + (size & 0x3fffffff)
    yield { stream: buffer.readUInt16LE(at), type: buffer.readUInt16LE(at + 2), encoding: size >>> 30, extrasAt, dataAt, end }
    at = end
  }
}

/** The events as they were given. */
export function eventsOf(request: OutboxRequest): OutboxEvent[] {
  const { bytes, streams, types } = request
  return Array.from(placesOf(request), ({ stream, type, encoding, extrasAt, dataAt, end }) => ({
    stream: streams[stream]!,
    type: types[type]!,
    data: decodeData(bytes, dataAt, end, encodings[encoding]!),
    encoding: encodings[encoding]!,
    ...decodeExtras(bytes, extrasAt, dataAt),
  }))
}

/** The request cut into requests of one event each, for finding out where the log's copy ends. */
export function oneByOne(request: OutboxRequest): OutboxRequest[] {
  const { bytes, eventsAt: _, ...head } = request
  return Array.from(placesOf(request), ({ extrasAt, end }, index) => {
    const number = request.first + index
    return decodeRequest(encoded({ ...head, first: number, number }, bytes.subarray(extrasAt - EVENT_BYTES, end)))
  })
}

/** The bytes of a request in a buffer of their own, which may be transferred. */
export function bytesForThread({ bytes }: OutboxRequest): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}

const bufferOver = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
