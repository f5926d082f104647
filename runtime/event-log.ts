/** The event store of a node: appends through its router, reads through its own view of the log. Backed by workers and disk, or by actors in this thread. */
import { OrderedAppend } from '../actors/in-order.ts'
import {
  allEvents,
  checkFreshness,
  checkReadAll,
  checkReadStream,
  eventAt,
  eventById,
  partitionsOfId,
  streamEvents,
  streamVersion,
} from '../actors/reader.ts'
import { type Router } from '../actors/router.ts'
import { checkFrom, followAll, type FollowContext, followStream, turn } from '../actors/subscription.ts'
import { EventStoreError } from '../event/error.ts'
import type { Durability, Event, NewEvent, Position } from '../event/event.ts'
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
  SnapshotPolicy,
  StreamAppend,
  StreamsAnswer,
  SubscribeToAllOptions,
  SubscribeToStreamOptions,
} from '../event/event-store.ts'
import type { Limits } from '../event/limits.ts'
import { placeOf } from '../event/position.ts'
import type { FreshnessOptions } from '../event/read-level.ts'
import type { Scope } from '../event/scope.ts'
import { checkSnapshotPolicy } from '../event/snapshot-policy.ts'
import { checkStreamId } from '../event/stream-id.ts'
import { tracedAppend, tracedFollow } from './observe/traced.ts'
import { openTelemetry } from './observe/tracer.ts'
import type { LogView } from '../store/log/log-view.ts'
import { type Freshness, FreshReads, type WhatIsRead } from './fresh-reads.ts'
import { foldStream, latestSnapshot, snapshotStream, SnapshotWriter, type StreamSnapshot } from './stream-snapshots.ts'

/**
 * Events and calls after which reads give the event loop a turn, counted over all of them: a caller that reads in a loop must not stop its own
 * appends and timers.
 */
const TURN_EVENTS = 4096
/** What a call counts beside its events. */
const CALL_EVENTS = 16

export interface EventLogParts {
  /** Why it is closed, where that is another's to say. */
  readonly closed?: () => EventStoreError | null
  /** Whose events; asked at each call, because a tenant of the same name that was dropped and made anew is another. */
  readonly scope: () => Scope
  /** Makes sure that there is such a tenant before its first append, and knows which of its appends are under way. */
  readonly writing?: <Answer>(append: (scope: Scope) => Promise<Answer>) => Promise<Answer>
  readonly view: LogView
  readonly router: Router
  readonly limits: Limits
  /** In a cluster: how to know what other nodes lead. */
  readonly freshness?: Freshness
}

export class EventLog implements EventStore {
  readonly view: LogView
  readonly router: Router
  readonly limits: Limits
  #shut: EventStoreError | null = null
  readonly #closedBy: () => EventStoreError | null
  readonly #scope: () => Scope
  readonly #writing: NonNullable<EventLogParts['writing']>
  readonly #snapshots: SnapshotWriter
  readonly #fresh: FreshReads

