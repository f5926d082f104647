/** What every event store here answers to: embedded, in memory, and later over a wire. */
import type { AppendResult, Durability, Event, ExpectedVersion, NewEvent, Position, StreamId, Version } from './event.ts'
import type { FreshnessOptions } from './read-level.ts'

/** Any event type when the user names none. */
export type AnyEvent = { readonly type: string; readonly data: unknown }
/** The `NewEvent` of each member of a discriminated union of `{ type, data }`. */
export type NewEventOf<E extends AnyEvent> = E extends AnyEvent ? NewEvent<E['type'], E['data']> : never
/** The stored `Event` of each member of a discriminated union of `{ type, data }`. */
export type EventOf<E extends AnyEvent> = E extends AnyEvent ? Event<E['type'], E['data']> : never

/** Which events are meant: one of the types and all of the tags; what is left out does not matter. */
export interface ConditionQuery {
  readonly types?: readonly string[]
  readonly tags?: readonly string[]
}

/** Fails when the partition key has an event that one of the queries means, after a position if there is one. */
export interface AppendCondition {
  readonly none: ConditionQuery | readonly ConditionQuery[]
  /** Up to where the writer has read. Default: the start. */
  readonly after?: Position
}

/** How an append is made, whatever it is to. */
export interface RequestOptions {
  /** All must hold over the events of the partition key, or CONDITION_FAILED. */
  readonly conditions?: AppendCondition | readonly AppendCondition[]
  /** The streams' key, theirs for ever from now on. Default: the key they have, at first that of their names. */
  readonly partitionKey?: string
  /** Default: the store's. */
  readonly durability?: Durability
  /** A program's name; with `producerSequence` makes the append exact for ever. */
  readonly producer?: string
  /** One number a request, rising per producer and partition; gaps allowed. */
  readonly producerSequence?: number
}

export interface AppendOptions extends RequestOptions {
  /** Default `any`. */
  readonly expectedVersion?: ExpectedVersion
}

/** One stream of an append to several; without events it is only expected to be at a version. */
export interface StreamAppend<E extends AnyEvent = AnyEvent> {
  readonly stream: StreamId
  readonly events?: NewEventOf<E> | readonly NewEventOf<E>[]
  readonly expectedVersion?: ExpectedVersion
}

/** The answer to an append to several streams. Unprefixed numbers are those of the last event. */
export interface StreamsResult extends Omit<AppendResult, 'stream' | 'firstVersion' | 'version'> {
  /** Those that were written, in the order given. */
  readonly streams: readonly { readonly stream: StreamId; readonly firstVersion: Version; readonly version: Version }[]
}

/** As for one stream. */
export type StreamsAnswer = (StreamsResult & { readonly duplicate?: false }) | { readonly duplicate: true; readonly highest: number }

/** `duplicate`: at or below the highest known number of this producer, so nothing was stored. */
export type AppendAnswer = (AppendResult & { readonly duplicate?: false }) | { readonly duplicate: true; readonly highest: number }

export type Direction = 'forwards' | 'backwards'

/** Recorded time (ms or Date) or a position; what came later is left out. */
export type AsOf = number | Date | Position

/** How `data` comes that was stored as JSON. */
export interface DataOptions {
  /** `bytes`: its UTF-8 as it was received, so that no number is rounded. Default `value`. */
  readonly jsonAs?: 'value' | 'bytes'
}

export interface ReadStreamOptions extends DataOptions, FreshnessOptions {
  /** First version to read, inclusive. Default: the first (backwards: the last). */
  readonly from?: Version
  /** Last version to read, inclusive. */
  readonly to?: Version
  readonly direction?: Direction
  readonly limit?: number
  readonly asOf?: AsOf
}

/** A moment: ms since the epoch, a `Date`, or ISO 8601. */
export type Moment = number | Date | string

/** What is given must all hold: an event of one of the types, in one of the categories, with all of the tags, with one of the correlation ids. */
export interface EventFilter extends DataOptions {
  readonly types?: readonly string[]
  readonly categories?: readonly string[]
  /** An event must have all of them. */
  readonly tags?: readonly string[]
  /** `metadata.correlationId`, or `metadata.$correlationId`, where that is a text: one, or a list of which an event must have one. */
  readonly correlation?: string | readonly string[]
  /** Also the system's streams (`$…`). */
  readonly system?: boolean
}

