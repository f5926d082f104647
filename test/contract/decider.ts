/** Given, when, then for a decider: what happened, what is asked, what comes of it. Needs no test framework: what is not so throws an AssertionError. */
import { strict as assert } from 'node:assert'
import type { Decided, Decider } from '../../event/command-handler.ts'
import { isEventStoreError, type ErrorCode } from '../../event/error.ts'
import type { Event } from '../../event/event.ts'
import type { AnyEvent, EventOf, NewEventOf } from '../../event/event-store.ts'
import { givenEvents } from './given-events.ts'

/** What a refusal must be like: a part of its message, a pattern, the class of the error, a code of `EventStoreError`, or a function that looks. */
export type Refusal =
  | string
  | RegExp
  | { readonly code: ErrorCode }
  // Constructors take whatever they take.
  | (new (...words: never[]) => Error)
  | ((error: Error) => boolean)

/** `Done` is a promise where `decide` is async, and nothing where it is not. */
export interface DecidedThen<E extends AnyEvent, Done> {
  /** These events and no others, in this order; of each what is named here. */
  then(events: NewEventOf<E> | readonly NewEventOf<E>[]): Done
  /** Nothing has happened. */
  thenNothing(): Done
  /** The command is refused; any error will do when left out. */
  thenThrows(refusal?: Refusal): Done
}

export interface GivenDecider<E extends AnyEvent, Command, Done> {
  when(command: Command): DecidedThen<E, Done>
}

export interface DeciderSpecification<E extends AnyEvent, Command, Done> {
  /** What happened before; nothing when left out. */
  given(events?: NewEventOf<E> | readonly NewEventOf<E>[]): GivenDecider<E, Command, Done>
}

type Deciding<State, E extends AnyEvent, Command, Answer> = Omit<Decider<State, E>, 'decide'> & {
  readonly decide: (command: Command, state: State) => Answer
}

/** Begins a specification of a decider. */
export function decider<State, E extends AnyEvent, Command>(
  decider: Deciding<State, E, Command, Decided<E>>,
): DeciderSpecification<E, Command, void>
export function decider<State, E extends AnyEvent, Command>(
  decider: Deciding<State, E, Command, Promise<Decided<E>>>,
): DeciderSpecification<E, Command, Promise<void>>
export function decider<State, E extends AnyEvent, Command>({
  initialState,
  evolve,
  decide,
}: Deciding<State, E, Command, unknown>): DeciderSpecification<E, Command, void | Promise<void>> {
  return {
    given: (events = []) => ({
      when(command) {
        const happened = givenEvents(events as NewEventOf<E>) as unknown as readonly EventOf<E>[]
        const run = (): unknown => decide(command, happened.reduce(evolve, initialState()))
        return {
          // oxlint-disable-next-line unicorn/no-thenable -- it is the word for it; awaited by mistake, it says so
          then: wanted => check(run, compare(notAwaited(wanted))),
          thenNothing: () => check(run, compare([])),
          thenThrows: refusal => refused(run, refusal),
        }
      },
    }),
  }
}

/** `await` calls a `then` with functions. */
export function notAwaited<Wanted>(wanted: Wanted): Wanted {
  if (typeof wanted !== 'function') return wanted
  throw new TypeError('a specification is not awaited: say what is expected with then(…)')
}

type Look = (answer: unknown) => void

function check(run: () => unknown, look: Look): void | Promise<void> {
  const answer = run()
  return answer instanceof Promise ? answer.then(look) : look(answer)
}

function compare(wanted: unknown): Look {
  const expected = listOf(wanted)
  return answer => {
    const actual = listOf(answer)
    const shown = actual.map((event, at) => asNamed(event, expected[at]))
    assert.deepEqual(shown, expected.map(plain), 'other events came of the command than were expected')
  }
}

function listOf(events: unknown): readonly Partial<Event>[] {
  if (events === undefined) return []
  return Array.isArray(events) ? (events as readonly Partial<Event>[]) : [events as Partial<Event>]
}

/** Type and data always; of the rest what the expected event names. */
function asNamed(event: Partial<Event>, expected: Partial<Event> | undefined): unknown {
  const names = new Set(['type', 'data', ...Object.keys(expected ?? {})])
  return plain(Object.fromEntries(Object.entries(event).filter(([name]) => names.has(name))))
}

/** As JSON would bring it back: a field that is undefined is none. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || value instanceof Date) return value
  if (Array.isArray(value)) return value.map(plain)
  return Object.fromEntries(Object.entries(value).flatMap(([name, field]) => (field === undefined ? [] : [[name, plain(field)]])))
}

function refused(run: () => unknown, refusal: Refusal | undefined): void | Promise<void> {
  const isNot = (answer: unknown): never => {
    throw new assert.AssertionError({
      message: 'the command was taken, and a refusal was expected',
      actual: listOf(answer),
      operator: 'thenThrows',
    })
  }
  let answer: unknown
  try {
    answer = run()
  } catch (error) {
    return matches(error, refusal)
  }
  if (!(answer instanceof Promise)) return isNot(answer)
  return answer.then(isNot, (error: unknown) => matches(error, refusal))
}

function matches(error: unknown, refusal: Refusal | undefined): void {
  if (refusal === undefined || fits(error, refusal)) return
  const message = 'the command was refused in another way than was expected'
  throw new assert.AssertionError({ message, actual: error, expected: refusal, operator: 'thenThrows' })
}

function fits(error: unknown, refusal: Refusal): boolean {
  const message = error instanceof Error ? error.message : String(error)
  if (typeof refusal === 'string') return message.includes(refusal)
  if (refusal instanceof RegExp) return refusal.test(message)
  if (typeof refusal === 'object') return isEventStoreError(error, refusal.code)
  const isClass = refusal === Error || refusal.prototype instanceof Error
  return isClass ? error instanceof refusal : error instanceof Error && (refusal as (error: Error) => boolean)(error)
}
