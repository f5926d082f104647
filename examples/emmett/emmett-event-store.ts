/** Emmett's event store over a node of ours, through the public door only: expected versions, positions and conflicts in Emmett's words. */
import {
  type AggregateStreamOptions,
  type AggregateStreamResultWithGlobalPosition,
  type AppendToStreamOptions,
  type AppendToStreamResultWithGlobalPosition,
  assertExpectedVersionMatchesCurrent,
  type DefaultEventStoreOptions,
  downcastRecordedMessages,
  type Event,
  type EventStore as EmmettStore,
  type ExpectedStreamVersion,
  ExpectedVersionConflictError,
  NO_CONCURRENCY_CHECK,
  type ReadEvent,
  type ReadEventMetadataWithGlobalPosition,
  type ReadStreamOptions,
  STREAM_DOES_NOT_EXIST,
  STREAM_EXISTS,
  tryPublishMessagesAfterCommit,
  upcastRecordedMessage,
  ValidationError,
} from '@event-driven-io/emmett'
import {
  type AppendResult,
  type Event as StoredEvent,
  type EventStore,
  type ExpectedVersion,
  isEventStoreError,
  type NewEvent,
  type Position,
  type Version,
} from '../../runtime/index.ts'

/** What the adapter asks of a store: a node has it, a tenant of one, and a client that asks one. */
export type StreamStore = Pick<EventStore, 'appendToStream' | 'readStream' | 'streamVersion'>

type Metadata = ReadEventMetadataWithGlobalPosition
type Read<EventType extends Event> = ReadEvent<EventType, Metadata>

/** Emmett's event store; its answers carry the global position of the last event, too. */
export interface AllsourceEventStore extends EmmettStore<Metadata> {
  aggregateStream<State, EventType extends Event, Payload extends Event = EventType>(
    streamName: string,
    options: AggregateStreamOptions<State, EventType, Metadata, Payload>,
  ): Promise<AggregateStreamResultWithGlobalPosition<State>>
  appendToStream<EventType extends Event, Payload extends Event = EventType>(
    streamName: string,
    events: EventType[],
    options?: AppendToStreamOptions<bigint, EventType, Payload>,
  ): Promise<AppendToStreamResultWithGlobalPosition>
}

/**
 * Emmett's event store over `store`. Stream positions are versions and global positions are stamps, both as bigint.
 * Errors: ExpectedVersionConflictError for WRONG_EXPECTED_VERSION; ValidationError for INVALID and TOO_LARGE, with ours as its `cause`; others
 * stay the EventStoreErrors they are. Appends are answered at the node's own level of durability, because what a lower one answers early can
 * not be read yet, and a command handler reads what it wrote.
 */
export function getAllsourceEventStore(
  store: StreamStore,
  options: DefaultEventStoreOptions<AllsourceEventStore> = {},
): AllsourceEventStore {
  const { hooks } = options
  return {
    async readStream<EventType extends Event, Payload extends Event = EventType>(
      streamName: string,
      read: ReadStreamOptions<bigint, EventType, Payload> = {},
    ) {
      const version = await versionAsExpected(store, streamName, read.expectedStreamVersion)
      const events: Read<EventType>[] = []
      for await (const event of eventsUpTo(store, streamName, { ...read, version })) events.push(event)
      return { currentStreamVersion: BigInt(version), events, streamExists: version > 0 }
    },

    async aggregateStream<State, EventType extends Event, Payload extends Event = EventType>(
      streamName: string,
      { evolve, initialState, read = {} }: AggregateStreamOptions<State, EventType, Metadata, Payload>,
    ) {
      const version = await versionAsExpected(store, streamName, read.expectedStreamVersion)
      // Emmett allows three shapes of `evolve`; each can be given an event as it was read.
      const evolved = evolve as (state: State, event: Read<EventType>) => State
      let state = initialState()
      let last: Metadata | undefined
      for await (const event of eventsUpTo(store, streamName, { ...read, version })) {
        state = evolved(state, event)
        last = event.metadata as Metadata
      }
      if (version === 0) return { state, currentStreamVersion: 0n, streamExists: false }
      last ??= await metadataAt(store, streamName, version)
      return { state, currentStreamVersion: last.streamPosition, streamExists: true, lastEventGlobalPosition: last.globalPosition }
    },

    async appendToStream<EventType extends Event, Payload extends Event = EventType>(
      streamName: string,
      events: EventType[],
      append: AppendToStreamOptions<bigint, EventType, Payload> = {},
    ) {
      const expected = append.expectedStreamVersion ?? NO_CONCURRENCY_CHECK
      const stored = downcastRecordedMessages<EventType, Payload>(events, append.schema?.versioning)
      const appending = store.appendToStream(streamName, stored.map(newEvent), { expectedVersion: ourVersion(expected) })
      // Only an append with a producer is answered otherwise.
      const answer = (await inEmmettsWords(appending, expected)) as AppendResult
      if (hooks?.onAfterCommit) {
        const committed: Read<Event>[] = []
        const range = { version: answer.version, from: BigInt(answer.firstVersion), atLeast: answer.position }
        for await (const event of eventsUpTo<Event>(store, streamName, range)) committed.push(event)
        await tryPublishMessagesAfterCommit<AllsourceEventStore>(committed, hooks)
      }
      return {
        nextExpectedStreamVersion: BigInt(answer.version),
        createdNewStream: answer.firstVersion === 1,
        lastEventGlobalPosition: BigInt(answer.stamp),
      }
    },

    streamExists: async streamName => (await inEmmettsWords(store.streamVersion(streamName))) > 0,
  }
}