export interface ReadAllOptions extends EventFilter, FreshnessOptions {
  /** Begins after this position (backwards: before it). */
  readonly from?: Position
  /** Only what was recorded at this moment or later. */
  readonly since?: Moment
  /** Only what was recorded before this moment. */
  readonly until?: Moment
  readonly direction?: Direction
  readonly limit?: number
  readonly asOf?: AsOf
}

export interface SubscribeToStreamOptions extends DataOptions {
  /** First version wanted, inclusive; `end`: only what comes from now on. Default: the first. */
  readonly from?: Version | 'end'
  readonly signal?: AbortSignal
}

export interface SubscribeToAllOptions extends EventFilter {
  /** Only what was recorded at this moment or later. */
  readonly since?: Moment
  /** Begins after this position; `end`: only what comes from now on. Default: the first event. */
  readonly from?: Position | 'end'
  readonly signal?: AbortSignal
  /**
   * Called when all there is was given out, about each second and when something was stored: with a position that this follow may be resumed from,
   * though no event that it gives stands there. What a filter leaves out moves it on.
   */
  readonly reached?: (position: Position) => void
}

/** When the folded state of a stream is kept, so that the next fold begins there. The state must be JSON. */
export interface SnapshotPolicy {
  /** Tells folds of the same stream apart: letters, digits, dots and underscores. */
  readonly name?: string
  /** What the state means: another number, and what was kept before is not used. */
  readonly revision: number
  /** Events after which it is kept anew. */
  readonly every: number
}

export interface AggregateOptions<State, E extends AnyEvent> extends FreshnessOptions {
  readonly initialState: () => State
  readonly evolve: (state: State, event: EventOf<E>) => State
  /** The answer is the same with and without it, and comes sooner for a long stream. */
  readonly snapshot?: SnapshotPolicy
  readonly to?: Version
  readonly asOf?: AsOf
}

export interface EventStore {
  /**
   * All or nothing. Errors: WRONG_EXPECTED_VERSION, CONDITION_FAILED, DUPLICATE_ID, PARTITION_KEY_MISMATCH, INVALID, TOO_LARGE, FORBIDDEN, BUSY,
   * READ_ONLY, UNKNOWN_OUTCOME, DAMAGED (a condition would have to look at it), CLOSED.
   */
  appendToStream<E extends AnyEvent>(
    stream: StreamId,
    events: NewEventOf<E> | readonly NewEventOf<E>[],
    options?: AppendOptions,
  ): Promise<AppendAnswer>
  /**
   * Appends to streams of one partition key, all or nothing, and only if the others named are at their versions, too. Errors as of `appendToStream`;
   * WRONG_EXPECTED_VERSION names the stream, INVALID one that has another key.
   */
  appendToStreams<E extends AnyEvent>(streams: readonly StreamAppend<E>[], options?: RequestOptions): Promise<StreamsAnswer>
  /** Keeps call order and waits for room; not atomic. Answers how many were stored. */
  appendInOrder<E extends AnyEvent>(
    items: Iterable<{ stream: StreamId; event: NewEventOf<E> }> | AsyncIterable<{ stream: StreamId; event: NewEventOf<E> }>,
    options?: { durability?: Durability; signal?: AbortSignal },
  ): Promise<{ events: number; position: Position | null }>
  /** Throws STREAM_NOT_FOUND while iterating when there is no such stream. */
  readStream<E extends AnyEvent>(stream: StreamId, options?: ReadStreamOptions): AsyncIterable<EventOf<E>>
  readAll<E extends AnyEvent>(options?: ReadAllOptions): AsyncIterable<EventOf<E>>
  /** NOT_FOUND when no event has this id. */
  readEvent<E extends AnyEvent>(id: string, options?: FreshnessOptions): Promise<EventOf<E>>
  /** NOT_FOUND when no event stands at this position. */
  readEventAt<E extends AnyEvent>(position: Position, options?: FreshnessOptions): Promise<EventOf<E>>
  /** 0 when there is no such stream. */
  streamVersion(stream: StreamId, options?: FreshnessOptions): Promise<Version>
  subscribeToStream<E extends AnyEvent>(stream: StreamId, options?: SubscribeToStreamOptions): AsyncIterable<EventOf<E>>
  subscribeToAll<E extends AnyEvent>(options?: SubscribeToAllOptions): AsyncIterable<EventOf<E>>
  aggregateStream<State, E extends AnyEvent>(
    stream: StreamId,
    options: AggregateOptions<State, E>,
  ): Promise<{ state: State; version: Version; exists: boolean }>
}
