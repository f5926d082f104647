/**
 * The layout of a node's `state` database. Column `state`: rows of steps, rows of projections and events waiting to be sent; column
 * `meta`: a row a topology. All that one epoch changes goes in as one batch, so that state, positions and outbox are never apart.
 */
import { assert } from '../event/assert.ts'
import type { Place } from '../event/position.ts'
import type { Bytes, KeyValue, Rows } from './key-value.ts'
import { decodeRowKey, encodeRowKey } from './row-key.ts'

export type StateColumn = 'state' | 'meta'
export type StateStore = KeyValue<StateColumn>

/** First byte of a key in column `state`. */
const STEP = 1
const PROJECTION = 2
const OUTBOX = 3
const INDEX = 4
/** Kinds of rows that a topology has, by the first bytes of their keys. */
export const rowKinds = { step: STEP, projection: PROJECTION, outbox: OUTBOX, index: INDEX } as const
/** First byte of a key in column `meta`. */
const TOPOLOGY = 1
/** A scan gathers so many bytes at a time, so that no list is held whole. */
const SCAN_BYTES = 1024 * 1024
/** At first less, because some look at a few rows only. */
const FIRST_SCAN_BYTES = 16 * 1024

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** What the database knows of a topology as of its last epoch. */
export interface TopologyRow {
  /** Number of the deployment that wrote it: rows of another are leftovers. */
  readonly deployment: number
  readonly status: 'running' | 'ended'
  readonly epoch: number
  /** Of the last row folded; null before the first. */
  readonly place: Place | null
  /** Rows taken from the source. */
  readonly rows: number
  /** Last sequence folded of each partition. */
  readonly sequences: Readonly<Record<string, number>>
  /** Last number given to an event of each lane `<step>/<partition>`. */
  readonly lanes: Readonly<Record<string, number>>
  /** Last number given to a row of the outbox. */
  readonly outbox: number
  readonly projections: readonly string[]
  /** Rows in, out, late, suspect, dead of each step since the deployment. */
  readonly counters: Readonly<Record<string, readonly number[]>>
  /** Number of the event that brought the version of the topology that wrote it; left out for the first. */
  readonly revised?: number
  /** It was folded again from the start, so the log may hold events that it is yet to send. */
  readonly isRepeating?: boolean
}

/** Bytes before the rest of the key: kind, then each name behind its length. */
export function prefixOf(kind: number, ...names: readonly string[]): Bytes {
  const parts = names.map(name => encoder.encode(name))
  const key = new Uint8Array(parts.reduce((sum, part) => sum + 2 + part.length, 1))
  key[0] = kind
  let at = 1
  for (const part of parts) {
    key[at] = part.length >> 8
    key[at + 1] = part.length & 255
    key.set(part, at + 2)
    at += 2 + part.length
  }
  return key
}

/**
 * Rows of a step that were made anew, or begun anew, by a new version of the topology lie apart from those of before, so that both are there until
 * one event says which are good: by step, how often that was.
 */
export type Generations = Readonly<Record<string, number>>

/** Prefix of the rows of one step in one version of their shape. */
export function stepPrefix(topology: string, step: string, schemaVersion: number, generation = 0): Bytes {
  return prefixOf(STEP, topology, step, generation === 0 ? String(schemaVersion) : `${schemaVersion}.${generation}`)
}

export function projectionPrefix(projection: string): Bytes {
  return prefixOf(PROJECTION, projection)
}

/** Prefix of the rows of a projection's index by one field, or of all its indexes. */
export function indexPrefix(projection: string, ...field: readonly [] | readonly [string]): Bytes {
  return prefixOf(INDEX, projection, ...field)
}

export function outboxPrefix(topology: string): Bytes {
  return prefixOf(OUTBOX, topology)
}

/** The rest of an outbox row's key: its number, so that rows sort in the order of sending. */
export function outboxNumber(number: number): Bytes {
  const key = new Uint8Array(8)
  new DataView(key.buffer).setBigUint64(0, BigInt(number))
  return key
}

export function topologyKey(topology: string): Bytes {
  return prefixOf(TOPOLOGY, topology)
}

export function encodeTopologyRow(row: TopologyRow): Bytes {
  return encoder.encode(JSON.stringify(row))
}

