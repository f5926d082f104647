/** Reads of a projection: rows that are folded but not durable yet from the pipeline, all others from the database. */
import { isEventStoreError } from '../../event/error.ts'
import type { Position } from '../../event/event.ts'
import type { AsOf } from '../../event/event-store.ts'
import type {
  HotProjectionReader,
  StateAsOf,
  StateChange,
  StateListOptions,
  StateRow,
  StateSubscribeOptions,
} from '../../event/projections.ts'
import type { Scope } from '../../event/scope.ts'
import { RowKey } from '../../store/row-key.ts'
import { readProjectionRow, readTopologyRow, type StateStore } from '../../store/state.ts'
import { elements, followState, type RowNow } from './follow-state.ts'
import { type HotProjection, textOfPlace } from './hot-memory.ts'
import type { PastRange, PastRows } from './past-rows.ts'
import { listRows } from './projection-list.ts'
import type { StateSubscriptions } from './state-subscriptions.ts'
import type { TopologyRun } from './topology-run.ts'

export type { HotProjectionReader } from '../../event/projections.ts'

/** The topology that writes a projection, as it stands now. */
export interface ProjectionOwner {
  readonly name: string
  /** What stands before stored names of it and of what it writes. */
  readonly home: Scope
  /** Left out while it does not run. */
  readonly run: TopologyRun | undefined
  /** What is hot of the projection. */
  readonly hot: HotProjection | undefined
  /** Fields by which its rows can be found. */
  readonly indexed: readonly string[]
}

export interface ProjectionReaderParts {
  readonly store: StateStore
  readonly projection: string
  /** Throws NOT_FOUND or CLOSED. */
  owner(): ProjectionOwner
  /** Throws CLOSED. */
  check(): void
  /** Rows as of an earlier time. */
  past(asOf: AsOf, range: PastRange): Promise<PastRows>
  readonly subscriptions: StateSubscriptions
  /** Keys that may wait for the reader of a subscription. */
  readonly limitKeys: number
}

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

  async get(key: unknown, { asOf }: StateAsOf = {}): Promise<StateRow | undefined> {
    const parts = elements(key)
    const { value, position, durable } = asOf === undefined ? await this.#row(parts) : await this.#past(parts, asOf)
    return value === undefined ? undefined : { key: parts, value, position, durable }
  }

  async #row(key: readonly unknown[]): Promise<RowNow> {
    const { store, projection, owner } = this.#parts
    const { name, home, run, hot } = owner()
    if (hot) {
      // The place first: the row read after it can only be newer.
      const { position, rows } = hot
      const look = rows.look(rowKey.set(key))
      if (look === 'found') return { value: JSON.parse(rows.text), position, durable: rows.isDurable }
      if (look === 'deleted') return { value: undefined, position, durable: rows.isDurable }
      if (look === 'absent') return durableRow(readProjectionRow(store, home + projection, key), position)
    }
    const folded = await run?.ask(thread => thread.control.folded(home + name, projection, key), null)
    if (folded) {
      const { text, position } = folded
      return { value: text === undefined ? undefined : JSON.parse(text), position: textOfPlace(position.place), durable: false }
    }
    const now = owner()
    return durableRow(readProjectionRow(store, now.home + projection, key), this.#written(now))
  }

  /** What the database reflects. */
  #written({ home, name }: ProjectionOwner): Position | null {
    return textOfPlace(readTopologyRow(this.#parts.store, home + name)?.place ?? null)
  }

  async #past(key: readonly unknown[], asOf: AsOf): Promise<RowNow> {
    const { rows, place } = await this.#parts.past(asOf, { key })
    return durableRow(rows[0]?.text, textOfPlace(place))
  }

  peek(key: unknown): StateRow | undefined {
    const parts = elements(key)
    const hot = this.#open
    const folded = hot?.position ?? null
    if (hot?.rows.look(rowKey.set(parts)) !== 'found') return undefined
    return { key: parts, value: JSON.parse(hot.rows.text), position: folded, durable: hot.rows.isDurable }
  }

  peekBytes(key: unknown, into: Uint8Array): number {
    this.#parts.check()
    rowKey.set(elements(key))
    let look = this.#hot?.rows.look(rowKey)
    if (look === undefined || look === 'closed') look = this.#open?.rows.look(rowKey)
    if (look !== 'found') return -1
    const { rows } = this.#hot!
    if (rows.length <= into.length) rows.copyTo(into)
    return rows.length
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

  subscribe(options: StateSubscribeOptions = {}): AsyncGenerator<StateChange> {
    const { projection, owner, subscriptions, limitKeys } = this.#parts
    return followState({
      options,
      limitKeys,
      look: key => this.#row(key),
      list: prefix => {
        const now = owner()
        const position = now.hot?.position ?? this.#written(now)
        return { position, rows: this.list({ prefix }) }
      },
      async begin(follower) {
        const { name, home, run } = owner()
        subscriptions.add(projection, follower)
        return (await run?.ask(thread => thread.control.watch(home + name, projection, true), [])) ?? []
      },
      end: follower => {
        if (subscriptions.remove(projection, follower)) this.#unwatch()
      },
    })
  }

  /** Nobody follows it any more. When it is not there any more either, there is nobody to tell. */
  #unwatch(): void {
    const { projection, owner } = this.#parts
    try {
      const { name, home, run } = owner()
      void run?.ask(thread => thread.control.watch(home + name, projection, false), []).catch(() => undefined)
    } catch (error) {
      if (!isEventStoreError(error)) throw error
    }
  }
}

function durableRow(text: string | undefined, position: Position | null): RowNow {
  return { value: text === undefined ? undefined : JSON.parse(text), position, durable: true }
}
