/** Reads page by page: the next is asked for when the last is used up, and no page grows far beyond what a reader likes to hold. */
import type { Event } from '../event/event.ts'
import type { DataOptions } from '../event/event-store.ts'
import { pageIn } from './event-json.ts'
import type { Ask, QueryValue, Wire } from './wire.ts'

const pageEventsFirst = 256
const pageEventsMost = 4096
/** Characters of a page that is as large as it should be. */
const pageLikes = 1024 * 1024

export interface PagedRead {
  readonly path: string
  readonly query: Readonly<Record<string, QueryValue>>
  readonly limit: number | undefined
  readonly data: DataOptions
  /** What bounds a read that goes forwards, so that one that is slower than the writers ends: asked for once, after the first page. */
  readonly bound?: () => Promise<Readonly<Record<string, QueryValue>>>
}

export async function* pagedEvents(wire: Wire, { path, query, limit, data, bound }: PagedRead): AsyncGenerator<Event> {
  let left = limit ?? Number.POSITIVE_INFINITY
  let pageEvents = pageEventsFirst
  let rest: Readonly<Record<string, QueryValue>> = query
  for (let isFirst = true; ; isFirst = false) {
    const ask: Ask = { path, query: { ...rest, limit: Math.min(left, pageEvents) } }
    const { events, next, size } = await wire.read(ask, text => ({ ...pageIn(text, data), size: text.length }))
    wire.check()
    for (const event of events) {
      yield event
      wire.check()
    }
    left -= events.length
    if (next === null || left <= 0) return
    if (isFirst && bound) rest = { ...rest, ...(await bound()) }
    rest = { ...rest, from: next }
    if (size > pageLikes) pageEvents = Math.max(1, Math.floor(pageEvents / 2))
    else if (size < pageLikes / 2) pageEvents = Math.min(pageEventsMost, pageEvents * 2)
  }
}