  constructor(parts: EventLogParts) {
    this.view = parts.view
    this.router = parts.router
    this.limits = parts.limits
    parts.router.keyed.keys.reader = parts.view
    this.#scope = parts.scope
    this.#closedBy = parts.closed ?? (() => null)
    this.#writing = parts.writing ?? (append => append(parts.scope()))
    this.#fresh = new FreshReads({ view: parts.view, limits: parts.limits, freshness: parts.freshness, check: () => this.check() })
    this.#snapshots = new SnapshotWriter({
      append: (stream, event) => this.#writing(scope => this.router.append(stream, event, {}, { scope, isSystem: true })),
      limits: parts.limits,
    })
  }

  get #follow(): FollowContext {
    const scope = this.#scope()
    return {
      view: this.view,
      scope,
      pageRows: this.limits.pageRows,
      check: () => {
        this.check()
        if (this.#scope() !== scope) throw new EventStoreError('CLOSED', 'the tenant was dropped')
      },
    }
  }

  /** Why nothing is answered any more; null as long as it is. */
  get closed(): EventStoreError | null {
    return this.#shut ?? this.#closedBy()
  }

  /** Throws CLOSED once the node is closing: for calls and for iterators that are still open. */
  check(): void {
    const { closed } = this
    if (closed) throw closed
  }

  /** It is closing or closed. */
  get isShut(): boolean {
    return this.closed !== null
  }

  /** Reads, appends and open iterators are CLOSED from now on. */
  shut(reason: EventStoreError): void {
    this.#shut = reason
    this.view.horizon.wake()
  }

  appendToStream<E extends AnyEvent>(
    stream: string,
    events: NewEventOf<E> | readonly NewEventOf<E>[],
    options?: AppendOptions,
  ): Promise<AppendAnswer> {
    if (this.closed) return Promise.reject(this.closed)
    const append = (given: NewEvent | readonly NewEvent[]): Promise<AppendAnswer> =>
      this.#writing(scope => this.router.append(stream, given, options, { scope, isSystem: false }))
    const given = events as NewEvent | readonly NewEvent[]
    if (!openTelemetry.isOn) return append(given)
    return tracedAppend(openTelemetry, { stream, events: Array.isArray(given) ? given : [given as NewEvent] }, append)
  }

  appendToStreams<E extends AnyEvent>(streams: readonly StreamAppend<E>[], options?: RequestOptions): Promise<StreamsAnswer> {
    if (this.closed) return Promise.reject(this.closed)
    return this.#writing(scope => this.router.appendToStreams(streams, options, { scope, isSystem: false }))
  }

  async appendInOrder<E extends AnyEvent>(
    items: Iterable<{ stream: string; event: NewEventOf<E> }> | AsyncIterable<{ stream: string; event: NewEventOf<E> }>,
    options: { durability?: Durability; signal?: AbortSignal } = {},
  ): Promise<{ events: number; position: Position | null }> {
    this.check()
    return this.#writing(scope =>
      this.#appendInOrder(new OrderedAppend(this.router, { durability: options.durability, scope }), items, options),
    )
  }

  async #appendInOrder<E extends AnyEvent>(
    append: OrderedAppend,
    items: Iterable<{ stream: string; event: NewEventOf<E> }> | AsyncIterable<{ stream: string; event: NewEventOf<E> }>,
    options: { signal?: AbortSignal },
  ): Promise<{ events: number; position: Position | null }> {
    const each = (item: { stream: string; event: NewEventOf<E> }): Promise<void> | null => {
      options.signal?.throwIfAborted()
      this.check()
      return append.add(item as { stream: string; event: NewEvent })
    }
    if (Symbol.iterator in items) {
      for (const item of items) {
        const full = each(item)
        if (full) await full.then(turn)
      }
    } else {
      for await (const item of items) {
        const full = each(item)
        if (full) await full
      }
    }
    return append.end()
  }

  readStream<E extends AnyEvent>(stream: string, options: ReadStreamOptions = {}): AsyncIterable<EventOf<E>> {
    const stored = this.#stored(stream)
    checkReadStream(options)
    return this.#pull(() => streamEvents(this.view, stored, options), options, { stream: stored })
  }

  readAll<E extends AnyEvent>(options: ReadAllOptions = {}): AsyncIterable<EventOf<E>> {
    this.check()
    checkReadAll(options)
    const scoped = { ...options, scope: this.#scope() }
    return this.#pull(() => allEvents(this.view, scoped, this.limits.pageRows), options, 'all')
  }

  async *#pull<E extends AnyEvent>(open: () => Generator<Event>, options: FreshnessOptions, what: WhatIsRead): AsyncGenerator<EventOf<E>> {
    await this.#begun(options, what)
    for (const event of open()) {
      yield event as EventOf<E>
      this.check()
      if (--this.#untilTurn <= 0) await this.#turnAfter(1)
    }
  }

  /** Once what is to be read is as fresh as was asked. */
  async #begun(options: FreshnessOptions, what: WhatIsRead): Promise<void> {
    const waited = this.#fresh.wait(options, what)
    if (waited) await waited
    await this.#turnAfter(CALL_EVENTS)
  }

  #untilTurn = TURN_EVENTS

  /** Counts `events`; gives a turn when it is due. */
  async #turnAfter(events: number): Promise<void> {
    this.#untilTurn -= events
    if (this.#untilTurn <= 0) {
      this.#untilTurn = TURN_EVENTS
      await turn()
    }
    this.check()
  }

  async readEvent<E extends AnyEvent>(id: string, options: FreshnessOptions = {}): Promise<EventOf<E>> {
    this.check()
    checkFreshness(options)
    if (typeof id !== 'string' || id.length === 0)
      throw new EventStoreError('INVALID', 'id must be a text of at least one character', { field: 'id' })
    await this.#begun(options, { partitions: partitionsOfId(this.view, id) })
    return eventById(this.view, this.#scope(), id) as EventOf<E>
  }

  async readEventAt<E extends AnyEvent>(position: Position, options: FreshnessOptions = {}): Promise<EventOf<E>> {
    this.check()
    checkFreshness(options)
    await this.#begun(options, { partitions: [placeOf(position).partition].filter(partition => partition < this.view.partitions) })
    return eventAt(this.view, this.#scope(), position) as EventOf<E>
  }

  async streamVersion(stream: string, options: FreshnessOptions = {}): Promise<number> {
    const stored = this.#stored(stream)
    checkFreshness(options)
    await this.#begun(options, { stream: stored })
    return streamVersion(this.view, stored)
  }

  subscribeToStream<E extends AnyEvent>(stream: string, options: SubscribeToStreamOptions = {}): AsyncIterable<EventOf<E>> {
    const stored = this.#stored(stream)
    checkFrom(options.from, 'version')
    const read = (): AsyncIterable<EventOf<E>> => followStream(this.#follow, stored, options) as AsyncIterable<EventOf<E>>
    const followed = this.#fresh.fromEnd(read, options.from === 'end' ? { stream: stored } : null)
    return openTelemetry.isOn ? tracedFollow(openTelemetry, followed) : followed
  }

  subscribeToAll<E extends AnyEvent>(options: SubscribeToAllOptions = {}): AsyncIterable<EventOf<E>> {
    this.check()
    const { from, ...rest } = options
    checkReadAll(from === undefined || from === 'end' ? rest : { ...rest, from })
    const read = (): AsyncIterable<EventOf<E>> => followAll(this.#follow, options) as AsyncIterable<EventOf<E>>
    const followed = this.#fresh.inOrder(read, from === 'end')
    return openTelemetry.isOn ? tracedFollow(openTelemetry, followed) : followed
  }

  async aggregateStream<State, E extends AnyEvent>(
    stream: string,
    options: AggregateOptions<State, E>,
  ): Promise<{ state: State; version: number; exists: boolean }> {
    const stored = this.#stored(stream)
    const { snapshot, initialState, evolve, to, asOf, level, atLeast } = options
    if (snapshot) checkSnapshotPolicy(snapshot)
    const read: ReadStreamOptions = {
      ...(to === undefined ? {} : { to }),
      ...(asOf === undefined ? {} : { asOf }),
    }
    checkReadStream(read)
    const fresh: FreshnessOptions = { ...(level !== undefined && { level }), ...(atLeast !== undefined && { atLeast }) }
    checkFreshness(fresh)
    await this.#begun(fresh, { stream: stored })
    const kept = snapshot && asOf === undefined ? this.#snapshotOf(stream, snapshot, to) : undefined
    const fold = { read, initialState, evolve: (before: State, event: Event) => evolve(before, event as EventOf<E>), kept }
    const { state, version, events, position } = foldStream(this.view, stored, fold)
    if (snapshot && position !== null && to === undefined && asOf === undefined && events >= snapshot.every) {
      const { name = '', revision } = snapshot
      this.#snapshots.write(stream, { name, revision, version, position, state })
    }
    return { state, version, exists: version > 0 }
  }

  #snapshotOf(stream: string, snapshot: SnapshotPolicy, to: number | undefined): StreamSnapshot | undefined {
    const beside = this.#scope() + snapshotStream(stream, snapshot.name)
    return latestSnapshot(this.view, beside, { ...snapshot, ...(to !== undefined && { to }) })
  }

  /** The checked name of a stream as it is stored. */
  #stored(stream: string): string {
    this.check()
    checkStreamId(stream, this.limits)
    return this.#scope() + stream
  }
}
