/** The dumb twin of appends to several streams, with conditions and keys: one array of events, a map of keys, and loops. */
import { crc32 } from 'node:zlib'
import type { NewEvent } from '../../event/event.ts'
import type { ConditionQuery } from '../../event/event-store.ts'

export interface WideEvent extends NewEvent {
  readonly stream: string
  readonly version: number
  readonly partition: number
  readonly sequence: number
  readonly key: string
}

export interface WideItem {
  readonly stream: string
  readonly events: readonly NewEvent[]
  readonly expectedVersion: number | 'none' | 'exists' | 'any'
}

/** `after`: number of an event in `all`, −1 for none. */
export interface WideCondition {
  readonly none: readonly ConditionQuery[]
  readonly after: number
}

export interface WideAppend {
  readonly items: readonly WideItem[]
  readonly conditions: readonly WideCondition[]
  readonly partitionKey: string | undefined
}

export type WideAnswer =
  | {
      readonly streams: readonly { stream: string; firstVersion: number; version: number }[]
      readonly sequences: readonly [number, number]
    }
  | { readonly code: string; readonly about?: unknown }

export const ownKeyOf = (stream: string): string => /\{([^}]+)\}/.exec(stream)?.[1] ?? stream

export class WideTwin {
  /** In the total order, claims among them. */
  readonly all: WideEvent[] = []
  readonly keys = new Map<string, string>()
  readonly #partitions: number

  constructor(partitions: number) {
    this.#partitions = partitions
  }

  of(stream: string): WideEvent[] {
    return this.all.filter(event => event.stream === stream)
  }

  keyOf(stream: string): string {
    return this.keys.get(stream) ?? ownKeyOf(stream)
  }

  /** What has no key for ever yet and would have to be given this one. */
  toClaim({ items, partitionKey }: WideAppend): string[] {
    if (partitionKey === undefined) return []
    return items.map(({ stream }) => stream).filter(stream => !this.keys.has(stream) && ownKeyOf(stream) !== partitionKey)
  }

  claim(stream: string, key: string): void {
    this.keys.set(stream, key)
    this.#put(`$key-${stream}`, { type: 'partition-key.claimed', data: { stream, partitionKey: key } }, ownKeyOf(stream))
  }

  append(append: WideAppend): WideAnswer {
    const { items, partitionKey } = append
    const ids = items.flatMap(({ events }) => events.flatMap(({ id }) => id ?? []))
    if (new Set(ids).size < ids.length) return { code: 'DUPLICATE_ID' }
    const key = partitionKey ?? this.keyOf(items[0]!.stream)
    for (const { stream } of items) {
      if (this.keys.has(stream) && this.keys.get(stream) !== key) return { code: 'PARTITION_KEY_MISMATCH' }
      if (partitionKey === undefined && this.keyOf(stream) !== key) return { code: 'INVALID' }
    }
    const toClaim = this.toClaim(append)
    if (toClaim.some(stream => this.of(stream).length > 0)) return { code: 'PARTITION_KEY_MISMATCH' }
    for (const stream of toClaim) this.claim(stream, key)
    return this.#known(append, key) ?? this.#refusal(append, key) ?? this.#store(append, key)
  }

  #refusal({ items, conditions }: WideAppend, key: string): WideAnswer | null {
    for (const { stream, expectedVersion } of items) {
      const version = this.of(stream).length
      const met = { any: true, none: version === 0, exists: version > 0 }
      if (typeof expectedVersion === 'number' ? expectedVersion !== version : !met[expectedVersion])
        return { code: 'WRONG_EXPECTED_VERSION', about: [stream, expectedVersion, version] }
    }
    for (let place = this.all.length - 1; place >= 0; place--) {
      const event = this.all[place]!
      if (event.key !== key || event.stream.startsWith('$')) continue
      if (conditions.some(({ none, after }) => place > after && none.some(query => means(query, event))))
        return { code: 'CONDITION_FAILED', about: place }
    }
    return null
  }

  #store({ items }: WideAppend, key: string): WideAnswer {
    const stored = items.flatMap(({ stream, events }) => events.map(event => this.#put(stream, event, key)))
    return answerOf(items, stored)
  }

  #put(stream: string, event: NewEvent, key: string): WideEvent {
    const partition = crc32(key) % this.#partitions
    const sequence = this.all.filter(other => other.partition === partition).length + 1
    const put = { ...event, stream, version: this.of(stream).length + 1, partition, sequence, key }
    this.all.push(put)
    return put
  }

  /** The first answer again, a refusal, or nothing when no id is known. */
  #known({ items }: WideAppend, key: string): WideAnswer | null {
    const partition = crc32(key) % this.#partitions
    const wanted = items.flatMap(({ stream, events }) => events.map(event => ({ ...event, stream })))
    const here = this.all.filter(event => event.partition === partition)
    const any = wanted.findIndex(({ id }) => id !== undefined && here.some(old => old.id === id))
    if (any < 0) return null
    const first = here.findIndex(old => old.id === wanted[any]!.id) - any
    const found = first < 0 ? [] : here.slice(first, first + wanted.length)
    if (found.map(contentOf).join() !== wanted.map(contentOf).join()) return { code: 'DUPLICATE_ID' }
    return answerOf(items, found)
  }
}

function answerOf(items: readonly WideItem[], stored: readonly WideEvent[]): WideAnswer {
  const streams = items.flatMap(({ stream, events }) => {
    const own = stored.filter(event => event.stream === stream)
    return events.length === 0 ? [] : [{ stream, firstVersion: own[0]!.version, version: own.at(-1)!.version }]
  })
  return { streams, sequences: [stored[0]!.sequence, stored.at(-1)!.sequence] }
}

function means({ types, tags }: ConditionQuery, event: WideEvent): boolean {
  return (types?.includes(event.type) ?? true) && (tags?.every(tag => event.tags?.includes(tag) ?? false) ?? true)
}

const contentOf = ({ type, data, id, tags, stream }: NewEvent & { stream: string }): string =>
  JSON.stringify([type, data, id, tags, stream])
