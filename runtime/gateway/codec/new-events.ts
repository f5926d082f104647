/** Events of a request's body: the envelope is checked by its schema, `data` is taken out as the bytes that were received. */
import { isUtf8 } from 'node:buffer'
import { EventStoreError } from '../../../event/error.ts'
import type { Encoding, NewEvent } from '../../../event/event.ts'
import { checked, newEventSchema } from './schemas.ts'
import { JsonReader, type Span } from './json-reader.ts'

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** A reader over a body; INVALID when it is not UTF-8. */
export function jsonReader(body: Uint8Array): JsonReader {
  if (!isUtf8(body)) throw new EventStoreError('INVALID', 'the body is not UTF-8', { field: 'body' })
  return new JsonReader(body)
}

/** An event, or a list of events. */
export function readNewEvents(body: Uint8Array): NewEvent[] {
  const json = jsonReader(body)
  const events = readEvents(json, 'events')
  json.finish()
  return events
}

/** The event or the list of events that begins here; `field` names it in what is refused. */
export function readEvents(json: JsonReader, field: string): NewEvent[] {
  const events: NewEvent[] = []
  const next = (): void => void events.push(readEvent(json, `${field}[${events.length}]`))
  if (json.isList) json.items(next)
  else next()
  return events
}

function readEvent(json: JsonReader, field: string): NewEvent {
  if (!json.isObject) {
    json.span()
    throw invalid(field, 'must be an object')
  }
  const envelope: Record<string, unknown> = {}
  let data: Span | undefined
  json.members(name => {
    if (name === 'data' ? data !== undefined : Object.hasOwn(envelope, name)) throw invalid(`${field}.${name}`, 'is given twice')
    if (name === 'data') data = json.span()
    else Object.defineProperty(envelope, name, { value: json.value(), enumerable: true })
  })
  if (data === undefined) throw invalid(`${field}.data`, 'is missing')
  // The schema says of data only that it is there.
  const { encoding, ...event } = checked(newEventSchema, { ...envelope, data: null }, field)
  return { ...event, ...dataOf(json, data, { encoding, field }) } as NewEvent
}

function dataOf(
  json: JsonReader,
  { start, end }: Span,
  { encoding = 'json', field }: { encoding: Encoding | undefined; field: string },
): Pick<NewEvent, 'data' | 'encoding'> {
  if (encoding === 'json') return { data: json.bytes.subarray(start, end), encoding }
  const value = JSON.parse(Buffer.from(json.bytes.buffer, json.bytes.byteOffset + start, end - start).toString()) as unknown
  const bytes = bytesOf(value, `${field}.data`)
  if (bytes === undefined && encoding === 'bytes') throw invalid(`${field}.data`, 'must be { "$bytes": base64 } when encoding is "bytes"')
  return { data: bytes ?? value, encoding }
}

/** The bytes of `{ "$bytes": base64 }`; undefined for any other value. */
function bytesOf(value: unknown, field: string): Uint8Array | undefined {
  if (typeof value !== 'object' || value === null || !('$bytes' in value) || Object.keys(value).length !== 1) return undefined
  const { $bytes: text } = value
  if (typeof text !== 'string' || !BASE64.test(text)) throw invalid(`${field}.$bytes`, 'must be base64')
  return new Uint8Array(Buffer.from(text, 'base64'))
}

function invalid(field: string, rule: string): EventStoreError {
  return new EventStoreError('INVALID', `${field} ${rule}`, { field })
}
