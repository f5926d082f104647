/** State by key with timers: what is due when the watermark moves, in the order of time and key. */
import { assert } from '../../event/assert.ts'
import { ByteReader, ByteWriter } from '../aggregates/bytes.ts'
import { columnOf } from '../columns.ts'
import type { Page } from '../flow.ts'
import type { StepContext } from '../operator.ts'
import { firstRows } from '../page.ts'
import { TimeHeap } from '../windows/window-heap.ts'
import { compareKeys, type KeyValue } from '../windows/window-keys.ts'
import { type Format, KeyedRows } from './keyed-rows.ts'
import type { Json } from './json-state.ts'
import type { StatePart } from './json-upgrade.ts'
import type { Timer } from './process-call.ts'

/** What is kept of a key. */
export interface Entry {
  /** Undefined before the first row, and when it was forgotten. */
  readonly state: Json | undefined
  readonly timers: readonly Timer[]
  /** When the state is forgotten; Infinity for never. */
  readonly expiresAt: number
}

const none: Entry = { state: undefined, timers: [], expiresAt: Infinity }

const entryFormat: Format<Entry> = {
  write({ state, timers, expiresAt }, writer) {
    writer.number(expiresAt)
    writer.text(JSON.stringify({ ...(state !== undefined && { state }), timers }))
  },
  read(reader) {
    const expiresAt = reader.number()
    return { state: undefined, ...(JSON.parse(reader.text()) as Pick<Entry, 'timers'>), expiresAt }
  },
}

/** For those who make new states of old: timers stay as they are. */
export const statePart: StatePart = {
  of: saved => entryFormat.read(new ByteReader(saved)).state,
  into(saved, state) {
    const { timers, expiresAt } = entryFormat.read(new ByteReader(saved))
    if (state === undefined && timers.length === 0) return undefined
    const writer = new ByteWriter()
    entryFormat.write({ state, timers, expiresAt: state === undefined ? Infinity : expiresAt }, writer)
    return writer.take()
  },
}

/** A timer of a key, or with no name the end of its state. */
export interface Due {
  readonly at: number
  readonly key: readonly KeyValue[]
  readonly name: string | undefined
}

/** What the saved values mean. */
export function meaningOf(ttlMs: number): Readonly<Record<string, unknown>> {
  return { isForgetting: ttlMs < Infinity }
}

export interface TimedStatesOptions {
  readonly by: readonly string[] | undefined
  readonly ttlMs: number
  /** Calls what is due of a key; the number of the key is that of now. */
  fire(due: Due & { readonly name: string }, id: number): void
}

export class TimedStates {
  readonly rows: KeyedRows<Entry>
  readonly #options: TimedStatesOptions
  #due = new TimeHeap<Due>()
  #isEnding = false

  constructor(context: StepContext, options: TimedStatesOptions) {
    this.#options = options
    this.rows = new KeyedRows(context, {
      by: options.by,
      meaning: meaningOf(options.ttlMs),
      format: entryFormat,
      mayLeave: true,
    })
    // All of them wait in memory, also those whose state is on disk.
    for (const { key, value } of this.rows.inOrder()) this.#await(key, value)
    context.waits?.({ for: 'watermark', at: () => this.nextAt })
  }

  #await(key: readonly KeyValue[], { timers, expiresAt }: Entry): void {
    for (const [at, name] of timers) this.#due.push(at, { at, key, name })
    if (expiresAt < Infinity) this.#due.push(expiresAt, { at: expiresAt, key, name: undefined })
  }

  /** When the next is due; Infinity for none. */
  get nextAt(): number {
    return this.#due.time
  }

  get(id: number): Entry {
    return this.rows.get(id) ?? none
  }

  /** What is kept from now on; `set` are the timers that are new. */
  put(
    id: number,
    { state, timers, time, set }: Pick<Entry, 'state' | 'timers'> & { readonly time: number; readonly set: readonly Timer[] },
  ): void {
    const before = this.get(id)
    const { ttlMs } = this.#options
    const isKept = state !== undefined && ttlMs < Infinity
    const expiresAt = isKept ? Math.max(before.expiresAt === Infinity ? -Infinity : before.expiresAt, Math.floor(time) + ttlMs) : Infinity
    const key = this.rows.keyOf(id)
    if (state === undefined && timers.length === 0) this.rows.delete(id)
    else this.rows.put(id, { state, timers, expiresAt })
    if (!this.#isEnding) for (const [at, name] of set) this.#due.push(at, { at, key, name })
    // One waits for each state; it looks again when its time has come.
    if (isKept && before.expiresAt === Infinity) this.#due.push(expiresAt, { at: expiresAt, key, name: undefined })
  }

  /** Fires what is due at `until`. At the end of the input, Infinity, what is set meanwhile finds no time any more. */
  advance(until: number, fields: readonly string[]): void {
    this.#isEnding = until === Infinity
    const isDue = (): boolean => this.#due.size > 0 && (this.#isEnding || this.#due.time <= until)
    while (isDue()) {
      const at = this.#due.time
      const together: Due[] = []
      while (this.#due.size > 0 && this.#due.time === at) together.push(this.#due.pop() as Due)
      together.sort(compareDue)
      this.#fireAll(together, fields)
    }
  }

  #fireAll(together: readonly Due[], fields: readonly string[]): void {
    const ids = this.rows.idsOf(keyPage(together, fields), firstRows(together.length))
    for (const [i, due] of together.entries()) {
      const id = ids[i] as number
      const { state, timers, expiresAt } = this.get(id)
      const { at, name, key } = due
      if (name !== undefined) {
        const left = timers.filter(timer => timer[0] !== at || timer[1] !== name)
        if (left.length === timers.length) continue
        this.put(id, { state, timers: left, time: -Infinity, set: [] })
        this.#options.fire({ at, key, name }, id)
      } else if (expiresAt > at && expiresAt < Infinity) this.#due.push(expiresAt, { ...due, at: expiresAt })
      else if (expiresAt === at) this.put(id, { state: undefined, timers, time: -Infinity, set: [] })
    }
  }

  save(): void {
    this.rows.trim()
    this.rows.save()
  }
}

/** Timers before the end of the state at the same time: they may still want it. */
function compareDue(a: Due, b: Due): number {
  const byKey = compareKeys(a.key as KeyValue[], b.key as KeyValue[])
  if (byKey !== 0) return byKey
  if (a.name === undefined || b.name === undefined) return a.name === b.name ? 0 : a.name === undefined ? 1 : -1
  return a.name < b.name ? -1 : a.name === b.name ? 0 : 1
}

/** The keys as rows, so that their states are found as those of rows are. */
function keyPage(due: readonly Due[], fields: readonly string[]): Page {
  assert(
    due.every(({ key }) => key.length === fields.length),
    'a timer has another key than its step',
  )
  const columns = fields.map((field, at) => [field, columnOf(due.map(({ key }) => key[at]))] as const)
  const order = new Float64Array(due.length)
  return { kind: 'page', port: 'main', input: 0, count: due.length, columns: new Map(columns), order, key: fields }
}
