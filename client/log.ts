/** The event store of a node, over a wire. */
import { EventStoreError, isEventStoreError } from '../event/error.ts'
import type { Durability, Event, NewEvent, Position, Version } from '../event/event.ts'
import { checkSnapshotPolicy } from '../event/snapshot-policy.ts'
import type {
  AggregateOptions,
  AnyEvent,
  AppendAnswer,
  AppendOptions,
  EventOf,
  EventStore,
  NewEventOf,
  ReadAllOptions,
  ReadStreamOptions,
  RequestOptions,
  StreamAppend,
  StreamsAnswer,
  SubscribeToAllOptions,
  SubscribeToStreamOptions,
} from '../event/event-store.ts'
import { placeOf } from '../event/position.ts'
import type { FreshnessOptions } from '../event/read-level.ts'
import { answerOfOne, isRepeatableAppend, streamsBody } from './append-streams.ts'
import { eventIn, newEventText, pageIn } from './event-json.ts'
import { type Passing, passing } from './filter.ts'
import { followed } from './follow.ts'
import { Lanes } from './lanes.ts'
import { pagedEvents } from './pages.ts'
import { asOfText, checkAppend, checkFreshness, checkReadAll, checkReadStream, checkStream, checkVersion } from './read-options.ts'
import { type QueryValue, segment, type Wire } from './wire.ts'

type Item<E extends AnyEvent> = { stream: string; event: NewEventOf<E> }

export class RemoteLog implements EventStore {
  readonly wire: Wire
  /** Appends to a stream keep the order of their calls, awaited or not. */
  readonly #lanes = new Lanes()
  /** Follows that ask where the end is; appends of later calls come behind it. */
  readonly #ends = new Set<Promise<unknown>>()

  constructor(wire: Wire) {
    this.wire = wire
  }

