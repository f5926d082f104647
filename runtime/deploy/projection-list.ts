/** Lists of a projection: rows of the database with those that are folded and not durable yet among them, all of them or those found by an index. */
import { rowKeyText, type FoldedRow } from '../../actors/projection.ts'
import { EventStoreError } from '../../event/error.ts'
import type { StateListOptions } from '../../event/projections.ts'
import type { Bytes } from '../../store/key-value.ts'
import { indexValue, readIndexed } from '../../store/state-index.ts'
import { type ProjectionRow, readProjection, type RowRange, type StateStore } from '../../store/state.ts'
import type { ProjectionReaderParts } from './projection-reader.ts'

/** Rows after which the event loop gets a turn. */
const TURN_ROWS = 1024

type FoldedEntry = readonly [keyText: string, row: FoldedRow]

/** Fields and what they must hold, by `indexValue`. */
type Wanted = readonly (readonly [field: string, value: Bytes])[]

export async function* listRows(
  parts: ProjectionReaderParts,
  options: StateListOptions,
): AsyncGenerator<{ key: readonly unknown[]; value: unknown }> {
  const { limit = Number.POSITIVE_INFINITY, prefix, after } = options
  const { projection, owner } = parts
  const { name, home, run, indexed } = owner()
  if (limit < 0 || Number.isNaN(limit)) throw new EventStoreError('INVALID', 'limit must be a number from 0', { field: 'limit' })
  const wanted = wantedOf(options.where, indexed, projection)
  let left = limit
  let untilTurn = TURN_ROWS
  const range = { ...(prefix && { prefix }), ...(after && { after }) }
  const past = options.asOf === undefined ? undefined : await parts.past(options.asOf, { ...range, ...(!wanted && { limit }) })
  const folded = (!past && (await run?.ask(thread => thread.control.foldedRows(home + name, projection), []))) || []
  for (const row of past?.rows ??
    merged(storedRows({ store: parts.store, stored: home + projection }, wanted, range), folded.filter(inRange(prefix, after)))) {
    if (--untilTurn <= 0) {
      untilTurn = TURN_ROWS
      await new Promise<void>(resolve => void setImmediate(resolve))
      owner()
    }
    const value: unknown = JSON.parse(row.text)
    if (wanted && !hasAll(value, wanted)) continue
    if (left-- <= 0) return
    yield { key: row.key, value }
  }
}

function storedRows(
  { store, stored }: { readonly store: StateStore; readonly stored: string },
  wanted: Wanted | undefined,
  range: RowRange,
): Iterable<ProjectionRow> {
  const [first] = wanted ?? []
  return first ? readIndexed(store, stored, { field: first[0], value: first[1], ...range }) : readProjection(store, stored, range)
}

/** INVALID names what could be asked for. */
function wantedOf(where: StateListOptions['where'], indexed: readonly string[], projection: string): Wanted | undefined {
  if (where === undefined) return undefined
  const known = indexed.length === 0 ? 'it has no index' : `indexed: ${indexed.join(', ')}`
  const refuse = (message: string): EventStoreError => new EventStoreError('INVALID', message, { field: 'where', indexed })
  if (typeof where !== 'object' || where === null || Array.isArray(where) || Object.keys(where).length === 0)
    throw refuse(`where must be { field: value }; projection ${projection}: ${known}`)
  const missing = Object.keys(where).find(field => !indexed.includes(field))
  if (missing !== undefined) throw refuse(`projection ${projection} has no index of ${JSON.stringify(missing)} (${known})`)
  return Object.entries(where).map(([field, value]) => {
    if (!isJson(value)) throw refuse(`where.${field} must be a JSON value`)
    return [field, indexValue(where, field)]
  })
}

function isJson(value: unknown): boolean {
  try {
    return JSON.stringify(value) !== undefined
  } catch {
    return false
  }
}

function hasAll(value: unknown, wanted: Wanted): boolean {
  return wanted.every(([field, bytes]) => Buffer.compare(indexValue(value, field), bytes) === 0)
}

export function inRange(prefix: readonly unknown[] = [], after: readonly unknown[] | undefined): (row: FoldedEntry) => boolean {
  const wanted = rowKeyText(prefix)
  const last = after && rowKeyText(after)
  return ([keyText, { key }]) =>
    keyText.startsWith(wanted) && rowKeyText(key.slice(0, prefix.length)) === wanted && (last === undefined || keyText > last)
}

/** Both in the order of their keys; of a key that both have, the folded row is the newer. */
function* merged(stored: Iterable<ProjectionRow>, folded: readonly FoldedEntry[]): Generator<ProjectionRow> {
  let next = 0
  for (const row of stored) {
    const keyText = rowKeyText(row.key)
    for (; next < folded.length && folded[next]![0] < keyText; next++) yield* alive(folded[next]![1])
    if (folded[next]?.[0] === keyText) yield* alive(folded[next++]![1])
    else yield row
  }
  for (; next < folded.length; next++) yield* alive(folded[next]![1])
}

function* alive({ key, text }: FoldedRow): Generator<ProjectionRow> {
  if (text !== undefined) yield { key, text }
}
