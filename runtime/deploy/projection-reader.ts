/** Reads of a projection: rows that are folded but not durable yet from the pipeline, all others from the database. */
import { type FoldedRow, rowKeyText } from '../../actors/projection.ts'
import { EventStoreError } from '../../event/error.ts'
import type { Position } from '../../event/event.ts'
import type { AsOf } from '../../event/event-store.ts'
import { type Place, positionOf } from '../../event/position.ts'
import type { ProjectionReader, StateListOptions, StateRow } from '../../event/projections.ts'
import type { Scope } from '../../event/scope.ts'
import { readProjection, readProjectionRow, readTopologyRow, type StateStore } from '../../store/state.ts'
import type { PastRows } from './pipeline-host.ts'
import { inRange, type RowRange } from './row-range.ts'
import type { TopologyRun } from './topology-run.ts'

export type { ProjectionReader, StateListOptions, StateRow } from '../../event/projections.ts'

export interface ProjectionReaderParts {
  readonly store: StateStore
  readonly scope: Scope
  readonly projection: string
  /** The topology that writes it, and its run while it has one. Throws NOT_FOUND or CLOSED. */
  owner(): { readonly name: string; readonly run: TopologyRun | undefined }
  /** Rows as of an earlier time. */
  past(asOf: AsOf, rows: RowRange): Promise<PastRows>
}

/** Rows after which the event loop gets a turn. */
const TURN_ROWS = 1024

export function projectionReader(parts: ProjectionReaderParts): ProjectionReader {
  return {
    get(key, { asOf } = {}) {
      const all = Array.isArray(key) ? key : [key]
      return asOf === undefined ? getRow(parts, all) : getPastRow(parts, all, asOf)
    },
    list: options => listRows(parts, options ?? {}),
  }
}

async function getPastRow(parts: ProjectionReaderParts, key: readonly unknown[], asOf: AsOf): Promise<StateRow | undefined> {
  const { rows, place } = await parts.past(asOf, { key })
  return rows[0] && { key, value: JSON.parse(rows[0].text), position: textOfPlace(place), durable: true }
}

async function getRow({ store, scope, projection, owner }: ProjectionReaderParts, key: readonly unknown[]): Promise<StateRow | undefined> {
  const { name, run } = owner()
  const folded = await run?.ask(thread => thread.control.folded(scope + name, projection, key), null)
  if (folded) {
    const { text, position } = folded
    return text === undefined ? undefined : { key, value: JSON.parse(text), position: textOfPlace(position.place), durable: false }
  }
  owner()
  // The place first: the row read after it can only be newer.
  const place = readTopologyRow(store, scope + name)?.place ?? null
  const text = readProjectionRow(store, scope + projection, key)
  return text === undefined ? undefined : { key, value: JSON.parse(text), position: textOfPlace(place), durable: true }
}

function textOfPlace(place: Place | null): Position | null {
  return place && positionOf(place.stamp, place.partition, place.sequence)
}

async function* listRows(
  parts: ProjectionReaderParts,
  options: StateListOptions,
): AsyncGenerator<{ key: readonly unknown[]; value: unknown }> {
  const { prefix, limit = Number.POSITIVE_INFINITY, after, asOf } = options
  const { name, run } = parts.owner()
  if (limit < 0 || Number.isNaN(limit)) throw new EventStoreError('INVALID', 'limit must be a number from 0', { field: 'limit' })
  if (asOf !== undefined) return yield* listPast(parts, options, asOf)
  const folded = (await run?.ask(thread => thread.control.foldedRows(parts.scope + name, parts.projection), [])) ?? []
  let left = limit
  let untilTurn = TURN_ROWS
  for (const row of merged(
    readProjection(parts.store, parts.scope + parts.projection, { ...(prefix && { prefix }), ...(after && { after }) }),
    folded.filter(inRange(prefix, after)),
  )) {
    if (left-- <= 0) return
    yield { key: row.key, value: JSON.parse(row.text) }
    if (--untilTurn > 0) continue
    untilTurn = TURN_ROWS
    await new Promise<void>(resolve => void setImmediate(resolve))
    parts.owner()
  }
}

async function* listPast(
  parts: ProjectionReaderParts,
  { prefix, after, limit }: StateListOptions,
  asOf: AsOf,
): AsyncGenerator<{ key: readonly unknown[]; value: unknown }> {
  const { rows } = await parts.past(asOf, { ...(prefix && { prefix }), ...(after && { after }), ...(limit !== undefined && { limit }) })
  for (const { key, text } of rows) yield { key, value: JSON.parse(text) }
}

interface TextRow {
  readonly key: readonly unknown[]
  readonly text: string
}

/** Both in the order of their keys; of a key that both have, the folded row is the newer. */
function* merged(stored: Iterable<TextRow>, folded: readonly (readonly [keyText: string, row: FoldedRow])[]): Generator<TextRow> {
  let next = 0
  for (const row of stored) {
    const keyText = rowKeyText(row.key)
    for (; next < folded.length && folded[next]![0] < keyText; next++) yield* alive(folded[next]![1])
    if (folded[next]?.[0] === keyText) yield* alive(folded[next++]![1])
    else yield row
  }
  for (; next < folded.length; next++) yield* alive(folded[next]![1])
}

function* alive({ key, text }: FoldedRow): Generator<TextRow> {
  if (text !== undefined) yield { key, text }
}
