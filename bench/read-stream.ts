/** One stream of 50 events among 100,000 that were written interleaved: cached, not cached, and with a cold page cache. */
import { systemClock } from '../event/clock.ts'
import type { EventStore } from '../event/event-store.ts'
import { openNode } from '../runtime/index.ts'
import { bareDisk } from './bare-disk.ts'
import { dropPageCache } from './disk-use.ts'
import { fill, streamName } from './fill.ts'
import { loadAverage, rssMiB } from './machine.ts'
import { benchOptions, wanted } from './options.ts'
import { seeded } from './payload.ts'
import { percentiles, type Percentiles, report, say } from './report.ts'
import { type RocksReads, rocksReads } from './rocks-reads.ts'
import { leaveCleanly, temporary } from './temporary.ts'

const eventsPerStream = 50
const streamsDefault = 100_000
/** 50 streams lie in 2,500 blocks, 300 in 15,000: about 33 and 200 MB once decompressed, below and above the cache. */
const hotStreams = [50, 300] as const
const secondsDefault = 4
const coldReads = 150
const secondsFilled = Number.POSITIVE_INFINITY

interface Reads extends Percentiles {
  readonly reads: number
  /** Processor time of the reading thread for one read: stays when the machine is busy. */
  readonly cpuUs: number
}

/** Reads one stream whole and checks that nothing is missing; microseconds. */
async function readOnce(store: EventStore, stream: string): Promise<number> {
  const begun = systemClock.monotonic()
  let count = 0
  let bytes = 0
  for await (const event of store.readStream<{ type: 'order.accepted'; data: { note: string } }>(stream)) {
    count++
    bytes += event.data.note.length
    if (event.version !== count) throw new Error(`${stream}: version ${event.version} at place ${count}`)
  }
  const microseconds = (systemClock.monotonic() - begun) * 1000
  if (count !== eventsPerStream || bytes === 0) throw new Error(`${stream}: ${count} events`)
  return microseconds
}

async function readMany(
  store: EventStore,
  pick: () => number,
  limit: { readonly reads: number; readonly seconds: number },
): Promise<Reads> {
  const times: number[] = []
  const before = process.threadCpuUsage()
  const end = systemClock.monotonic() + limit.seconds * 1000
  while (times.length < limit.reads && systemClock.monotonic() < end) times.push(await readOnce(store, streamName(pick())))
  const { user, system } = process.threadCpuUsage(before)
  return { ...percentiles(times), reads: times.length, cpuUs: (user + system) / times.length }
}

function line(name: string, times: Reads, baseline: { readonly name: string; readonly value: number } | undefined, more: object): void {
  report({
    bench: 'read-stream',
    case: name,
    value: times.p50,
    unit: 'µs p50',
    ...(baseline ? { baseline } : {}),
    p99: times.p99,
    reads: times.reads,
    cpuUs: times.cpuUs,
    rssMiB: rssMiB(),
    load: loadAverage(),
    ...more,
  })
}

async function main(): Promise<void> {
  const options = benchOptions()
  const streams = Math.max(hotStreams[1], Math.floor((options.events ?? streamsDefault * eventsPerStream) / eventsPerStream))
  const seconds = options.seconds ?? secondsDefault
  const place = temporary(options.directory)
  const directory = `${place.path}/store`
  const rocks: RocksReads = await rocksReads(`${place.path}/rocks`, { groups: Math.min(streams, 20_000), rows: eventsPerStream, seconds })
  const gets = (times: Percentiles, how: string): { name: string; value: number } => ({
    name: `RocksDB getMany of ${eventsPerStream} keys, ${how}`,
    value: times.p50,
  })
  const more = { streams, eventsPerStream, rocksGet: rocks.get, rocksScan: rocks.scan, bareDisk: bareDisk(place.path) }

  const writer = await openNode({ directory, shards: 2 })
  await fill(writer, { streams, eventsPerStream }, systemClock.monotonic)
  await writer.close()

  const random = seeded(7)
  let node = await openNode({ directory })
  const any = (): number => Math.floor(random() * streams)
  for (const count of hotStreams) {
    const name = `${count} hot streams`
    if (!wanted(options, name)) continue
    const hot = (): number => Math.floor(random() * count)
    await readMany(node, hot, { reads: count * 10, seconds: secondsFilled })
    line(name, await readMany(node, hot, { reads: Number.POSITIVE_INFINITY, seconds }), gets(rocks.many, 'cached'), more)
  }
  if (wanted(options, 'any stream')) {
    line('any stream', await readMany(node, any, { reads: Number.POSITIVE_INFINITY, seconds }), gets(rocks.many, 'cached'), more)
  }
  await node.close()
  if (wanted(options, 'cold') && dropPageCache()) {
    node = await openNode({ directory })
    line(
      'cold, page cache dropped',
      await readMany(node, any, { reads: coldReads, seconds: seconds * 4 }),
      gets(rocks.cold, 'page cache dropped'),
      more,
    )
    await node.close()
  } else say('read-stream: no cold case (not wanted, or no right to drop the page cache)')
  place.remove()
}

leaveCleanly()
await main()
