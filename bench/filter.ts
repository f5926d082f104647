/** One event in a thousand, found by its type, category, tag or correlation id: by the index, by looking into every block, and by a plain loop. */
import { systemClock } from '../event/clock.ts'
import type { NewEvent } from '../event/event.ts'
import { decodeExtras } from '../event/payload.ts'
import { categoryOf } from '../event/stream-id.ts'
import { openNode } from '../runtime/index.ts'
import { Block } from '../store/log/block.ts'
import type { FilterOptions } from '../store/log/filter.ts'
import { LogReader } from '../store/log/log-reader.ts'
import type { LogView } from '../store/log/log-view.ts'
import { bareDisk } from './bare-disk.ts'
import { bytesBelow } from './disk-use.ts'
import { streamName } from './fill.ts'
import { loadAverage, rssMiB } from './machine.ts'
import { benchOptions, wanted } from './options.ts'
import { orderBytes } from './payload.ts'
import { report, say } from './report.ts'
import { leaveCleanly, temporary } from './temporary.ts'

const eventsDefault = 10_000_000
const streams = 100_000
const distinctEvents = 20_000
const oneIn = 1000
const pageRows = 4096
const scanBytes = 4 * 1024 * 1024
/** Shares no factor with the streams. */
const stride = 7_368_787

interface Case {
  readonly name: string
  readonly filter: FilterOptions
  /** The plain loop's question, of a row. */
  isWanted(block: Block, row: number): boolean
}

const extrasOf = (block: Block, row: number): ReturnType<typeof decodeExtras> =>
  decodeExtras(block.bytes, block.extrasStart(row), block.extrasEnd(row))

const cases: readonly Case[] = [
  { name: 'type', filter: { types: ['order.refused'] }, isWanted: (block, row) => block.typeOf(row) === 'order.refused' },
  { name: 'category', filter: { categories: ['return'] }, isWanted: (block, row) => categoryOf(block.streamOf(row)) === 'return' },
  { name: 'tag', filter: { tags: ['urgent'] }, isWanted: (block, row) => extrasOf(block, row).tags?.includes('urgent') ?? false },
  {
    name: 'correlation id',
    filter: { correlation: ['one-process'] },
    isWanted: (block, row) => extrasOf(block, row).metadata?.['correlationId'] === 'one-process',
  },
]

/** Interleaved over all streams; of each thousand one of another type, one of another category, one with a tag and one with a correlation id. */
function* events(count: number): Generator<{ stream: string; event: NewEvent }> {
  const pool = orderBytes(distinctEvents, 'json')
  for (let n = 0; n < count; n++) {
    const stream = streamName((n * stride) % streams)
    const event = pool[n % distinctEvents]!
    const place = n % oneIn
    if (place === 100) yield { stream, event: { ...event, type: 'order.refused' } }
    else if (place === 350) yield { stream: `return-${n % streams}`, event }
    else if (place === 600) yield { stream, event: { ...event, tags: ['urgent', `day-${n % 365}`] } }
    else if (place === 850) yield { stream, event: { ...event, metadata: { correlationId: 'one-process' } } }
    else yield { stream, event }
  }
}

function read(view: LogView, filter: FilterOptions, scan: boolean): number {
  const reader = new LogReader(view, { ...filter, pageRows, scan })
  let rows = 0
  for (let page = reader.next(); page !== null; page = reader.next()) rows += page.count
  return rows
}

/** Blocks as they lie in the database, without an order between partitions. */
function plainLoop(view: LogView, { isWanted }: Case): number {
  let rows = 0
  for (const { kv } of view.shards) {
    let gt: Uint8Array | undefined
    for (;;) {
      const { keys, values } = kv.scan('log', { ...(gt ? { gt } : {}), bytes: scanBytes, cache: false })
      gt = keys.at(-1)
      if (gt === undefined) break
      for (const value of values) {
        const block = new Block(0, value)
        for (let row = 0; row < block.count; row++) if (isWanted(block, row)) rows++
      }
    }
  }
  return rows
}

/** Rows found a second. */
function rate(run: () => number, expected: number): number {
  const begun = systemClock.monotonic()
  const rows = run()
  if (rows !== expected) throw new Error(`${rows} rows were found, of ${expected}`)
  return (rows * 1000) / (systemClock.monotonic() - begun)
}

async function main(): Promise<void> {
  const options = benchOptions()
  const count = options.events ?? eventsDefault
  const place = temporary(options.directory)
  const disk = bareDisk(place.path)
  const directory = `${place.path}/store`
  const writer = await openNode({ directory, shards: 2 })
  const begun = systemClock.monotonic()
  await writer.appendInOrder(events(count))
  say(`filled with ${count} events: ${Math.round(count / (systemClock.monotonic() - begun))} k events/s`)
  await writer.close()
  const node = await openNode({ directory })
  const { view } = node
  const rows = Math.floor(count / oneIn)
  for (const one of cases.filter(({ name }) => wanted(options, name))) {
    const scanned = rate(() => read(view, one.filter, true), rows)
    const plain = rate(() => plainLoop(view, one), rows)
    const found = rate(() => read(view, one.filter, false), rows)
    report({
      bench: 'filter',
      case: `1 in ${oneIn} by ${one.name}`,
      value: found,
      unit: 'rows/s',
      baseline: { name: 'the same reader looking into every block', value: scanned },
      plainLoop: plain,
      ratioToPlainLoop: found / plain,
      logEventsPerSecond: (found * count) / rows,
      rows,
      bytesAnEvent: bytesBelow(directory) / count,
      rssMiB: rssMiB(),
      load: loadAverage(),
      bareDisk: disk,
    })
  }
  await node.close()
  place.remove()
}

leaveCleanly()
await main()