/** 0 for a stream that is not there. Throws when it is not at the version a reader expects. */
async function versionAsExpected(store: StreamStore, streamName: string, expected: ExpectedStreamVersion | undefined): Promise<Version> {
  const version = await inEmmettsWords(store.streamVersion(streamName))
  assertExpectedVersionMatchesCurrent(BigInt(version), expected, 0n)
  return version
}

interface Range<EventType extends Event, Payload extends Event> extends ReadStreamOptions<bigint, EventType, Payload> {
  /** Of the stream as it was looked at: what is appended since is left out, so that a state and its version belong together. */
  readonly version: Version
  /** Waits until this can be read. */
  readonly atLeast?: Position
}

async function* eventsUpTo<EventType extends Event, Payload extends Event = EventType>(
  store: StreamStore,
  streamName: string,
  { version, from, to, maxCount, schema, atLeast }: Range<EventType, Payload>,
): AsyncGenerator<Read<EventType>> {
  if (version === 0) return
  const last = to === undefined ? version : Math.min(ourNumber(to), version)
  const options = {
    to: last,
    ...(atLeast !== undefined && { atLeast }),
    ...(from !== undefined && { from: ourNumber(from) }),
    ...(maxCount !== undefined && { limit: ourNumber(maxCount) }),
  }
  try {
    for await (const event of store.readStream(streamName, options))
      yield upcastRecordedMessage<EventType, Payload, Metadata>(
        readEvent<Payload>(event as StoredEvent),
        schema?.versioning,
      ) as Read<EventType>
  } catch (error) {
    throw asEmmettError(error)
  }
}

async function metadataAt(store: StreamStore, streamName: string, version: Version): Promise<Metadata> {
  for await (const event of store.readStream(streamName, { from: version, to: version })) return metadataOf(event)
  throw new Error(`${streamName} has lost its version ${version} while it was read`)
}

function readEvent<Payload extends Event>(event: StoredEvent): Read<Payload> {
  const { type, data } = event
  return { type, data, kind: 'Event', metadata: { ...event.metadata, ...metadataOf(event) } } as unknown as Read<Payload>
}

/**
 * A stamp is one number an event and rises in the order in which all events of a node are read, whatever their partition, as Emmett wants it of a
 * global position; our own position is a text. It has gaps.
 */
const metadataOf = ({ stream, id, version, stamp }: Pick<StoredEvent, 'stream' | 'id' | 'version' | 'stamp'>): Metadata => ({
  streamName: stream,
  messageId: id,
  streamPosition: BigInt(version),
  globalPosition: BigInt(stamp),
})

function newEvent(event: Event): NewEvent {
  const { type, data } = event
  const metadata = 'metadata' in event ? (event.metadata as Record<string, unknown> | undefined) : undefined
  return { type, data, ...(metadata && { metadata }) }
}

function ourVersion(expected: ExpectedStreamVersion): ExpectedVersion {
  if (expected === STREAM_EXISTS) return 'exists'
  if (expected === STREAM_DOES_NOT_EXIST) return 'none'
  if (expected === NO_CONCURRENCY_CHECK) return 'any'
  return ourNumber(expected as bigint)
}

/** No stream has more events, so that what lies above is as good as this. */
const mostVersions = 2n ** 31n - 1n
const ourNumber = (value: bigint): number => Number(value > mostVersions ? mostVersions : value)

async function inEmmettsWords<Answer>(answer: Promise<Answer>, expected?: ExpectedStreamVersion): Promise<Answer> {
  try {
    return await answer
  } catch (error) {
    throw asEmmettError(error, expected)
  }
}

function asEmmettError(error: unknown, expected: ExpectedStreamVersion = NO_CONCURRENCY_CHECK): unknown {
  if (isEventStoreError(error, 'WRONG_EXPECTED_VERSION'))
    return Object.assign(new ExpectedVersionConflictError(BigInt(error.details['actual'] as Version), expected), { cause: error })
  if (isEventStoreError(error, 'INVALID') || isEventStoreError(error, 'TOO_LARGE'))
    return Object.assign(new ValidationError(error.message), { cause: error })
  return error
}