  async appendToStream<E extends AnyEvent>(
    stream: string,
    events: NewEventOf<E> | readonly NewEventOf<E>[],
    options: AppendOptions = {},
  ): Promise<AppendAnswer> {
    this.wire.check()
    checkStream(stream)
    checkAppend(options)
    if (options.conditions !== undefined || options.partitionKey !== undefined) {
      const { expectedVersion, ...request } = options
      return answerOfOne(
        await this.appendToStreams([{ stream, events, ...(expectedVersion !== undefined && { expectedVersion }) }], request),
      )
    }
    const list = (Array.isArray(events) ? events : [events]) as readonly NewEvent[]
    const { expectedVersion: expected, durability, producer, producerSequence } = options
    const known = producer === undefined ? withId(list, expected, this.wire) : list
    // Read before the call returns: the caller may use its bytes again.
    const body = `[${known.map((event, index) => newEventText(event, `events[${index}]`)).join(',')}]`
    const isRepeatable = producer !== undefined || known.some(event => event.id !== undefined)
    const query = { expected, durability, producer, producerSequence }
    const ask = { method: 'POST', path: `${pathOf(stream)}/events`, query, body, isRepeatable, appends: true, isAccepted: true } as const
    const send = async (): Promise<AppendAnswer> => {
      if (this.#ends.size > 0) await Promise.allSettled(this.#ends)
      return this.wire.json<AppendAnswer>(ask)
    }
    return this.wire.accept(() => this.#lanes.run([stream], send))
  }

  async appendToStreams<E extends AnyEvent>(streams: readonly StreamAppend<E>[], options: RequestOptions = {}): Promise<StreamsAnswer> {
    this.wire.check()
    checkAppend(options)
    const body = streamsBody(streams as readonly StreamAppend[], options)
    const isRepeatable = isRepeatableAppend(streams as readonly StreamAppend[], options)
    const ask = { method: 'POST', path: '/v1/events', body, isRepeatable, appends: true, isAccepted: true } as const
    const send = async (): Promise<StreamsAnswer> => {
      if (this.#ends.size > 0) await Promise.allSettled(this.#ends)
      return this.wire.json<StreamsAnswer>(ask)
    }
    return this.wire.accept(() => this.#lanes.run([...new Set(streams.map(({ stream }) => stream))], send))
  }

  /** Consecutive events of one stream go together; each request is answered before the next is sent. */
  async appendInOrder<E extends AnyEvent>(
    items: Iterable<Item<E>> | AsyncIterable<Item<E>>,
    options: { durability?: Durability; signal?: AbortSignal } = {},
  ): Promise<{ events: number; position: Position | null }> {
    this.wire.check()
    let stored = 0
    let position: Position | null = null
    for await (const { stream, events } of runsOf(items)) {
      options.signal?.throwIfAborted()
      const { durability } = options
      const answer = await this.appendToStream(stream, events, durability === undefined ? {} : { durability })
      if (!answer.duplicate) position = answer.position
      stored += events.length
    }
    this.wire.check()
    return { events: stored, position }
  }

  readStream<E extends AnyEvent>(stream: string, options: ReadStreamOptions = {}): AsyncIterable<EventOf<E>> {
    this.wire.check()
    checkStream(stream)
    checkReadStream(options)
    return this.#streamEvents(stream, options) as AsyncIterable<EventOf<E>>
  }

  async *#streamEvents(stream: string, options: ReadStreamOptions): AsyncGenerator<Event> {
    if (options.limit === 0) {
      if ((await this.streamVersion(stream, options)) > 0) return
      throw new EventStoreError('STREAM_NOT_FOUND', `there is no stream "${stream}"`, { stream })
    }
    const { from, to, direction, limit, asOf, atLeast, level, jsonAs } = options
    const query = { from, to, direction, as_of: asOfText(asOf), atLeast, level }
    const bound = async (): Promise<{ to: Version }> => ({ to: Math.min(to ?? Infinity, await this.streamVersion(stream, options)) })
    yield* pagedEvents(this.wire, {
      path: `${pathOf(stream)}/events`,
      query,
      limit,
      data: jsonAs === undefined ? {} : { jsonAs },
      ...(direction !== 'backwards' && { bound }),
    })
  }

  readAll<E extends AnyEvent>(options: ReadAllOptions = {}): AsyncIterable<EventOf<E>> {
    this.wire.check()
    checkReadAll(options)
    return this.#allEvents(options, passing(options)) as AsyncIterable<EventOf<E>>
  }

  async *#allEvents(options: ReadAllOptions, filter: Passing): AsyncGenerator<Event> {
    this.wire.check()
    const { from, direction, limit, asOf, atLeast, level, jsonAs } = options
    if (limit === 0 || filter.isOfNothing) return
    const query = { ...filter.query, from, direction, as_of: asOfText(asOf), atLeast, level }
    const bound = async (): Promise<{ as_of: QueryValue }> => ({ as_of: query.as_of ?? (await this.#lastPosition({ atLeast, level })) })
    yield* pagedEvents(this.wire, {
      path: '/v1/events',
      query,
      limit,
      data: jsonAs === undefined ? {} : { jsonAs },
      ...(direction !== 'backwards' && { bound }),
    })
  }

  /** Of the last event there is; undefined when there is none. */
  async #lastPosition(fresh: Readonly<Record<'atLeast' | 'level', string | undefined>>): Promise<Position | undefined> {
    const query = { ...fresh, direction: 'backwards', limit: 1, system: true }
    return (await this.wire.read({ path: '/v1/events', query }, text => pageIn(text, {}))).events[0]?.position
  }

  async readEvent<E extends AnyEvent>(id: string, options: FreshnessOptions = {}): Promise<EventOf<E>> {
    this.wire.check()
    checkFreshness(options)
    if (typeof id !== 'string' || id.length === 0 || !id.isWellFormed())
      throw new EventStoreError('INVALID', 'id must be a text of at least one character', { field: 'id' })
    return this.#event(`/v1/events/${segment(id)}`, options)
  }

  async readEventAt<E extends AnyEvent>(position: Position, options: FreshnessOptions = {}): Promise<EventOf<E>> {
    this.wire.check()
    checkFreshness(options)
    placeOf(position)
    return this.#event(`/v1/events/at/${segment(position)}`, options)
  }

  async #event<E extends AnyEvent>(path: string, { level, atLeast }: FreshnessOptions): Promise<EventOf<E>> {
    return (await this.wire.read({ path, query: { level, atLeast } }, text => eventIn(text, {}))) as EventOf<E>
  }

  async streamVersion(stream: string, options: FreshnessOptions = {}): Promise<Version> {
    this.wire.check()
    checkStream(stream)
    checkFreshness(options)
    const { level, atLeast } = options
    return (await this.wire.json<{ version: Version }>({ path: pathOf(stream), query: { level, atLeast } })).version
  }

  subscribeToStream<E extends AnyEvent>(stream: string, options: SubscribeToStreamOptions = {}): AsyncIterable<EventOf<E>> {
    this.wire.check()
    checkStream(stream)
    checkVersion(options.from)
    const { from, signal, jsonAs } = options
    const start = from === 'end' ? this.#end(this.streamVersion(stream).then(version => version + 1)) : Promise.resolve(from)
    const data = jsonAs === undefined ? {} : { jsonAs }
    return followed(this.wire, { of: 'stream', query: { stream }, from: start, signal, data }) as AsyncIterable<EventOf<E>>
  }

  subscribeToAll<E extends AnyEvent>(options: SubscribeToAllOptions = {}): AsyncIterable<EventOf<E>> {
    this.wire.check()
    const { query, isOfNothing } = passing(options)
    const { from, signal, jsonAs, reached } = options
    if (from !== undefined && from !== 'end') placeOf(from)
    const start = from === 'end' ? this.#end(this.#lastPosition({ atLeast: undefined, level: undefined })) : Promise.resolve(from)
    const data = jsonAs === undefined ? {} : { jsonAs }
    return followed(this.wire, { of: 'all', query, from: start, signal, data, reached, isOfNothing }) as AsyncIterable<EventOf<E>>
  }

  /** The end is where the log ends at the call: what this client appends later is behind it. */
  #end<Place>(asked: Promise<Place>): Promise<Place> {
    this.#ends.add(asked)
    // Whoever follows hears of a failure at the first pull, which may never come.
    void asked.catch(() => undefined).then(() => this.#ends.delete(asked))
    return asked
  }

  async aggregateStream<State, E extends AnyEvent>(
    stream: string,
    options: AggregateOptions<State, E>,
  ): Promise<{ state: State; version: Version; exists: boolean }> {
    const { initialState, evolve, to, asOf, snapshot, level, atLeast } = options
    // What a node keeps for itself is of no use to who reads over a wire; the answer is the same.
    if (snapshot) checkSnapshotPolicy(snapshot)
    let state = initialState()
    let version = 0
    const events = this.readStream<E>(stream, {
      ...(to !== undefined && { to }),
      ...(asOf !== undefined && { asOf }),
      ...(level !== undefined && { level }),
      ...(atLeast !== undefined && { atLeast }),
    })
    try {
      for await (const event of events) {
        state = evolve(state, event)
        version = (event as Event).version
      }
    } catch (error) {
      if (!isEventStoreError(error, 'STREAM_NOT_FOUND')) throw error
    }
    return { state, version, exists: version > 0 }
  }
}

const pathOf = (stream: string): string => `/v1/streams/${segment(stream)}`

/** With a numeric expectation one id makes the whole request known for ever, so that it may be sent again. */
function withId(events: readonly NewEvent[], expected: AppendOptions['expectedVersion'], { clock }: Wire): readonly NewEvent[] {
  const [first, ...rest] = events
  const isNumeric = typeof expected === 'number' || expected === 'none'
  if (!isNumeric || typeof first !== 'object' || first === null || events.some(event => event?.id !== undefined)) return events
  const id = Array.from(clock.random(16), byte => byte.toString(16).padStart(2, '0')).join('')
  return [{ ...first, id }, ...rest]
}

const runEvents = 1000

/** Consecutive events of the same stream. */
async function* runsOf<E extends AnyEvent>(
  items: Iterable<Item<E>> | AsyncIterable<Item<E>>,
): AsyncGenerator<{ stream: string; events: NewEventOf<E>[] }> {
  let run: { stream: string; events: NewEventOf<E>[] } | undefined
  for await (const { stream, event } of items) {
    if (run !== undefined && (run.stream !== stream || run.events.length >= runEvents)) {
      yield run
      run = undefined
    }
    run ??= { stream, events: [] }
    run.events.push(event)
  }
  if (run !== undefined) yield run
}
