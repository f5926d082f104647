/** The dumb twin of an event store: arrays, maps and loops, to be compared with the real one. */
import { crc32 } from 'node:zlib'
import type { NewEvent } from '../../event/event.ts'
import type { AppendOptions, ReadAllOptions, ReadStreamOptions } from '../../event/event-store.ts'

export interface TwinEvent extends NewEvent {
  readonly stream: string
  readonly version: number
  readonly partition: number
  readonly sequence: number
}

export type TwinAnswer =
  | { readonly firstVersion: number; readonly version: number; readonly firstSequence: number; readonly sequence: number }
  | { readonly duplicate: true; readonly highest: number }
  | { readonly code: string }

export class Twin {
  /** In the total order, which is the order of calls. */
  readonly all: TwinEvent[] = []
  readonly #partitions: number
  readonly #producers = new Map<string, number>()

  constructor(partitions: number) {
    this.#partitions = partitions
  }

  partitionOf(stream: string): number {
    return crc32(/\{([^}]+)\}/.exec(stream)?.[1] ?? stream) % this.#partitions
  }

  of(stream: string): TwinEvent[] {
    return this.all.filter(event => event.stream === stream)
  }

  append(stream: string, events: readonly NewEvent[], options: AppendOptions = {}): TwinAnswer {
    const { producer, producerSequence = 0, expectedVersion = 'any' } = options
    const ids = events.flatMap(({ id }) => id ?? [])
    if (new Set(ids).size < ids.length) return { code: 'DUPLICATE_ID' }
    const partition = this.partitionOf(stream)
    const key = `${partition} ${producer}`
    const highest = this.#producers.get(key) ?? 0
    if (producer !== undefined && producerSequence <= highest) return { duplicate: true, highest }
    const known = this.#known(stream, partition, events)
    if (known) return known
    const version = this.of(stream).length
    const met = { any: true, none: version === 0, exists: version > 0 }
    if (typeof expectedVersion === 'number' ? expectedVersion !== version : !met[expectedVersion]) return { code: 'WRONG_EXPECTED_VERSION' }
    if (producer !== undefined) this.#producers.set(key, producerSequence)
    const sequence = this.all.filter(event => event.partition === partition).length
    events.forEach((event, n) => this.all.push({ ...event, stream, version: version + 1 + n, partition, sequence: sequence + 1 + n }))
    return { firstVersion: version + 1, version: version + events.length, firstSequence: sequence + 1, sequence: sequence + events.length }
  }

  /** The first answer again, a refusal, or nothing when no id is known. */
  #known(stream: string, partition: number, events: readonly NewEvent[]): TwinAnswer | null {
    const any = events.findIndex(({ id }) => id !== undefined && this.all.some(old => old.id === id && old.partition === partition))
    if (any < 0) return null
    const first = this.all.find(old => old.id === events[any]!.id && old.partition === partition)!.version - any
    const found = this.of(stream).slice(Math.max(0, first - 1), Math.max(0, first - 1 + events.length))
    if (first < 1 || found.map(contentOf).join() !== events.map(contentOf).join()) return { code: 'DUPLICATE_ID' }
    return { firstVersion: first, version: found.at(-1)!.version, firstSequence: found[0]!.sequence, sequence: found.at(-1)!.sequence }
  }

  readStream(stream: string, { from, to, limit, direction }: ReadStreamOptions): TwinEvent[] | null {
    const events = this.of(stream)
    if (events.length === 0) return null
    const backwards = direction === 'backwards'
    const low = (backwards ? to : from) ?? 0
    const high = (backwards ? from : to) ?? events.length
    const wanted = events.filter(({ version }) => version >= low && version <= high)
    return (backwards ? wanted.reverse() : wanted).slice(0, limit)
  }

  /** `after`: number of the event to go on after (backwards: before), −1 for none. */
  readAll({ types, categories, limit, direction }: ReadAllOptions, after: number): TwinEvent[] {
    const backwards = direction === 'backwards'
    const part = after < 0 ? [...this.all] : backwards ? this.all.slice(0, after) : this.all.slice(after + 1)
    const wanted = part.filter(
      event => (!types || types.includes(event.type)) && (!categories || categories.includes(categoryOf(event.stream))),
    )
    return (backwards ? wanted.reverse() : wanted).slice(0, limit)
  }
}

const contentOf = ({ type, data, id, time, tags, metadata }: NewEvent): string => JSON.stringify([type, data, id, time, tags, metadata])

function categoryOf(stream: string): string {
  const plain = stream.replaceAll(/[{}]/g, '')
  return plain.includes('-') ? plain.slice(0, plain.indexOf('-')) : plain
}
