/** From a user's events to the bytes of a request: checks each, and refuses what no request may hold. */
import { checkEvent, tooLarge } from '../event/check.ts'
import { EventStoreError } from '../event/error.ts'
import type { NewEvent } from '../event/event.ts'
import type { AppendOptions } from '../event/event-store.ts'
import type { Limits } from '../event/limits.ts'
import { encodeData, encodeExtras, encodingNumbers, hasExtras } from '../event/payload.ts'
import type { RequestBuilder } from '../event/request.ts'

/** Adds one checked event to a request; `stamp` relative or absolute, as the request's others. */
export function addEvent(builder: RequestBuilder, event: NewEvent, index: number, limits: Limits, stamp: number, stream = 0): void {
  checkEvent(event, index, limits)
  const { encoding, data } = encodeData(event, index, limits)
  const bytes = builder.add(
    stream,
    builder.type(event.type),
    encodingNumbers[encoding],
    data,
    hasExtras(event) ? encodeExtras(event) : null,
    stamp,
  )
  if (bytes > limits.eventBytes) throw tooLarge(`events[${index}].data`, limits.eventBytes, bytes)
}

export function producerOf(options: AppendOptions, limits: Limits): string {
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
