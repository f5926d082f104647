/**
 * Savepoints in the `state` database: a copy of all rows of a topology as one epoch left them, under a prefix of its own, and a row in `meta` that is
 * written last, so that a savepoint is whole or not there. The copy names no slot: it can be restored into any.
 */
import type { Bytes } from './key-value.ts'
import { readStoredName, slotScope } from './slot.ts'
import {
  after,
  encodeTopologyRow,
  joinBytes,
  prefixesOf,
  prefixOf,
  readTopologyRow,
  rowKinds,
  scanPrefix,
  type StateStore,
  topologyKey,
  type TopologyRow,
} from './state.ts'

/** First byte of a key in column `state`, and in column `meta`. */
const ROWS = 5
const SAVEPOINT = 2
/** So much is copied before others get a turn. */
const CHUNK_BYTES = 1024 * 1024

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export interface SavepointRow<Detail = unknown> {
  readonly id: string
  /** What the topology's last epoch before it said; null when there was none. */
  readonly row: TopologyRow | null
  /** Rows, and bytes of their keys and values. */
  readonly rows: number
  readonly bytes: number
  /** What the caller wants to know of it later; plain JSON. */
  readonly detail: Detail
}

/** `topology`: behind its scope, without a slot. */
const rowsPrefix = (topology: string, ...id: readonly [] | readonly [string]): Bytes => prefixOf(ROWS, topology, ...id)
const metaKey = (topology: string, ...id: readonly [] | readonly [string]): Bytes => prefixOf(SAVEPOINT, topology, ...id)

/** Oldest first. */
export function readSavepoints<Detail>(store: StateStore, topology: string): SavepointRow<Detail>[] {
  return Array.from(scanPrefix(store, 'meta', metaKey(topology)), ([, value]) => JSON.parse(decoder.decode(value)) as SavepointRow<Detail>)
}

/** Names of the topologies that have savepoints, behind their scopes. */
export function topologiesWithSavepoints(store: StateStore): Set<string> {
  return new Set(Array.from(scanPrefix(store, 'meta', Uint8Array.of(SAVEPOINT)), ([key]) => firstName(key)))
}

/** Copies what the database holds of a topology under its stored name. Whoever may write it waits meanwhile. */
export function* writeSavepoint(
  store: StateStore,
  { stored, id, detail }: { readonly stored: string; readonly id: string; readonly detail: unknown },
): Generator<void, SavepointRow> {
  const topology = withoutSlot(stored)
  const to = rowsPrefix(topology, id)
  const row = readTopologyRow(store, stored) ?? null
  store.deleteRange('state', to, after(to))
  const copied = { rows: 0, bytes: 0 }
  for (const prefix of prefixesOf(store, stored))
    for (const [rest, value] of scanPrefix(store, 'state', prefix)) yield* chunked(store, joinBytes(to, tagOf(prefix), rest), value, copied)
  const saved: SavepointRow = { id, row, ...(yield* finished(store, copied)), detail }
  const batch = store.batch()
  batch.put('meta', metaKey(topology, id), encoder.encode(JSON.stringify(saved)))
  store.write(batch, { sync: true })
  return saved
}

/**
 * Copies the rows of a savepoint to a topology's stored name, in another slot than the one in use. `row` is what its epochs go on from; null begins
 * without one.
 */
export function* readBack(
  store: StateStore,
  { stored, id, row }: { readonly stored: string; readonly id: string; readonly row: TopologyRow | null },
): Generator<void, void> {
  const { scope, slot } = readStoredName(stored)
  const home = slotScope(scope, slot)
  const copied = { rows: 0, bytes: 0 }
  for (const [key, value] of scanPrefix(store, 'state', rowsPrefix(withoutSlot(stored), id)))
    yield* chunked(store, untagged(key, { stored, home }), value, copied)
  yield* finished(store, copied)
  const batch = store.batch()
  if (row) batch.put('meta', topologyKey(stored), encodeTopologyRow({ ...row, projections: moved(row.projections, home) }))
  store.write(batch, { sync: true })
}

/** Stored names of projections, in another slot. */
export function moved(projections: readonly string[], home: string): string[] {
  return projections.map(projection => home + readStoredName(projection).name)
}

/** The row in `meta` goes first: what is left of the others is of no savepoint. */
export function dropSavepoint(store: StateStore, topology: string, id: string): void {
  const batch = store.batch()
  batch.delete('meta', metaKey(topology, id))
  store.write(batch, { sync: true })
  const rows = rowsPrefix(topology, id)
  store.deleteRange('state', rows, after(rows))
}

/** Rows of savepoints whose making or dropping was cut short. */
export function dropHalfSavepoints(store: StateStore): void {
  let from: Bytes = Uint8Array.of(ROWS)
  const end = Uint8Array.of(ROWS + 1)
  for (;;) {
    const [key] = store.scan('state', { gte: from, lt: end, limit: 1, cache: false }).keys
    if (key === undefined) return
    const topology = firstName(key.subarray(1))
    const id = firstName(key.subarray(1 + nameBytes(key, 1)))
    const rows = rowsPrefix(topology, id)
    from = after(rows)
    if (store.get('meta', metaKey(topology, id)) === undefined) store.deleteRange('state', rows, from)
  }
}

interface Copied {
  rows: number
  bytes: number
  batch?: ReturnType<StateStore['batch']>
  waiting?: number
}

function* chunked(store: StateStore, key: Bytes, value: Bytes, copied: Copied): Generator<void, void> {
  const batch = (copied.batch ??= store.batch())
  batch.put('state', key, value)
  const bytes = key.length + value.length
  copied.rows++
  copied.bytes += bytes
  copied.waiting = (copied.waiting ?? 0) + bytes
  if (copied.waiting < CHUNK_BYTES) return
  writeChunk(store, copied)
  yield
}

function writeChunk(store: StateStore, copied: Copied): void {
  if (copied.batch) store.write(copied.batch, { sync: false })
  copied.batch?.clear()
  copied.waiting = 0
}

function* finished(store: StateStore, copied: Copied): Generator<void, { rows: number; bytes: number }> {
  writeChunk(store, copied)
  yield
  return { rows: copied.rows, bytes: copied.bytes }
}

function withoutSlot(stored: string): string {
  const { scope, name } = readStoredName(stored)
  return scope + name
}

/** What stands before the rest of a key in a savepoint: the kind of row, and for rows of projections the name, without its slot. */
function tagOf(prefix: Bytes): Bytes {
  const kind = prefix[0]!
  if (kind === rowKinds.step || kind === rowKinds.outbox) return Uint8Array.of(kind)
  return prefixOf(kind, readStoredName(firstName(prefix.subarray(1))).name)
}

function untagged(key: Bytes, { stored, home }: { readonly stored: string; readonly home: string }): Bytes {
  const kind = key[0]!
  if (kind === rowKinds.step || kind === rowKinds.outbox) return joinBytes(prefixOf(kind, stored), key.subarray(1))
  const name = firstName(key.subarray(1))
  return joinBytes(prefixOf(kind, home + name), key.subarray(1 + nameBytes(key, 1)))
}

function nameBytes(key: Bytes, at: number): number {
  return 2 + ((key[at]! << 8) | key[at + 1]!)
}

function firstName(key: Bytes): string {
  return decoder.decode(key.subarray(2, nameBytes(key, 0)))
}