/** Undefined when no epoch was written yet. */
export function readTopologyRow(store: StateStore, topology: string): TopologyRow | undefined {
  const value = store.get('meta', topologyKey(topology))
  return value && (JSON.parse(decoder.decode(value)) as TopologyRow)
}

/** Every topology that left rows, by name. */
export function readTopologyRows(store: StateStore): Map<string, TopologyRow> {
  const found = new Map<string, TopologyRow>()
  for (const [key, value] of scanPrefix(store, 'meta', Uint8Array.of(TOPOLOGY))) {
    found.set(decoder.decode(key.subarray(2)), JSON.parse(decoder.decode(value)) as TopologyRow)
  }
  return found
}

/** Rows whose keys begin with a prefix, in order; the keys come without it. */
export function* scanPrefix(store: StateStore, column: StateColumn, prefix: Bytes): Generator<readonly [key: Bytes, value: Bytes]> {
  for (const [key, value] of scanRange(store, column, prefix, after(prefix))) yield [key.subarray(prefix.length), value]
}

/** Rows of a range of keys, in order. */
export function* scanRange(store: StateStore, column: StateColumn, gte: Bytes, lt: Bytes): Generator<readonly [key: Bytes, value: Bytes]> {
  let last: Bytes | undefined
  for (let bytes = FIRST_SCAN_BYTES; ; bytes = Math.min(4 * bytes, SCAN_BYTES)) {
    const rows: Rows = store.scan(column, { ...(last ? { gt: last } : { gte }), lt, bytes, cache: false })
    for (let i = 0; i < rows.keys.length; i++) yield [rows.keys[i]!, rows.values[i]!]
    if (rows.keys.length === 0) return
    last = rows.keys[rows.keys.length - 1]
  }
}

/** The first key behind all that begin with the prefix. */
export function after(prefix: Bytes): Bytes {
  const end = prefix.slice()
  for (let i = end.length - 1; i >= 0; i--) {
    if (end[i] === 255) continue
    end[i]!++
    return end.subarray(0, i + 1)
  }
  assert(false, 'a prefix begins with its kind')
}

/** The JSON text of a projection's row. */
export function readProjectionRow(store: StateStore, projection: string, key: readonly unknown[]): string | undefined {
  const value = store.get('state', joinBytes(projectionPrefix(projection), encodeRowKey(key)))
  return value && decoder.decode(value)
}

export interface ProjectionRow {
  readonly key: readonly unknown[]
  /** JSON text. */
  readonly text: string
}

/** Rows whose keys begin with the elements of `prefix`, after `after`. */
export interface RowRange {
  readonly prefix?: readonly unknown[]
  readonly after?: readonly unknown[]
}

/** Rows of a projection in the order of their keys. */
export function* readProjection(store: StateStore, projection: string, range: RowRange = {}): Generator<ProjectionRow> {
  const own = projectionPrefix(projection)
  for (const [key, value] of scanRange(store, 'state', ...rowRange(own, range))) {
    yield { key: decodeRowKey(key.subarray(own.length)), text: decoder.decode(value) }
  }
}

/** Where rows begin and end whose keys stand behind a prefix of ours. */
export function rowRange(own: Bytes, { prefix = [], after: last }: RowRange): readonly [gte: Bytes, lt: Bytes] {
  const first = joinBytes(own, encodeRowKey(prefix))
  const from = last && joinBytes(own, encodeRowKey(last), Uint8Array.of(0))
  return [from !== undefined && Buffer.compare(from, first) > 0 ? from : first, joinBytes(first, Uint8Array.of(255))]
}

/** Removes all that a topology left. The row in `meta` goes last, so that a drop cut short is found and done again. */
export function dropTopology(store: StateStore, topology: string): void {
  for (const prefix of prefixesOf(store, topology)) store.deleteRange('state', prefix, after(prefix))
  const batch = store.batch()
  batch.delete('meta', topologyKey(topology))
  store.write(batch, { sync: true })
}

/** Where all that a topology holds in column `state` begins. */
export function prefixesOf(store: StateStore, topology: string): Bytes[] {
  const names = readTopologyRow(store, topology)?.projections ?? []
  return [prefixOf(STEP, topology), outboxPrefix(topology), ...names.flatMap(name => [projectionPrefix(name), indexPrefix(name)])]
}

export function joinBytes(...parts: readonly Bytes[]): Bytes {
  return Buffer.concat(parts)
}
