/** Given and then for a projection: what happened, and the rows that come of it. Needs no test framework: what is not so throws an AssertionError. */
import { strict as assert } from 'node:assert'
import { rowKeyText } from '../../actors/projection.ts'
import type { AnyEvent, NewEventOf } from '../../event/event-store.ts'
import type { Json } from '../../operators/keyed/json-state.ts'
import {
  type AnyProjection,
  foldEvent,
  type KeyPart,
  type Projection,
  type ProjectionKey,
  upgradeRow,
} from '../../operators/keyed/projection-spec.ts'
import { notAwaited } from './decider.ts'
import { givenEvents } from './given-events.ts'

/** A row and where it is found. */
export type ExpectedRow<State> = readonly [key: ProjectionKey, value: State]

export interface ProjectionThen<State> {
  /** These rows and no others, in any order. */
  then(rows: readonly ExpectedRow<State>[]): void
  /** An event, or an upgrade, is refused, so that it would be a dead letter, or the old revision would stay. */
  thenThrows(message?: string | RegExp): void
}

export interface ProjectionSpecification<State, E extends AnyEvent> {
  /** What happened, in order; `stream` says where, `given-1` when it is left out. */
  given(events: readonly (NewEventOf<E> & { readonly stream?: string })[]): ProjectionThen<State>
  /** Rows as an earlier revision left them, and what happened since. */
  givenRows(
    revision: number,
    rows: readonly ExpectedRow<unknown>[],
  ): ProjectionThen<State> & Pick<ProjectionSpecification<State, E>, 'given'>
}

interface Row {
  readonly key: readonly KeyPart[]
  readonly state: Json
}
type Rows = ReadonlyMap<string, Row>

/** Begins a specification of a projection. */
export function projectionSpec<State, E extends AnyEvent>(projection: Projection<State, E>): ProjectionSpecification<State, E> {
  // What its events are is the business of whoever gives them.
  const any = projection as unknown as AnyProjection
  const given = (before: () => Rows, events: readonly unknown[]): ProjectionThen<State> => then(() => folded(any, before(), events))
  return {
    given: events => given(() => new Map(), events),
    givenRows(revision, rows) {
      const upgraded = (): Rows => upgradedRows(any, revision, rows)
      return { ...then<State>(upgraded), given: events => given(upgraded, events) }
    },
  }
}

function folded(projection: AnyProjection, before: Rows, events: readonly unknown[]): Rows {
  const rows = new Map(before)
  for (const event of givenEvents(events as Parameters<typeof givenEvents>[0])) {
    const made = foldEvent(projection, event, key => rows.get(rowKeyText(key))?.state)
    if (made?.state === null) rows.delete(rowKeyText(made.key))
    else if (made !== undefined) rows.set(rowKeyText(made.key), made)
  }
  return rows
}

function upgradedRows(projection: AnyProjection, revision: number, rows: readonly ExpectedRow<unknown>[]): Rows {
  const upgraded = rows.map(([found, value]): Row => {
    const key = listOf(found)
    return { key, state: upgradeRow(projection, value as Json, revision, key) }
  })
  return new Map(upgraded.filter(({ state }) => state !== null).map(row => [rowKeyText(row.key), row]))
}

function listOf(key: ProjectionKey): readonly KeyPart[] {
  return Array.isArray(key) ? (key as readonly KeyPart[]) : [key as KeyPart]
}

function then<State>(run: () => Rows): ProjectionThen<State> {
  return {
    // oxlint-disable-next-line unicorn/no-thenable -- it is the word for it; awaited by mistake, it says so
    then(expected) {
      notAwaited(expected)
      const actual = [...run()].map(([text, { key, state }]) => [text, [key, state]] as const)
      const wanted = expected.map(([key, value]) => [rowKeyText(listOf(key)), [listOf(key), value]] as const)
      assert.deepEqual(inOrder(actual), inOrder(wanted), 'other rows came of the events than were expected')
    },
    thenThrows(message) {
      assert.throws(run, (error: unknown) => message === undefined || saying(error, message))
    },
  }
}

function inOrder(rows: readonly (readonly [text: string, row: unknown])[]): unknown[] {
  return rows.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
}

function saying(error: unknown, message: string | RegExp): boolean {
  const text = error instanceof Error ? error.message : String(error)
  return typeof message === 'string' ? text.includes(message) : message.test(text)
}
