/** The processes of the open bench: one writes until it is killed, one opens and answers with its first read and append, one opens the bare databases. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../event/clock.ts'
import { openNode } from '../runtime/index.ts'
import { openRocks } from '../store/rocks.ts'
import { fill, streamName } from './fill.ts'
import { rssMiB } from './machine.ts'
import { orderBytes, seeded } from './payload.ts'

export type Compression = 'auto' | 'none'

interface Task {
  readonly directory: string
  readonly streams: number
  readonly eventsPerStream: number
  readonly compression: Compression
}
export type OpenTask = Task & ({ readonly role: 'write' } | { readonly role: 'read'; readonly stream: number } | { readonly role: 'bare' })

/** Times since `openNode` was called. */
export interface Opened {
  readonly openMs: number
  readonly readMs: number
  readonly appendMs: number
  readonly rssMiB: number
  /** After reading many streams all over the store. */
  readonly rssAfterReadsMiB: number
}

const shardColumns = { log: 'rising', index: 'scattered', meta: 'small' } as const
const readsAfter = 2000
const requestsOutstanding = 64
const eventsPerRequest = 100

async function write({ directory, streams, eventsPerStream, compression }: Task): Promise<never> {
  const node = await openNode({ directory, shards: 2, compression })
  await fill(node, { streams, eventsPerStream, encoding: 'bytes' }, systemClock.monotonic)
  process.stdout.write('filled\n')
  // Goes on in streams of its own until the kill, so that it falls into the middle of many requests.
  const request = orderBytes(eventsPerRequest)
  const lane = async (number: number): Promise<never> => {
    for (;;) await node.appendToStream(`going-on-${number}`, request)
  }
  return Promise.race(Array.from({ length: requestsOutstanding }, (_, number) => lane(number)))
}

async function read({ directory, streams, eventsPerStream, stream }: Task & { readonly stream: number }): Promise<Opened> {
  const begun = systemClock.monotonic()
  const since = (): number => systemClock.monotonic() - begun
  const node = await openNode({ directory })
  const openMs = since()
  const readCount = async (name: string): Promise<number> => {
    let events = 0
    for await (const _ of node.readStream(name)) events++
    return events
  }
  const count = await readCount(streamName(stream))
  const readMs = since()
  if (count !== eventsPerStream) throw new Error(`read ${count} events instead of ${eventsPerStream}`)
  await node.appendToStream(streamName(streams - 1 - stream), { type: 'order.checked', data: {} }, { expectedVersion: eventsPerStream })
  const appendMs = since()
  const rss = rssMiB()
  const random = seeded(3)
  for (let i = 0; i < Math.min(readsAfter, streams); i++) await readCount(streamName(Math.floor(random() * streams)))
  const rssAfterReadsMiB = rssMiB()
  await node.close()
  return { openMs, readMs, appendMs, rssMiB: rss, rssAfterReadsMiB }
}

/** What no store on these databases could be faster than. */
async function bare({ directory }: Task): Promise<Opened> {
  const begun = systemClock.monotonic()
  const shards = readdirSync(directory).filter(name => name.startsWith('shard-'))
  const databases = await Promise.all(shards.map(name => openRocks(join(directory, name), { columns: shardColumns })))
  const openMs = systemClock.monotonic() - begun
  for (const database of databases) database.scan('log', { limit: 1 })
  const readMs = systemClock.monotonic() - begun
  const rss = rssMiB()
  for (const database of databases) await database.close()
  return { openMs, readMs, appendMs: 0, rssMiB: rss, rssAfterReadsMiB: rss }
}

const task = JSON.parse(process.argv[2] ?? '{}') as OpenTask
if (task.role === 'write') await write(task)
else process.stdout.write(`${JSON.stringify(await (task.role === 'read' ? read(task) : bare(task)))}\n`)
