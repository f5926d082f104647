/** From a user's events to the bytes of a request: checks each, and refuses what no request may hold. */
import { checkEvent, tooLarge } from '../event/check.ts'
import { EventStoreError } from '../event/error.ts'
import type { Durability, NewEvent } from '../event/event.ts'
import type { RequestOptions } from '../event/event-store.ts'
import type { Limits } from '../event/limits.ts'
import { encodeData, encodeExtras, encodingNumbers, hasExtras } from '../event/payload.ts'
import { durabilities, type RequestBuilder } from '../event/request.ts'
import { DEFAULT_SCOPE, type Scope, scopedText } from '../event/scope.ts'

/** Who appends: for which tenant, and whether to streams that begin with `$` as well. */
export interface Writer {
  readonly scope: Scope
  readonly isSystem: boolean
}

/** A user of the default tenant. */
export const USER: Writer = { scope: DEFAULT_SCOPE, isSystem: false }

/** Where an event goes: its place among those of the call, whose it is, and in the request its stream and stamp. */
export interface EventPlace {
  readonly index: number
  readonly scope: Scope
  /** Number of the stream in the request. */
  readonly stream: number
  /** Relative or absolute, as the request's others. */
  readonly stamp: number
}

/** Adds one checked event to a request. */
export function addEvent(builder: RequestBuilder, event: NewEvent, { index, scope, stream, stamp }: EventPlace, limits: Limits): void {
  checkEvent(event, index, limits)
  const { encoding, data } = encodeData(event, index, limits)
  const extras = hasExtras(event) ? encodeExtras(event, scope) : null
  const type = builder.type(event.type)
  const bytes = builder.add(stream, type, encodingNumbers[encoding], data, extras, stamp)
  if (bytes > limits.eventBytes) throw tooLarge(`events[${index}].data`, limits.eventBytes, bytes)
}

export function durabilityNumber(given: Durability, isCluster: boolean): number {
  const number = durabilities.indexOf(given)
  if (number < 0)
    throw new EventStoreError('INVALID', `durability must be memory, os or disk, got ${JSON.stringify(given)}`, { field: 'durability' })
  // Nobody is answered before the quorum has it: less was asked than is given.
  if (isCluster) return durabilities.indexOf('quorum')
  if (given === 'quorum')
    throw new EventStoreError('INVALID', 'durability "quorum" needs a cluster; this is a single node', { field: 'durability' })
  return number
}

/** The stored name of the producer; empty when there is none. */
export function producerOf(options: RequestOptions, limits: Limits, scope: Scope): string {
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
  return scopedText(scope, producer)
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
