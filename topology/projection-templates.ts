/** Projections that are asked for again and again: what counts, adds up, keeps the latest or the last few by a key. */
import type { AnyEvent, EventOf } from '../event/event-store.ts'
import { EventStoreError } from '../event/error.ts'
import { projection, type Projection, type ProjectionSpec } from './projection.ts'

/** What a template leaves to its user. */
export type TemplateSpec<E extends AnyEvent> = Pick<ProjectionSpec<unknown, E>, 'name' | 'revision' | 'types' | 'categories' | 'key'>

/** How many events there were: rows `{ count }`. */
export function countBy<E extends AnyEvent = AnyEvent>(spec: TemplateSpec<E>): Projection<{ count: number }, E> {
  return projection<E, { count: number }>({ ...only(spec), initial: { count: 0 }, fold: ({ count }) => ({ count: count + 1 }) })
}

/** Of numbers that events hold: rows `{ count, sum }`. What is no finite number is a dead letter. Whole numbers are exact up to 2^53. */
export function sumBy<E extends AnyEvent = AnyEvent>(
  spec: TemplateSpec<E> & { readonly value: (event: EventOf<E>) => number },
): Projection<{ count: number; sum: number }, E> {
  const value = functionOf(spec, 'value')
  return projection<E, { count: number; sum: number }>({
    ...only(spec),
    initial: { count: 0, sum: 0 },
    fold({ count, sum }, event) {
      const added = value(event)
      if (!Number.isFinite(added)) throw new TypeError(`value must be a finite number, not ${String(added)}`)
      return { count: count + 1, sum: sum + added }
    },
  })
}

/** What the last event says: rows are what `value` takes of it, its data when left out. Null removes the row. */
export function latestBy<E extends AnyEvent = AnyEvent, Value = E['data']>(
  spec: TemplateSpec<E> & { readonly value?: (event: EventOf<E>) => Value | null },
): Projection<Value | null, E> {
  const value = spec.value === undefined ? ({ data }: EventOf<E>): Value => data as Value : functionOf(spec, 'value')
  return projection<E, Value | null>({ ...only(spec), initial: null, fold: (_, event) => value(event) as Value | null })
}

/** What the last few events say, the oldest first: rows are lists of at most `limit` of what `value` takes of them, their data when left out. */
export function listBy<E extends AnyEvent = AnyEvent, Value = E['data']>(
  spec: TemplateSpec<E> & { readonly limit: number; readonly value?: (event: EventOf<E>) => Value },
): Projection<readonly Value[], E> {
  const { limit, name } = spec
  if (!Number.isSafeInteger(limit) || limit < 1)
    throw new EventStoreError('INVALID', `projection ${name}: limit must be a whole number from 1`, { field: 'limit', projection: name })
  const value = spec.value === undefined ? ({ data }: EventOf<E>): Value => data as Value : functionOf(spec, 'value')
  return projection<E, readonly Value[]>({
    ...only(spec),
    initial: [],
    fold: (list, event) => [...list.slice(list.length < limit ? 0 : 1 + list.length - limit), value(event) as Value],
  })
}

function only<E extends AnyEvent>({ name, revision, types, categories, key }: TemplateSpec<E>): TemplateSpec<E> {
  return { name, revision, key, ...(types && { types }), ...(categories && { categories }) }
}

function functionOf<E extends AnyEvent, Made>(
  spec: TemplateSpec<E> & { readonly value?: (event: EventOf<E>) => Made },
  field: 'value',
): (event: EventOf<E>) => Made {
  const found = spec[field]
  if (typeof found === 'function') return found
  throw new EventStoreError('INVALID', `projection ${spec.name}: ${field} must be a function of an event`, { field, projection: spec.name })
}
