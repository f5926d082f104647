/** Snapshots of folded streams: an event of the system beside the stream, which says what the fold came to at a version. Never more than a short cut. */
import { streamEvents } from '../actors/reader.ts'
import { EventStoreError, isEventStoreError } from '../event/error.ts'
import type { Event, NewEvent, Position, Version } from '../event/event.ts'
import type { ReadStreamOptions } from '../event/event-store.ts'
import type { Limits } from '../event/limits.ts'
import { jsonOf } from '../operators/keyed/json-state.ts'
import type { LogView } from '../store/log/log-view.ts'

const type = 'snapshot'

export interface StreamSnapshot {
  readonly name: string
  readonly revision: number
  /** Of the last event in it, and where that stands: another event there, and the snapshot is of another past. */
  readonly version: Version
  readonly position: Position
  readonly state: unknown
}

/** The stream beside a stream that holds its snapshots. */
export function snapshotStream(stream: string, name = ''): string {
  return name === '' ? `$snapshot-${stream}` : `$snapshot-${name}-${stream}`
}

/** The last snapshot of a revision that is of a version up to `to`; undefined when there is none that can be used. */
export function latestSnapshot(
  view: LogView,
  stored: string,
  { name = '', revision, to = Number.POSITIVE_INFINITY }: { readonly name?: string; readonly revision: number; readonly to?: Version },
): StreamSnapshot | undefined {
  try {
    for (const { data } of streamEvents(view, stored, { direction: 'backwards', limit: 1 }, true)) {
      const snapshot = data as Partial<StreamSnapshot> | null
      const isOurs = snapshot?.name === name && snapshot.revision === revision && 'state' in snapshot
      if (isOurs && Number.isSafeInteger(snapshot.version) && snapshot.version! <= to) return snapshot as StreamSnapshot
    }
  } catch (error) {
    // Damaged, removed, or not to be read just now: the stream itself says it all.
    if (!isEventStoreError(error)) throw error
  }
  return undefined
}

export interface StreamFold<State> {
  readonly read: ReadStreamOptions
  readonly initialState: () => State
  readonly evolve: (state: State, event: Event) => State
  readonly kept?: StreamSnapshot | undefined
}

export interface FoldedStream<State> {
  readonly state: State
  readonly version: Version
  /** How many events were folded for it. */
  readonly events: number
  /** Of the last event; null before the first. */
  readonly position: Position | null
}

/** What a stream folds to; from the snapshot on when its last event still is where it was. */
export function foldStream<State>(
  view: LogView,
  stored: string,
  { read, initialState, evolve, kept }: StreamFold<State>,
): FoldedStream<State> {
  const tail = kept && tailBehind(kept, streamEvents(view, stored, { ...read, from: kept.version }, true))
  let state = tail ? (kept.state as State) : initialState()
  let last: Pick<Event, 'version' | 'position'> | undefined = tail && kept
  let events = 0
  for (last of tail ?? streamEvents(view, stored, read, true)) {
    state = evolve(state, last as Event)
    events++
  }
  return { state, version: last?.version ?? 0, events, position: last?.position ?? null }
}

/** The events behind a snapshot; undefined when another event, or none, stands where its last one was. */
function tailBehind({ version, position }: StreamSnapshot, events: Generator<Event>): Generator<Event> | undefined {
  const first = events.next()
  return first.done !== true && first.value.version === version && first.value.position === position ? events : undefined
}

export interface SnapshotWriterParts {
  /** Appends for the system, in the tenant of the stream. */
  append(stream: string, event: NewEvent): Promise<unknown>
  readonly limits: Limits
}

/** Writes snapshots that nobody waits for, one of a stream at a time. */
export class SnapshotWriter {
  readonly #parts: SnapshotWriterParts
  readonly #writing = new Set<string>()

  constructor(parts: SnapshotWriterParts) {
    this.#parts = parts
  }

  /** INVALID when the state is no JSON, because it would come back as another. What becomes of the write is nobody's concern. */
  write(stream: string, snapshot: StreamSnapshot): void {
    const state = stateOf(snapshot)
    const beside = snapshotStream(stream, snapshot.name)
    if (this.#writing.has(beside) || Buffer.byteLength(beside) > this.#parts.limits.streamIdBytes) return
    this.#writing.add(beside)
    void this.#parts
      .append(beside, { type, data: { ...snapshot, state } })
      .catch(() => undefined)
      .finally(() => this.#writing.delete(beside))
  }
}

function stateOf({ state }: StreamSnapshot): unknown {
  try {
    return jsonOf(state)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new EventStoreError('INVALID', `no snapshot can be kept of the state: ${why}`, { field: 'snapshot' }, { cause })
  }
}
