/** What a node has, read stream by stream and all in order, as digests that can be compared. */
import { createHash, type Hash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Event, EventStore } from '../../runtime/index.ts'

/** A reader of all sees the last events when no partition can get an earlier one any more. */
const patienceMs = 60_000
const pauseMs = 200

export interface Contents {
  readonly events: number
  /** A digest a stream, over all of its events with their versions. */
  readonly streams: ReadonlyMap<string, string>
}

export async function contentsOf(store: EventStore, streams: Iterable<string>): Promise<Contents> {
  const digests = new Map<string, string>()
  let events = 0
  for (const stream of streams) {
    const hash = createHash('sha256')
    for await (const event of store.readStream(stream)) {
      digest(hash, event)
      events++
    }
    digests.set(stream, hash.digest('hex'))
  }
  return { events, streams: digests }
}

/** Position, stamp and recorded time are the log's own, and another log's are others. */
function digest(hash: Hash, { id, type, version, data }: Event): void {
  hash.update(JSON.stringify([id, type, version, data]))
}

/** Names of streams that differ. */
export function differences(one: Contents, other: Contents): string[] {
  const names = new Set([...one.streams.keys(), ...other.streams.keys()])
  return [...names].filter(name => one.streams.get(name) !== other.streams.get(name))
}

export interface Order {
  readonly events: number
  /** Over the position, stream and version of each event. */
  readonly digest: string
}

/** The order of all events, once as many can be seen as there are. */
export async function orderOf(store: EventStore, events: number): Promise<Order> {
  const end = performance.now() + patienceMs
  for (;;) {
    const order = await readOrder(store)
    if (order.events >= events || performance.now() > end) return order
    await sleep(pauseMs)
  }
}

async function readOrder(store: EventStore): Promise<Order> {
  const hash = createHash('sha256')
  let events = 0
  for await (const { position, stream, version } of store.readAll()) {
    hash.update(`${position} ${stream} ${version}\n`)
    events++
  }
  return { events, digest: hash.digest('hex') }
}
