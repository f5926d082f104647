/** How fast events become durable: 200 B as bytes, two shards, 100,000 streams, expected versions, many requests outstanding. */
import { systemClock } from '../event/clock.ts'
import { openNode } from '../runtime/index.ts'
import { type AnyOrder, Load } from './append-load.ts'
import { bareDisk } from './bare-disk.ts'
import { bytesBelow, bytesWritten } from './disk-use.ts'
import { eachInItsProcess } from './each-case.ts'
import { cpuMeter, type CpuShare, loadAverage, rssMiB } from './machine.ts'
import type { BenchOptions } from './options.ts'
import { orderBytes, orders } from './payload.ts'
import { plainFile } from './plain-file.ts'
import { type Percentiles, percentiles, report } from './report.ts'
import { temporary } from './temporary.ts'

interface Case {
  readonly name: string
  readonly perRequest: number
  readonly outstanding: number
  readonly durability: 'disk' | 'memory'
  /** `json`: bytes that the door checks to be JSON text. */
  readonly data: 'bytes' | 'json' | 'objects'
  readonly compression: 'auto' | 'none'
}

const plain = { durability: 'disk', data: 'bytes', compression: 'auto' } as const
const cases: readonly Case[] = [
  { name: 'thousands', perRequest: 1000, outstanding: 128, ...plain },
  { name: 'hundreds', perRequest: 100, outstanding: 1024, ...plain },
  { name: 'ones', perRequest: 1, outstanding: 8192, ...plain },
  { name: 'thousands, blocks not compressed', perRequest: 1000, outstanding: 128, ...plain, compression: 'none' },
  { name: 'thousands, bytes checked as JSON', perRequest: 1000, outstanding: 128, ...plain, data: 'json' },
  { name: 'thousands, plain objects', perRequest: 1000, outstanding: 128, ...plain, data: 'objects' },
  { name: 'thousands, memory', perRequest: 1000, outstanding: 128, ...plain, durability: 'memory' },
  { name: 'few outstanding: 16 of one event', perRequest: 1, outstanding: 16, ...plain },
]

const shards = 2
const streams = 100_000
const distinctEvents = 20_000
const secondsDefault = 8

/** Requests are made beforehand: the bench measures the store and not the making of its input. */
function requestsOf({ data, perRequest }: Case): (AnyOrder | readonly AnyOrder[])[] {
  const events: AnyOrder[] = data === 'objects' ? orders(distinctEvents) : orderBytes(distinctEvents, data)
  if (perRequest === 1) return events
  return Array.from({ length: Math.floor(distinctEvents / perRequest) }, (_, at) => events.slice(at * perRequest, (at + 1) * perRequest))
}

interface Run extends CpuShare {
  readonly perSecond: number
  readonly events: number
  readonly requestMs: Percentiles
  readonly bytesAnEvent: number
  readonly writtenAnEvent: number | null
  readonly busyAnswers: number
  readonly rssMiB: number
}

async function measure(one: Case, directory: string, options: BenchOptions): Promise<Run> {
  const node = await openNode({ directory, shards, durability: one.durability, compression: one.compression })
  const load = new Load(node, { streams, outstanding: one.outstanding, requests: requestsOf(one) })
  const seconds = options.seconds ?? secondsDefault
  await load.run(Number.POSITIVE_INFINITY, systemClock.monotonic() + Math.min(2, seconds / 4) * 1000)
  load.latencies.length = 0
  const warm = load.stored
  const cpu = cpuMeter(systemClock.monotonic)
  const written = bytesWritten()
  const begun = systemClock.monotonic()
  if (options.events === undefined) await load.run(Number.POSITIVE_INFINITY, begun + seconds * 1000)
  else await load.run(Math.ceil(options.events / one.perRequest), Number.POSITIVE_INFINITY)
  const elapsedMs = systemClock.monotonic() - begun
  const [share, rss, writtenAfter] = [cpu(), rssMiB(), bytesWritten()]
  await node.close()
  const events = load.stored - warm
  return {
    perSecond: (events * 1000) / elapsedMs,
    events,
    requestMs: percentiles(load.latencies),
    bytesAnEvent: bytesBelow(directory) / load.stored,
    writtenAnEvent: written === null || writtenAfter === null ? null : (writtenAfter - written) / events,
    busyAnswers: load.busy,
    ...share,
    rssMiB: rss,
  }
}

async function runCase(one: Case, options: BenchOptions): Promise<void> {
  const place = temporary(options.directory)
  const disk = bareDisk(place.path)
  const { perSecond, ...more } = await measure(one, `${place.path}/store`, options)
  const plainFiles =
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
  place.remove()
  report({
    bench: 'append',
    case: one.name,
    value: perSecond,
    unit: 'events/s',
    ...(plainFiles
      ? { baseline: { name: `the same blocks to ${shards} plain files, writev and fdatasync by group`, value: plainFiles.perSecond } }
      : {}),
    ...more,
    load: loadAverage(),
    bareDisk: disk,
  })
}

await eachInItsProcess('append', cases, runCase)
