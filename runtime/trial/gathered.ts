/** What a trial gathers of a topology's work: everything that a node would write or send, kept in memory. */
import { letterOf } from '../../actors/dead-letter.ts'
import { Outbox } from '../../actors/outbox.ts'
import { rowKeyText } from '../../actors/projection.ts'
import type { RowOrigin } from '../../actors/source.ts'
import type { StepOutbox } from '../../actors/step-node.ts'
import type { NewEvent } from '../../event/event.ts'
import { defaultLimits } from '../../event/limits.ts'
import { timeOf } from '../../event/payload.ts'
import type { DeadRow, PostRequest, ProjectionWriter, StepState } from '../../operators/operator.ts'
import { jsonText } from '../../event/json-text.ts'
import { PARTITIONS_DEFAULT } from '../options.ts'

/** How many there were, and the first of them. */
export interface Kept<Item> {
  count: number
  readonly first: Item[]
}

/** An event that would have been appended, as it would come back from the log. */
export interface OutputEvent {
  /** The step that appends it. */
  readonly step: string
  readonly type: string
  readonly data: unknown
  readonly id?: string
  readonly time?: string
  readonly tags?: readonly string[]
  readonly metadata?: unknown
}

/** A request that would have been made. */
export interface Delivery {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

export interface StateRowKept {
  readonly key: readonly unknown[]
  readonly value: unknown
}

/** A row that was given up. */
export interface DeadRowKept {
  readonly step: string
  readonly cause: string
  readonly code?: string
  readonly row: unknown
  /** Of the row, so that they can be told in the order of the rows. */
  readonly order: number
  /** Of the event it came from; left out for rows of a generator. */
  readonly stream?: string
  readonly type?: string
}

export type PlainRow = Readonly<Record<string, unknown>>

export class Gathered {
  readonly outputs = new Map<string, Kept<OutputEvent>>()
  /** By step. */
  readonly webhooks = new Map<string, Kept<Delivery>>()
  readonly dead: Kept<DeadRowKept> = { count: 0, first: [] }
  /** Rows that left a step by a port that is watched, by `step.port`. */
  readonly rows = new Map<string, Kept<PlainRow>>()
  readonly #states = new Map<string, Map<string, readonly [Uint8Array, Uint8Array]>>()
  readonly #projections = new Map<string, Map<string, { readonly key: readonly unknown[]; readonly text: string }>>()
  readonly #outbox: Outbox
  readonly #keep: number
  readonly #topology: string

  constructor(topology: string, keep: number) {
    this.#keep = keep
    this.#topology = topology
    this.#outbox = new Outbox({ topology, deployment: 1, partitions: PARTITIONS_DEFAULT, limits: defaultLimits }, {})
  }

  state(step: string, version: number): StepState {
    const name = `${step}\n${version}`
    const rows = this.#states.get(name) ?? new Map<string, readonly [Uint8Array, Uint8Array]>()
    this.#states.set(name, rows)
    const textOf = (key: Uint8Array): string => Buffer.from(key).toString('latin1')
    const get = (key: Uint8Array): Uint8Array | undefined => rows.get(textOf(key))?.[1]
    return {
      rows(prefix, from) {
        const [begin, least] = [textOf(prefix ?? new Uint8Array(0)), textOf(from ?? new Uint8Array(0))]
        const found = Array.from(rows).filter(([key]) => key.startsWith(begin) && key >= least)
        return found.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
      },
      get,
      getMany: keys => keys.map(get),
      put: (key, value) => void rows.set(textOf(key), [key.slice(), value.slice()]),
      delete: key => void rows.delete(textOf(key)),
    }
  }

  projection(name: string): ProjectionWriter {
    const rows = this.#projections.get(name) ?? new Map<string, { key: readonly unknown[]; text: string }>()
    this.#projections.set(name, rows)
    return {
      put: (key, value) => void rows.set(rowKeyText(key), { key, text: JSON.stringify(value) ?? 'null' }),
      delete: key => void rows.delete(rowKeyText(key)),
      get: key => {
        const row = rows.get(rowKeyText(key))
        return row && (JSON.parse(row.text) as unknown)
      },
      rows: () => Array.from(rows.values(), ({ key, text }) => [key, JSON.parse(text) as unknown] as const),
    }
  }

  outbox(step: string): StepOutbox {
    return {
      append: (stream, event) => {
        // It throws what an append would, and then the row is a dead letter here as there.
        this.#outbox.append(step, stream, event)
        this.#keepIn(this.outputs, stream, () => outputEvent(step, event))
      },
      post: (request, row) => {
        this.#outbox.post(step, request, letterOf({ topology: this.#topology, deployment: 1 }, { ...row, cause: '' }, undefined))
        this.#keepIn(this.webhooks, step, () => deliveryOf(request))
      },
    }
  }

  /** Nothing of what was appended is needed again. */
  barrier(): void {
    this.#outbox.seal()
  }

  giveUp({ step, cause, code, row, order }: DeadRow, origin: RowOrigin | undefined): void {
    this.#keepOne(this.dead, () => ({
      step,
      cause,
      ...(code !== undefined && { code }),
      row: plain(row),
      order,
      ...(origin && { stream: origin.stream, type: origin.type }),
    }))
  }

  /** A row that left by a watched port. */
  seen(port: string, row: PlainRow): void {
    this.#keepIn(this.rows, port, () => plain(row) as PlainRow)
  }

  /** The rows of each projection in the order of their keys. */
  get projections(): ReadonlyMap<string, Kept<StateRowKept>> {
    return new Map(Array.from(this.#projections, ([name, rows]) => [name, this.#firstRows(rows)]))
  }

  #firstRows(rows: ReadonlyMap<string, { readonly key: readonly unknown[]; readonly text: string }>): Kept<StateRowKept> {
    const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, this.#keep)
    return {
      count: rows.size,
      first: sorted.map(([, { key, text }]) => ({ key: plain(key) as unknown[], value: JSON.parse(text) as unknown })),
    }
  }

  #keepIn<Item>(lists: Map<string, Kept<Item>>, name: string, make: () => Item): void {
    let list = lists.get(name)
    if (list === undefined) lists.set(name, (list = { count: 0, first: [] }))
    this.#keepOne(list, make)
  }

  #keepOne<Item>(list: Kept<Item>, make: () => Item): void {
    if (list.count++ < this.#keep) list.first.push(make())
  }
}

/** As JSON would bring it back. */
export function plain(value: unknown): unknown {
  return JSON.parse(jsonText(value)) as unknown
}

function outputEvent(step: string, { type, data, id, time, tags, metadata }: NewEvent): OutputEvent {
  return {
    step,
    type,
    data: plain(data),
    ...(id !== undefined && { id }),
    ...(time !== undefined && { time: new Date(timeOf(time)).toISOString() }),
    ...(tags !== undefined && { tags }),
    ...(metadata !== undefined && { metadata: plain(metadata) }),
  }
}

function deliveryOf({ url, method, headers, body }: PostRequest): Delivery {
  return { url, method, headers, body: JSON.parse(body) as unknown }
}
