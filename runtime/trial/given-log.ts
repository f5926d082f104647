/** Given events as a piece of the log in memory, so that a trial reads them by the same source as a deployed topology. */
import type { SourceBlock, SourcePage, SourceReader } from '../../actors/log-source.ts'
import type { Encoding, Event, NewEvent, Stamp } from '../../event/event.ts'
import { defaultLimits } from '../../event/limits.ts'
import { encodeData, encodeExtras } from '../../event/payload.ts'
import { recordedOf } from '../../event/stamp.ts'
import { categoryOf } from '../../event/stream-id.ts'
import type { LogSource } from '../../topology/plan.ts'
import { jsonText } from '../../event/json-text.ts'

/** An event with its place in the log; plain data. */
export interface GivenEvent {
  readonly stream: string
  readonly type: string
  /** As stored: JSON text in UTF-8, MessagePack, or bytes. */
  readonly data: Uint8Array
  readonly encoding: Encoding
  readonly id: string
  readonly time: number
  readonly version: number
  readonly partition: number
  readonly sequence: number
  readonly stamp: Stamp
  readonly tags?: readonly string[]
  readonly metadata?: Readonly<Record<string, unknown>>
}

/** An event as a node reads it, ready to be given again; read with `jsonAs: 'bytes'`, no number of it is rounded. */
export function givenOf(event: Event): GivenEvent {
  const { stream, type, encoding, id, time, version, partition, sequence, stamp, tags, metadata } = event
  const beside = { ...(tags && { tags }), ...(metadata && { metadata }) }
  return { stream, type, encoding, id, time, version, partition, sequence, stamp, ...beside, data: bytesOf(event) }
}

function bytesOf({ type, data, encoding }: Pick<Event, 'type' | 'data' | 'encoding'>): Uint8Array {
  if (data instanceof Uint8Array) return data
  const event: NewEvent = { type, data: encoding === 'msgpack' ? (JSON.parse(jsonText(data)) as unknown) : data, encoding }
  const encoded = encodeData(event, 0, defaultLimits).data
  return typeof encoded === 'string' ? new TextEncoder().encode(encoded) : encoded
}

/** What a deployed topology would read of the log. */
export function isFollowed({ stream, type }: Pick<GivenEvent, 'stream' | 'type'>, { types, categories }: LogSource): boolean {
  return types?.includes(type) !== false && categories?.includes(categoryOf(stream)) !== false
}

/** Hands out what was given, in pages of at most `pageRows`. */
export class GivenLog implements SourceReader {
  readonly #pageRows: number
  #waiting: SourcePage[] = []
  head: Stamp = 0

  constructor(pageRows: number) {
    this.#pageRows = pageRows
  }

  give(events: readonly GivenEvent[]): void {
    for (let start = 0; start < events.length; start += this.#pageRows) {
      const some = events.slice(start, start + this.#pageRows)
      this.#waiting.push(pageOfEvents(some))
      this.head = (some.at(-1)?.stamp ?? this.head) + 1
    }
  }

  next(): SourcePage | null {
    return this.#waiting.shift() ?? null
  }
}

function pageOfEvents(events: readonly GivenEvent[]): SourcePage {
  return {
    count: events.length,
    blocks: [new GivenBlock(events)],
    block: new Int32Array(events.length),
    row: Int32Array.from(events, (_, row) => row),
    stamps: Float64Array.from(events, ({ stamp }) => stamp),
    partitions: Uint16Array.from(events, ({ partition }) => partition),
    sequences: Float64Array.from(events, ({ sequence }) => sequence),
  }
}

/** Data and extras of all events behind each other. */
class GivenBlock implements SourceBlock {
  readonly bytes: Uint8Array
  readonly #events: readonly GivenEvent[]
  /** Two a row: where its data and its extras end. */
  readonly #ends: Int32Array

  constructor(events: readonly GivenEvent[]) {
    this.#events = events
    const parts = events.flatMap(event => [event.data, extrasOf(event)])
    this.bytes = Buffer.concat(parts)
    let end = 0
    this.#ends = Int32Array.from(parts, part => (end += part.length))
  }

  get firstSequence(): number {
    return this.#event(0).sequence
  }

  #event(row: number): GivenEvent {
    return this.#events[row] as GivenEvent
  }

  streamOf = (row: number): string => this.#event(row).stream
  typeOf = (row: number): string => this.#event(row).type
  versionAt = (row: number): number => this.#event(row).version
  encodingOf = (row: number): Encoding => this.#event(row).encoding
  dataStart = (row: number): number => (row === 0 ? 0 : (this.#ends[2 * row - 1] as number))
  dataEnd = (row: number): number => this.#ends[2 * row] as number
  extrasStart = (row: number): number => this.dataEnd(row)
  extrasEnd = (row: number): number => this.#ends[2 * row + 1] as number
}

function extrasOf({ type, id, time, stamp, tags, metadata }: GivenEvent): Uint8Array {
  const beside = { ...(tags && { tags }), ...(metadata && { metadata }) }
  return encodeExtras({ type, data: null, id, ...(time !== recordedOf(stamp) && { time }), ...beside })
}
