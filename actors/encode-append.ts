/** From a user's events to the bytes of a request: checks each, and refuses what no request may hold. */
import { checkEvent, tooLarge } from '../event/check.ts'
import { EventStoreError } from '../event/error.ts'
import type { Durability, NewEvent } from '../event/event.ts'
import type { RequestOptions } from '../event/event-store.ts'
import type { Limits } from '../event/limits.ts'
import { encodeData, encodeExtras, encodingNumbers, hasExtras } from '../event/payload.ts'
import { durabilities, type RequestBuilder } from '../event/request.ts'

/** Adds one checked event to a request; `stamp` relative or absolute, as the request's others. */
export function addEvent(builder: RequestBuilder, event: NewEvent, index: number, limits: Limits, stamp: number, stream = 0): void {
  checkEvent(event, index, limits)
  const { encoding, data } = encodeData(event, index, limits)
  const extras = hasExtras(event) ? encodeExtras(event) : null
  const type = builder.type(event.type)
  const bytes = builder.add(stream, type, encodingNumbers[encoding], data, extras, stamp)
  if (bytes > limits.eventBytes) throw tooLarge(`events[${index}].data`, limits.eventBytes, bytes)
}

export function durabilityNumber(given: Durability): number {
  const number = durabilities.indexOf(given)
  if (number < 0)
    throw new EventStoreError('INVALID', `durability must be memory, os or disk, got ${JSON.stringify(given)}`, { field: 'durability' })
  if (given === 'quorum')
    throw new EventStoreError('INVALID', 'durability "quorum" needs a cluster; this is a single node', { field: 'durability' })
  return number
}

export function producerOf(options: RequestOptions, limits: Limits): string {
  const { producer, producerSequence } = options
  if (producer === undefined && producerSequence === undefined) return ''
  if (
    typeof producer !== 'string' ||
    producer.length === 0 ||
    !producer.isWellFormed() ||
    Buffer.byteLength(producer) > limits.streamIdBytes
  )
    throw new EventStoreError('INVALID', `producer must be a text of 1 to ${limits.streamIdBytes} bytes`, { field: 'producer' })
  if (!Number.isSafeInteger(producerSequence) || (producerSequence as number) < 1)
    throw new EventStoreError('INVALID', 'producerSequence must be a whole number from 1', { field: 'producerSequence' })
  return producer
}

export function refuseRepeatedIds(events: readonly NewEvent[]): void {
  let ids: Set<string> | null = null
  for (let i = 0; i < events.length; i++) {
    const { id } = events[i]!
    if (id === undefined) continue
    ids ??= new Set()
    if (ids.has(id)) throw new EventStoreError('DUPLICATE_ID', `events[${i}].id stands twice in this request`, { event: i })
    ids.add(id)
  }
}
