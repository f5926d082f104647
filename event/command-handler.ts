/** Commands against one stream: fold what happened, decide what happens now, append it where the fold stood, and again when somebody was faster. */
import { EventStoreError, isEventStoreError } from './error.ts'
import type { AppendResult, Durability, ExpectedVersion, StreamId, Version } from './event.ts'
import type { AggregateOptions, AnyEvent, EventOf, EventStore, NewEventOf, SnapshotPolicy } from './event-store.ts'

/** What a decision comes to: one event, several, or none. */
export type Decided<E extends AnyEvent> = NewEventOf<E> | readonly NewEventOf<E>[] | undefined

/** How an aggregate is folded, and what it says to commands. All of it is pure, but for a `decide` that has to ask somebody. */
export interface Decider<State, E extends AnyEvent, Command = never> extends Pick<AggregateOptions<State, E>, 'initialState' | 'evolve'> {
  /** Throws what refuses the command. */
  readonly decide: (command: Command, state: State) => Decided<E> | Promise<Decided<E>>
}

export interface CommandHandlerOptions<State, E extends AnyEvent, Command = never> extends Pick<
  AggregateOptions<State, E>,
  'initialState' | 'evolve'
> {
  /** Without it each call brings its own decision. */
  readonly decide?: Decider<State, E, Command>['decide']
  /** The stream of an id; the id itself when left out. */
  readonly stream?: (id: string) => StreamId
  /** How often it is decided anew when somebody else has appended meanwhile. Default 3. */
  readonly retries?: number
  /** Keeps the folded state, so that a long stream need not be folded whole. */
  readonly snapshot?: SnapshotPolicy
}

export interface HandleOptions {
  /** What the stream must look like; a conflict is then thrown and not tried again. */
  readonly expectedVersion?: ExpectedVersion
  readonly retries?: number
  readonly durability?: Durability
}

export interface Handled<State, E extends AnyEvent> {
  readonly stream: StreamId
  /** What was decided, as it is stored; none when nothing was. */
  readonly events: readonly EventOf<E>[]
  /** With these events. */
  readonly state: State
  /** Of the stream's last event that the state knows; 0 when it has none. */
  readonly version: Version
  /** Null when nothing was appended. */
  readonly append: AppendResult | null
}

/** The part of an event store that commands need. */
export type CommandStore = Pick<EventStore, 'aggregateStream' | 'appendToStream' | 'readStream'>

/**
 * `command` is given to `decide`; a function is a decision of its own. Errors: those of appends and reads; WRONG_EXPECTED_VERSION when the last try
 * met another writer as well; whatever the decision throws.
 */
export type Handle<State, E extends AnyEvent, Command = never> = (
  store: CommandStore,
  id: string,
  command: Command | ((state: State) => Decided<E> | Promise<Decided<E>>),
  options?: HandleOptions,
) => Promise<Handled<State, E>>

const retriesDefault = 3

/** Makes the function that handles commands. INVALID names what is wrong with the options. */
export function commandHandler<State, E extends AnyEvent, Command = never>(
  options: CommandHandlerOptions<State, E, Command>,
): Handle<State, E, Command> {
  for (const field of ['initialState', 'evolve'] as const) refuseUnless(typeof options[field] === 'function', field, 'a function')
  for (const field of ['decide', 'stream'] as const)
    refuseUnless(options[field] === undefined || typeof options[field] === 'function', field, 'a function')
  refuseRetries(options.retries)
  return (store, id, command, more = {}) => handle(options, { store, id, command, more })
}

interface Given<State, E extends AnyEvent, Command> {
  readonly store: CommandStore
  readonly id: string
  readonly command: Parameters<Handle<State, E, Command>>[2]
  readonly more: HandleOptions
}

