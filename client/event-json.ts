/** Events as the JSON that crosses the wire, both ways. */
import { EventStoreError } from '../event/error.ts'
import type { Event, NewEvent } from '../event/event.ts'
import type { DataOptions } from '../event/event-store.ts'
import { recordedOf } from '../event/stamp.ts'
import { base64Of, bytesOf } from './base64.ts'
import { elementsOf, membersOf, type Span } from './json-span.ts'

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

function invalid(field: string, rule: string, cause?: unknown): EventStoreError {
  return new EventStoreError('INVALID', `${field} ${rule}`, { field }, { cause })
}

/** The JSON of one event of an append. INVALID names the field that has no JSON; the node checks the rest. */
export function newEventText(event: NewEvent, field: string): string {
  if (typeof event !== 'object' || event === null) throw invalid(field, 'must be an object')
  const { type, id, time, tags, metadata, encoding } = event
  const rest = textOf({ type, id, time: timeJson(time, field), tags, metadata, encoding: encoding ?? encodingOf(event.data) }, field)
  return `${rest.slice(0, -1)}${rest === '{}' ? '' : ','}"data":${dataText(event, field)}}`
}

const encodingOf = (data: unknown): 'bytes' | undefined => (data instanceof Uint8Array ? 'bytes' : undefined)

/** JSON has no word for NaN, and would send null. */
function timeJson(time: NewEvent['time'], field: string): unknown {
  const plain = time instanceof Date ? time.getTime() : time
  if (plain === null || (typeof plain === 'number' && !Number.isFinite(plain)))
    throw invalid(`${field}.time`, 'must be milliseconds since the epoch, a Date or ISO 8601')
  return plain
}

function dataText({ data, encoding }: NewEvent, field: string): string {
  if (!(data instanceof Uint8Array)) {
    const text = textOf(data, `${field}.data`)
    // A value that looks like bytes on the wire is sent as the bytes it is packed to.
    return encoding === 'msgpack' && looksLikeBytes(text) ? bytesText(packedBytesWord(text)) : text
  }
  return encoding === 'json' ? jsonTextOf(data, `${field}.data`) : bytesText(data)
}

const bytesText = (bytes: Uint8Array): string => `{"$bytes":"${base64Of(bytes)}"}`
const looksLikeBytes = (text: string): boolean => /^\{"\$bytes":"(?:[^"\\]|\\.)*"\}$/.test(text)

/** MessagePack of `{ "$bytes": text }`: a map of one, a short text, and a text with a length of four bytes. */
function packedBytesWord(json: string): Uint8Array {
  const word = encoder.encode('$bytes')
  const text = encoder.encode((JSON.parse(json) as { $bytes: string }).$bytes)
  const packed = new Uint8Array(2 + word.length + 5 + text.length)
  packed.set([0x81, 0xa0 | word.length, ...word, 0xdb], 0)
  new DataView(packed.buffer).setUint32(3 + word.length, text.length)
  packed.set(text, 7 + word.length)
  return packed
}

/** JSON text handed in as bytes goes out as it is, once it is certain that it is one value and ends there. */
function jsonTextOf(bytes: Uint8Array, field: string): string {
  try {
    const text = strict.decode(bytes)
    JSON.parse(text)
    return text
  } catch (cause) {
    throw invalid(field, `is not JSON text: ${(cause as Error).message}`, cause)
  }
}

function textOf(value: unknown, field: string): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (cause) {
    if (cause instanceof RangeError) throw new EventStoreError('TOO_LARGE', `${field} is nested too deeply`, { field }, { cause })
    throw invalid(field, `is not a JSON value: ${(cause as Error).message}`, cause)
  }
  if (text === undefined) throw invalid(field, 'is not a JSON value')
  return text
}

/** What a page of a read holds. */
export interface Page {
  readonly events: readonly Event[]
  /** Where the next page begins; null at the end. */
  readonly next: number | string | null
}

export function pageIn(text: string, { jsonAs }: DataOptions): Page {
  if (jsonAs !== 'bytes') {
    const { events, next } = JSON.parse(text) as { events: WireEvent[]; next: Page['next'] }
    return { events: events.map(one => eventOf(one)), next }
  }
  const members = membersOf(text)
  const [events, next] = [members.get('events'), members.get('next')]
  return {
    events: events === undefined ? [] : [...elementsOf(text, events)].map(span => eventIn(slice(text, span), { jsonAs })),
    next: next === undefined ? null : (JSON.parse(slice(text, next)) as Page['next']),
  }
}

const slice = (text: string, { start, end }: Span): string => text.slice(start, end)

type WireEvent = Omit<Event, 'encoding' | 'recorded' | 'time'> & { readonly encoding?: Event['encoding']; readonly time: number | string }

/** One event of its JSON text. */
export function eventIn(text: string, { jsonAs }: DataOptions): Event {
  const wire = JSON.parse(text) as WireEvent
  if (jsonAs !== 'bytes' || (wire.encoding ?? 'json') !== 'json') return eventOf(wire)
  const data = membersOf(text).get('data')
  return { ...eventOf(wire), data: encoder.encode(data === undefined ? 'null' : slice(text, data)) }
}

/** ISO 8601; a number that is no date is said as a number. */
function msOf(text: string): number {
  const ms = Number(text)
  return Number.isNaN(ms) ? Date.parse(text) : ms
}

/** In the order in which an embedded node gives its fields, so that both are the same text of JSON. */
function eventOf(wire: WireEvent): Event {
  const {
    id,
    type,
    data,
    encoding = 'json',
    stream,
    version,
    partition,
    sequence,
    stamp,
    position,
    time,
    tags,
    metadata,
    partitionKey,
  } = wire
  return {
    id,
    type,
    data: encoding === 'bytes' ? bytesOf((data as { $bytes: string }).$bytes) : data,
    encoding,
    stream,
    version,
    partition,
    sequence,
    stamp,
    position,
    // The text says it in whole milliseconds, and so does the stamp.
    recorded: recordedOf(stamp),
    time: typeof time === 'string' ? msOf(time) : time,
    ...(tags && { tags }),
    ...(metadata && { metadata }),
    ...(partitionKey !== undefined && { partitionKey }),
  }
}
