/** Reads of a projection: rows that are folded but not durable yet from the pipeline, all others from the database. */
import type { Position } from '../../event/event.ts'
import type { HotProjectionReader, StateListOptions, StateRow } from '../../event/projections.ts'
import type { Scope } from '../../event/scope.ts'
import { RowKey } from '../../store/row-key.ts'
import { readProjectionRow, readTopologyRow, type StateStore } from '../../store/state.ts'
import { type HotProjection, textOfPlace } from './hot-memory.ts'
import { listRows } from './projection-list.ts'
import type { TopologyRun } from './topology-run.ts'

export type { HotProjectionReader } from '../../event/projections.ts'

/** The topology that writes a projection, as it stands now. */
export interface ProjectionOwner {
  readonly name: string
  /** Left out while it does not run. */
  readonly run: TopologyRun | undefined
  /** What is hot of the projection. */
  readonly hot: HotProjection | undefined
  /** Fields by which its rows can be found. */
  readonly indexed: readonly string[]
}

export interface ProjectionReaderParts {
  readonly store: StateStore
  readonly scope: Scope
  readonly projection: string
  /** Throws NOT_FOUND or CLOSED. */
  owner(): ProjectionOwner
  /** Throws CLOSED. */
  check(): void
}

/** Bytes up to which a copy byte by byte is faster than a call. */
const COPIED_BY_HAND = 64

export function projectionReader(parts: ProjectionReaderParts): HotProjectionReader {
  return new DeployedProjection(parts)
}

/** One key at a time, as long as nobody waits in between. */
const rowKey = new RowKey()

class DeployedProjection implements HotProjectionReader {
  readonly #parts: ProjectionReaderParts
  /** Where peeks look, until it is closed. */
  #hot: HotProjection | undefined

  constructor(parts: ProjectionReaderParts) {
    this.#parts = parts
  }

  async get(key: unknown): Promise<StateRow | undefined> {
    const { store, scope, projection, owner } = this.#parts
    const { name, run, hot } = owner()
    const parts = elements(key)
    // The place first: the row read after it can only be newer.
    const folded = hot?.position ?? null
    const look = hot?.rows.look(rowKey.set(parts)) ?? 'closed'
    if (hot && look === 'found') return rowOf(hot, parts, folded)
    if (look === 'deleted') return undefined
    if (look === 'absent') return durableRow(readProjectionRow(store, scope + projection, parts), parts, folded)
    const answer = await run?.ask(thread => thread.control.folded(scope + name, projection, parts), null)
    if (answer) {
      const { text, position } = answer
      return text === undefined ? undefined : { key: parts, value: JSON.parse(text), position: textOfPlace(position.place), durable: false }
    }
    owner()
    const position = textOfPlace(readTopologyRow(store, scope + name)?.place ?? null)
    return durableRow(readProjectionRow(store, scope + projection, parts), parts, position)
  }

  peek(key: unknown): StateRow | undefined {
    const parts = elements(key)
    const hot = this.#open
    const folded = hot?.position ?? null
    return hot?.rows.look(rowKey.set(parts)) === 'found' ? rowOf(hot, parts, folded) : undefined
  }

  peekBytes(key: unknown, into: Uint8Array): number {
    const rows = this.#open?.rows
    if (rows?.look(rowKey.set(elements(key))) !== 'found') return -1
    const { bytes, length } = rows
    if (length > into.length) return length
    if (length > COPIED_BY_HAND) into.set(bytes.subarray(0, length))
    else for (let i = 0; i < length; i++) into[i] = bytes[i]!
    return length
  }

  get foldedTo(): Position | null {
    return this.#open?.position ?? null
  }

  /** Of the start that is the topology's now. */
  get #open(): HotProjection | undefined {
    this.#parts.check()
    if (this.#hot === undefined || this.#hot.rows.isClosed) this.#hot = this.#parts.owner().hot
    return this.#hot
  }

  list(options: StateListOptions = {}): AsyncGenerator<{ key: readonly unknown[]; value: unknown }> {
    return listRows(this.#parts, options)
  }
}

function elements(key: unknown): readonly unknown[] {
  return Array.isArray(key) ? key : [key]
}

function rowOf({ rows }: HotProjection, key: readonly unknown[], position: Position | null): StateRow {
  return { key, value: JSON.parse(rows.text), position, durable: rows.isDurable }
}

function durableRow(text: string | undefined, key: readonly unknown[], position: Position | null): StateRow | undefined {
  return text === undefined ? undefined : { key, value: JSON.parse(text), position, durable: true }
}
