/** A projection as code: which events it follows, under which key each of them counts, and how a row is made anew of it. */
import type { AnyEvent, EventOf } from '../../event/event-store.ts'
import { EventStoreError } from '../../event/error.ts'
import type { Event } from '../../event/event.ts'
import { categoryOf } from '../../event/stream-id.ts'
import { isPlainObject, jsonOf, type Json } from './json-state.ts'

/** A part of a key. */
export type KeyPart = string | number | boolean | null
/** A row is found by one value, or by several in a list. */
export type ProjectionKey = KeyPart | readonly KeyPart[]

export interface ProjectionSpec<State = unknown, E extends AnyEvent = AnyEvent> {
  /** Name of the topology that runs it, and under which readers find its rows. */
  readonly name: string
  /** What its rows mean: a whole number from 1 that grows when old rows no longer fit. */
  readonly revision: number
  /** Types of events it follows; all when left out. */
  readonly types?: readonly E['type'][]
  /** Categories of streams it follows; all when left out. */
  readonly categories?: readonly string[]
  /** What a row is before its first event: a value, or a function that makes one. */
  readonly initial: State | (() => State)
  /** Where an event counts; undefined: nowhere. */
  readonly key: (event: EventOf<E>) => ProjectionKey | undefined
  /** The row as it is after the event. It is given a copy, which it may change and return; null removes the row. */
  readonly fold: (state: State, event: EventOf<E>, key: readonly KeyPart[]) => State | null
  /** A row of an earlier revision as one of this; null removes it. Without it a new revision is folded from the first event on. */
  readonly upgrade?: (state: unknown, revision: number, key: readonly KeyPart[]) => State | null
}

/** A checked projection: what `projection` gives back, and a module exports. */
export type Projection<State = unknown, E extends AnyEvent = AnyEvent> = ProjectionSpec<State, E> & { readonly kind: 'projection' }

/** One whose types are not known, as it is found in a module. */
export type AnyProjection = Projection<unknown, AnyEvent>

const fields = ['name', 'revision', 'types', 'categories', 'initial', 'key', 'fold', 'upgrade'] as const

/** The projection itself, once every field is proved. INVALID names the field. */
export function checkedProjection<State, E extends AnyEvent>(spec: ProjectionSpec<State, E>): Projection<State, E> {
  if (!isPlainObject(spec)) throw refused('spec', 'takes one object')
  const known: readonly string[] = fields
  const unknown = Object.keys(spec).find(field => !known.includes(field) && field !== 'kind')
  if (unknown !== undefined) throw refused(unknown, `has no field ${unknown} (there are: ${fields.join(', ')})`)
  const { name, revision, types, categories, initial, key, fold, upgrade } = spec as ProjectionSpec<State, E>
  if (typeof name !== 'string' || name === '') throw refused('name', 'needs a name')
  if (!Number.isSafeInteger(revision) || revision < 1) throw refused('revision', 'revision must be a whole number from 1', name)
  refuseNames('types', types, name)
  refuseNames('categories', categories, name)
  if (initial === undefined) throw refused('initial', 'needs initial: what a row is before its first event', name)
  if (typeof initial !== 'function') refuseInitial(initial, name)
  if (typeof key !== 'function') throw refused('key', 'key must be a function of an event', name)
  if (typeof fold !== 'function') throw refused('fold', 'fold must be a function of a state and an event', name)
  if (upgrade !== undefined && typeof upgrade !== 'function')
    throw refused('upgrade', 'upgrade must be a function of a state and its revision', name)
  return Object.freeze({ ...spec, kind: 'projection' as const })
}

function refuseNames(field: 'types' | 'categories', names: unknown, projection: string): void {
  if (names === undefined) return
  const areNames = Array.isArray(names) && names.length > 0 && names.every(one => typeof one === 'string' && one !== '')
  if (!areNames || new Set(names).size < names.length)
    throw refused(field, `${field} must be a list of different names; leave it out to follow all`, projection)
}

function refuseInitial(initial: unknown, projection: string): void {
  try {
    jsonOf(initial)
  } catch (error) {
    throw refused('initial', `initial: ${error instanceof Error ? error.message : String(error)}`, projection)
  }
}

function refused(field: string, message: string, projection?: string): EventStoreError {
  const who = projection === undefined ? 'projection' : `projection ${projection}`
  return new EventStoreError('INVALID', `${who}: ${message}`, { field, ...(projection !== undefined && { projection }) })
}

/** True for what `projection` gave back, also by another copy of this package. */
export function isProjection(value: unknown): value is AnyProjection {
  return isPlainObject(value) && value['kind'] === 'projection' && typeof value['fold'] === 'function' && typeof value['key'] === 'function'
}

/** What an event makes of a row; `state` null: the row goes. */
export interface FoldedEvent {
  readonly key: readonly KeyPart[]
  readonly state: Json
}

/** Undefined when the event does not count. Throws what the functions throw, and a TypeError for answers that are no key or no JSON. */
export function foldEvent(
  projection: AnyProjection,
  event: Event,
  rowOf: (key: readonly KeyPart[]) => Json | undefined,
): FoldedEvent | undefined {
  if (!follows(projection, event)) return undefined
  const found = projection.key(event)
  if (found === undefined) return undefined
  const key = keyOf(found)
  return { key, state: stateOf(projection.fold(jsonOf(rowOf(key) ?? initialOf(projection)), event, key), 'fold') }
}

/** A row of an earlier revision as one of this. */
export function upgradeRow(projection: AnyProjection, state: Json, revision: number, key: readonly KeyPart[]): Json {
  return stateOf(projection.upgrade?.(jsonOf(state), revision, key), 'upgrade')
}

export function follows({ types, categories }: AnyProjection, { type, stream }: Pick<Event, 'type' | 'stream'>): boolean {
  return types?.includes(type) !== false && categories?.includes(categoryOf(stream)) !== false
}

function initialOf({ initial }: AnyProjection): unknown {
  return typeof initial === 'function' ? (initial as () => unknown)() : initial
}

/** A forgotten `return` must not cost a row. */
function stateOf(made: unknown, by: 'fold' | 'upgrade'): Json {
  if (made === undefined) throw new TypeError(`${by} returned nothing; return the state, or null to remove the row`)
  return jsonOf(made)
}

/** Equal keys are equal as text, so that a row is found again. */
function keyOf(found: unknown): readonly KeyPart[] {
  const key: readonly unknown[] = Array.isArray(found) ? found : [found]
  if (key.length === 0) throw new TypeError('key returned an empty list; return undefined to skip the event')
  return key.map(part => {
    if (part === null || typeof part === 'boolean' || (typeof part === 'string' && part.isWellFormed())) return part
    if (typeof part === 'number' && Number.isFinite(part)) return part + 0
    throw new TypeError(`a key is made of texts, numbers, booleans and null, not of ${typeof part === 'number' ? part : typeof part}`)
  })
}