async function handle<State, E extends AnyEvent, Command>(
  options: CommandHandlerOptions<State, E, Command>,
  { store, id, command, more }: Given<State, E, Command>,
): Promise<Handled<State, E>> {
  refuseUnless(typeof id === 'string' && id !== '', 'id', 'a text')
  refuseRetries(more.retries)
  const decide = decisionOf(options, command)
  const stream = options.stream?.(id) ?? id
  const tries = 1 + (more.expectedVersion === undefined ? (more.retries ?? options.retries ?? retriesDefault) : 0)
  for (let left = tries - 1; ; left--) {
    try {
      return await attempt(options, { store, stream, decide, more })
    } catch (error) {
      if (left <= 0 || !isEventStoreError(error, 'WRONG_EXPECTED_VERSION')) throw error
    }
  }
}

function decisionOf<State, E extends AnyEvent, Command>(
  { decide }: CommandHandlerOptions<State, E, Command>,
  command: Given<State, E, Command>['command'],
): (state: State) => Decided<E> | Promise<Decided<E>> {
  if (typeof command === 'function') return command as (state: State) => Decided<E>
  if (decide === undefined)
    throw new EventStoreError('INVALID', 'the handler has no decide, so a command must be a function of the state', { field: 'command' })
  return state => decide(command, state)
}

interface Attempt<State, E extends AnyEvent> {
  readonly store: CommandStore
  readonly stream: StreamId
  readonly decide: (state: State) => Decided<E> | Promise<Decided<E>>
  readonly more: HandleOptions
}

async function attempt<State, E extends AnyEvent>(
  { initialState, evolve, snapshot }: CommandHandlerOptions<State, E>,
  { store, stream, decide, more }: Attempt<State, E>,
): Promise<Handled<State, E>> {
  const loaded = await store.aggregateStream<State, E>(stream, { initialState, evolve, ...(snapshot && { snapshot }) })
  refuseOther(stream, more.expectedVersion, loaded.version)
  const decided = await decide(loaded.state)
  const made = decided === undefined ? [] : Array.isArray(decided) ? (decided as readonly NewEventOf<E>[]) : [decided as NewEventOf<E>]
  if (made.length === 0) return { stream, events: [], state: loaded.state, version: loaded.version, append: null }
  const append = await store.appendToStream<E>(stream, made, {
    expectedVersion: loaded.version === 0 ? 'none' : loaded.version,
    ...(more.durability !== undefined && { durability: more.durability }),
  })
  if (append.duplicate === true) throw new EventStoreError('INVALID', 'a command is not appended by a producer', { stream })
  return folded({ evolve, loaded }, await storedAs<E>(store, append), append)
}

/** Read back, so that the state is what the next fold of the stream will be. */
function storedAs<E extends AnyEvent>(
  store: CommandStore,
  { stream, firstVersion, version, position }: AppendResult,
): Promise<EventOf<E>[]> {
  return Array.fromAsync(store.readStream<E>(stream, { from: firstVersion, to: version, atLeast: position }))
}

/** Events that were stored before, by their ids, are in the state already. */
function folded<State, E extends AnyEvent>(
  { evolve, loaded }: { readonly evolve: AggregateOptions<State, E>['evolve']; readonly loaded: { state: State; version: Version } },
  events: readonly EventOf<E>[],
  append: AppendResult,
): Handled<State, E> {
  let { state, version } = loaded
  for (const event of events) {
    if (event.version <= loaded.version) continue
    state = evolve(state, event)
    version = event.version
  }
  return { stream: append.stream, events, state, version, append }
}

function refuseOther(stream: StreamId, expected: ExpectedVersion | undefined, actual: Version): void {
  const isAsExpected =
    expected === undefined || expected === 'any' || (expected === 'exists' ? actual > 0 : actual === (expected === 'none' ? 0 : expected))
  if (isAsExpected) return
  const message = `stream "${stream}" is at version ${actual}, expected ${expected}`
  throw new EventStoreError('WRONG_EXPECTED_VERSION', message, { stream, expected, actual })
}

function refuseRetries(retries: number | undefined): void {
  refuseUnless(retries === undefined || (Number.isSafeInteger(retries) && retries >= 0), 'retries', 'a whole number from 0')
}

function refuseUnless(isRight: boolean, field: string, what: string): void {
  if (!isRight) throw new EventStoreError('INVALID', `${field} must be ${what}`, { field })
}
