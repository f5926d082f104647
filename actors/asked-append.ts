/** An append as it was asked for: everything checked but where its partition key leads. */
import { expectedNumber, tooLarge } from '../event/check.ts'
import { type PlainQuery, queriesOf } from '../event/condition.ts'
import { EventStoreError, isEventStoreError } from '../event/error.ts'
import type { ExpectedVersion, NewEvent } from '../event/event.ts'
import type { RequestOptions } from '../event/event-store.ts'
import type { Limits } from '../event/limits.ts'
import type { RequestBuilder } from '../event/request.ts'
import type { TextHash } from '../event/hash.ts'
import type { Scope } from '../event/scope.ts'
import { checkPartitionKey, checkStreamId, isSystemStream } from '../event/stream-id.ts'
import { addEvent, producerOf, refuseRepeatedIds, type Writer } from './encode-append.ts'

/** One stream of it; without events it is only expected to be at a version. */
export interface AskedStream {
  readonly stream: string
  /** Its stored name. */
  readonly stored: string
  readonly events: readonly NewEvent[]
  /** As it was given, and as a number. */
  readonly expectedVersion: ExpectedVersion | undefined
  readonly expected: number
}

export interface AskedAppend {
  readonly scope: Scope
  readonly streams: readonly AskedStream[]
  /** Over all streams. */
  readonly events: number
  /** The key that was given. */
  readonly key: string | undefined
  readonly queries: readonly PlainQuery[]
  readonly durability: number
  readonly producer: string
  readonly producerSequence: number
}

/** Of `appendToStreams`; INVALID names the item. */
export function askedStreams(given: unknown, limits: Limits, { scope, isSystem }: Writer): AskedStream[] {
  if (!Array.isArray(given) || given.length === 0)
    throw invalid('streams', 'must be a list of at least one { stream, events?, expectedVersion? }')
  if (given.length > limits.requestStreams) throw tooLarge('streams', limits.requestStreams, given.length)
  const items: readonly unknown[] = given
  const streams = items.map((item, index) => askedStream(item, `streams[${index}]`, limits, scope))
  const names = new Set<string>()
  for (const [index, { stream }] of streams.entries()) {
    if (!isSystem) refuseSystemStream(stream)
    if (names.has(stream)) throw invalid(`streams[${index}].stream`, `names "${stream}" a second time`)
    names.add(stream)
  }
  return streams
}

function askedStream(item: unknown, field: string, limits: Limits, scope: Scope): AskedStream {
  if (typeof item !== 'object' || item === null) throw invalid(field, 'must be an object { stream, events?, expectedVersion? }')
  const { stream, events, expectedVersion, ...rest } = item as Record<string, unknown>
  const [other] = Object.keys(rest)
  if (other !== undefined) throw invalid(`${field}.${other}`, 'is not known; known: stream, events, expectedVersion')
  checkStreamId(stream, limits, `${field}.stream`)
  if (events === undefined && expectedVersion === undefined) throw invalid(field, 'needs events, expectedVersion or both')
  const list = events === undefined ? [] : ((Array.isArray(events) ? events : [events]) as readonly NewEvent[])
  if (events !== undefined && list.length === 0)
    throw invalid(`${field}.events`, 'must hold at least one event; leave it out to only expect a version')
  const expected = within(field, () => expectedNumber(expectedVersion as ExpectedVersion | undefined))
  return { stream, stored: scope + stream, events: list, expectedVersion: expectedVersion as ExpectedVersion | undefined, expected }
}

export function refuseSystemStream(stream: string): void {
  if (isSystemStream(stream))
    throw new EventStoreError('FORBIDDEN', `streams that begin with "$" are the system's: "${stream}"`, { stream })
}

export function askedAppend(
  streams: readonly AskedStream[],
  options: RequestOptions,
  { limits, durability, scope }: { limits: Limits; durability: number; scope: Scope },
): AskedAppend {
  const events = streams.reduce((sum, stream) => sum + stream.events.length, 0)
  if (events === 0) throw invalid('events', 'must hold at least one event: an append needs something to append')
  if (events > limits.requestEvents) throw tooLarge('events', limits.requestEvents, events)
  if (options.partitionKey !== undefined) checkPartitionKey(options.partitionKey, limits)
  return {
    scope,
    streams,
    events,
    key: options.partitionKey,
    queries: queriesOf(options.conditions, limits),
    durability,
    producer: producerOf(options, limits, scope),
    producerSequence: options.producerSequence ?? 0,
  }
}

/** Writes the events into a builder, the number of each stream being its place in the list. */
export function encodeAsked(asked: AskedAppend, builder: RequestBuilder, limits: Limits, hash: TextHash, isMany: boolean): void {
  builder.clear()
  let at = 0
  for (const [number, { stored, events }] of asked.streams.entries()) {
    builder.stream(stored, hash)
    const add = (): void =>
      events.forEach((event, index) => addEvent(builder, event, { index, scope: asked.scope, stream: number, stamp: at++ }, limits))
    if (isMany) within(`streams[${number}]`, add)
    else add()
  }
  if (builder.payloadBytes > limits.requestBytes) throw tooLarge('the sum of data', limits.requestBytes, builder.payloadBytes)
  if (asked.events > 1) refuseRepeatedIds(asked.streams.flatMap(({ events }) => events))
}

/** Runs a check of a part; its errors name the field within the whole. */
function within<T>(field: string, check: () => T): T {
  try {
    return check()
  } catch (error) {
    const inner = isEventStoreError(error) ? error.details['field'] : undefined
    if (!isEventStoreError(error) || typeof inner !== 'string') throw error
    throw new EventStoreError(error.code, `${field}.${error.message}`, { ...error.details, field: `${field}.${inner}` }, { cause: error })
  }
}

function invalid(field: string, rule: string): EventStoreError {
  return new EventStoreError('INVALID', `${field} ${rule}`, { field })
}
