/** How fast events become durable: 200 B as bytes, two shards, 100,000 streams, expected versions, many requests outstanding. */
import { systemClock } from '../event/clock.ts'
import { EventStoreError } from '../event/error.ts'
import type { Durability } from '../event/event.ts'
import { openNode } from '../runtime/index.ts'
import { type BareDisk, bareDisk } from './bare-disk.ts'
import { bytesBelow, bytesWritten } from './disk-use.ts'
import { streamName } from './fill.ts'
import { cpuMeter, loadAverage, rssMiB } from './machine.ts'
import { type BenchOptions, benchOptions, wanted } from './options.ts'
import { orderBytes, type OrderBytesEvent, type OrderEvent, orders } from './payload.ts'
import { plainFile } from './plain-file.ts'
import { type Percentiles, percentiles, report, say } from './report.ts'
import { leaveCleanly, temporary } from './temporary.ts'

interface Case {
  readonly name: string
  readonly perRequest: number
  readonly outstanding: number
  readonly durability: Exclude<Durability, 'quorum'>
  readonly data: 'bytes' | 'json' | 'objects'
  readonly compression: 'auto' | 'none'
}

const bytesOnDisk = { durability: 'disk', data: 'bytes', compression: 'auto' } as const
const cases: readonly Case[] = [
  { name: 'thousands', perRequest: 1000, outstanding: 128, ...bytesOnDisk },
  { name: 'hundreds', perRequest: 100, outstanding: 1024, ...bytesOnDisk },
  { name: 'ones', perRequest: 1, outstanding: 8192, ...bytesOnDisk },
  { name: 'thousands, blocks not compressed', perRequest: 1000, outstanding: 128, ...bytesOnDisk, compression: 'none' },
  { name: 'ones, 16 outstanding', perRequest: 1, outstanding: 16, ...bytesOnDisk },
  { name: 'thousands, bytes checked as JSON', perRequest: 1000, outstanding: 128, ...bytesOnDisk, data: 'json' },
  { name: 'thousands, plain objects', perRequest: 1000, outstanding: 128, ...bytesOnDisk, data: 'objects' },
  { name: 'thousands, memory', perRequest: 1000, outstanding: 128, ...bytesOnDisk, durability: 'memory' },
]

const shards = 2
const streams = 100_000
const distinctEvents = 20_000
/** Shares no factor with `streams`, so that every stream has its turn and neighbours are far apart. */
const stride = 61_803
const secondsDefault = 8
const latencySamplesMax = 200_000

interface Run {
  readonly events: number
  readonly perSecond: number
  readonly latency: Percentiles
  readonly busy: number
  readonly cores: number
  readonly rss: number
  readonly bytesAnEvent: number
  readonly writtenAnEvent: number | null
}

type AnyOrder = OrderBytesEvent | OrderEvent

/** Requests are made beforehand: the bench measures the store and not the making of its input. */
function requestsOf({ data, perRequest }: Case): (AnyOrder | readonly AnyOrder[])[] {
  const events: AnyOrder[] = data === 'objects' ? orders(distinctEvents) : orderBytes(distinctEvents, data)
  if (perRequest === 1) return events
  return Array.from({ length: Math.floor(distinctEvents / perRequest) }, (_, at) => events.slice(at * perRequest, (at + 1) * perRequest))
}

async function measure(one: Case, directory: string, options: BenchOptions): Promise<Run> {
  const node = await openNode({ directory, shards, durability: one.durability, compression: one.compression })
  const names = Array.from({ length: streams }, (_, at) => streamName(at))
  const versions = new Float64Array(streams)
  const requests = requestsOf(one)
  const latencies: number[] = []
  let sent = 0
  let stored = 0
  let busy = 0

  const append = async (stream: number, request: AnyOrder | readonly AnyOrder[]): Promise<void> => {
    const expectedVersion = versions[stream] as number
    versions[stream] = expectedVersion + one.perRequest
    for (;;) {
      try {
        await node.appendToStream(names[stream] as string, request, { expectedVersion })
        return
      } catch (error) {
        if (!(error instanceof EventStoreError) || error.code !== 'BUSY') throw error
        busy++
        await new Promise(resolve => setTimeout(resolve, 1))
      }
    }
  }
  const run = async (requestsMax: number, endMs: number): Promise<void> => {
    const last = sent + requestsMax
    const lane = async (): Promise<void> => {
      for (let begun = systemClock.monotonic(); sent < last && begun < endMs;) {
        const place = sent++
        await append((place * stride) % streams, requests[place % requests.length] as AnyOrder)
        const now = systemClock.monotonic()
        stored += one.perRequest
        if (latencies.length < latencySamplesMax) latencies.push(now - begun)
        begun = now
      }
    }
    await Promise.all(Array.from({ length: one.outstanding }, lane))
  }

  const seconds = options.seconds ?? secondsDefault
  await run(Number.POSITIVE_INFINITY, systemClock.monotonic() + Math.min(2, seconds / 4) * 1000)
  latencies.length = 0
  const warm = stored
  const cpu = cpuMeter(systemClock.monotonic)
  const written = bytesWritten()
  const begun = systemClock.monotonic()
  if (options.events === undefined) await run(Number.POSITIVE_INFINITY, begun + seconds * 1000)
  else await run(Math.ceil(options.events / one.perRequest), Number.POSITIVE_INFINITY)
  const elapsedMs = systemClock.monotonic() - begun
  const [cores, rss, writtenAfter] = [cpu(), rssMiB(), bytesWritten()]
  await node.close()
  const events = stored - warm
  return {
    events,
    perSecond: (events * 1000) / elapsedMs,
    latency: percentiles(latencies),
    busy,
    cores,
    rss,
    bytesAnEvent: bytesBelow(directory) / stored,
    writtenAnEvent: written === null || writtenAfter === null ? null : (writtenAfter - written) / events,
  }
}

async function runCase(one: Case, options: BenchOptions): Promise<void> {
  say(`append: ${one.name}`)
  const place = temporary(options.directory)
  try {
    const disk: BareDisk = bareDisk(place.path)
    const run = await measure(one, `${place.path}/store`, options)
    const baseline =
      one.durability === 'disk' && one.outstanding > 16
        ? await plainFile(place.path, {
            threads: shards,
            seconds: Math.min(options.seconds ?? secondsDefault, 4),
            compress: one.compression === 'auto',
            requestEvents: one.perRequest,
            // Half of what is outstanding waits while the other half is synced.
            groupEvents: (one.outstanding * one.perRequest) / shards / 2,
          })
        : null
    report({
      bench: 'append',
      case: one.name,
      value: run.perSecond,
      unit: 'events/s',
      ...(baseline
        ? { baseline: { name: `the same blocks to ${shards} plain files, writev and fdatasync by group`, value: baseline.perSecond } }
        : {}),
      events: run.events,
      requestMs: run.latency,
      bytesAnEvent: run.bytesAnEvent,
      writtenAnEvent: run.writtenAnEvent,
      busyAnswers: run.busy,
      cores: run.cores,
      rssMiB: run.rss,
      load: loadAverage(),
      bareDisk: disk,
    })
  } finally {
    place.remove()
  }
}

leaveCleanly()
const options = benchOptions()
for (const one of cases.filter(({ name }) => wanted(options, name))) await runCase(one, options)
