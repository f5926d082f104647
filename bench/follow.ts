/** The whole log in total order by a follower in process: as blocks, decoded to the columns of two fields, and as objects. */
import { LogSource } from '../actors/log-source.ts'
import { systemClock } from '../event/clock.ts'
import { openNode } from '../runtime/index.ts'
import { FieldReader } from '../store/log/fields.ts'
import { LogReader } from '../store/log/log-reader.ts'
import type { LogView } from '../store/log/log-view.ts'
import { bareDisk } from './bare-disk.ts'
import { fill } from './fill.ts'
import { cpuMeter, loadAverage, rssMiB } from './machine.ts'
import { benchOptions, wanted } from './options.ts'
import { orderBytes } from './payload.ts'
import { report } from './report.ts'
import { leaveCleanly, temporary } from './temporary.ts'

const eventsDefault = 5_000_000
const streams = 100_000
const pageRows = 4096
const fields = ['quantity', 'warehouse']
const scanBytes = 4 * 1024 * 1024

/** Sums payload bytes, so that every row was looked at. */
function followBlocks(view: LogView): number {
  const reader = new LogReader(view, { pageRows })
  let [rows, bytes] = [0, 0]
  for (let page = reader.next(); page !== null; page = reader.next()) {
    rows += page.count
    for (let i = 0; i < page.count; i++) {
      const block = page.blocks[page.block[i] as number]
      const row = page.row[i] as number
      if (block) bytes += block.dataEnd(row) - block.dataStart(row)
    }
  }
  if (bytes === 0) throw new Error('the log is empty')
  return rows
}

/** As a pipeline reads it. */
function followColumns(view: LogView): number {
  const reader = new LogReader(view, { pageRows })
  const source = new LogSource({
    plan: { id: 'log', kind: 'log', fields },
    reader,
    storeId: view.storeId,
    changed: () => Promise.resolve(),
  })
  let [rows, sum] = [0, 0]
  for (let page = source.next(); page !== null; page = source.next()) {
    rows += page.count
    const column = page.columns.get('quantity')
    if (column?.kind !== 'number') throw new TypeError('quantity is no column of numbers')
    for (let i = 0; i < page.count; i++) sum += column.values[i] as number
  }
  if (sum < rows) throw new Error('quantities are missing')
  return rows
}

/** The rows that the blocks lie in, read and counted without opening any. */
function scanRows(view: LogView): number {
  for (const { kv } of view.shards) {
    let gt: Uint8Array | undefined
    for (;;) {
      const { keys } = kv.scan('log', { ...(gt ? { gt } : {}), bytes: scanBytes, cache: false })
      gt = keys.at(-1)
      if (gt === undefined) break
    }
  }
  return view.shards.reduce((sum, _, shard) => sum + eventsOf(view, shard), 0)
}

function eventsOf(view: LogView, shard: number): number {
  let events = 0
  for (let partition = shard; partition < view.partitions; partition += view.shards.length) events += view.sequenceOf(partition)
  return events
}

/** The decoder alone, over payloads that lie in memory already. */
function decodeOnly(rows: number): number {
  const payloads = orderBytes(20_000).map(({ data }) => data)
  const reader = new FieldReader(fields)
  for (let from = 0; from < rows; from += pageRows) {
    reader.begin(pageRows)
    for (let i = 0; i < pageRows; i++) {
      const bytes = payloads[(from + i) % payloads.length] as Uint8Array
      reader.json(bytes, 0, bytes.length, i)
    }
    reader.columns()
  }
  return rows
}

interface Case {
  readonly name: string
  readonly run: () => number | Promise<number>
  readonly baseline: { readonly name: string; readonly run: () => number }
}

async function rate(run: () => number | Promise<number>): Promise<{ perSecond: number; rows: number; cores: number }> {
  const cpu = cpuMeter(systemClock.monotonic)
  const begun = systemClock.monotonic()
  const rows = await run()
  return { perSecond: (rows * 1000) / (systemClock.monotonic() - begun), rows, cores: cpu().cores }
}

async function main(): Promise<void> {
  const options = benchOptions()
  const events = options.events ?? eventsDefault
  const place = temporary(options.directory)
  const directory = `${place.path}/store`
  const disk = bareDisk(place.path)
  const writer = await openNode({ directory, shards: 2 })
  const count = Math.min(streams, events)
  await fill(writer, { streams: count, eventsPerStream: Math.ceil(events / count) }, systemClock.monotonic)
  await writer.close()
  const node = await openNode({ directory })
  const { view } = node
  const objects = async (): Promise<number> => {
    let rows = 0
    for await (const event of node.readAll()) rows += event.version > 0 ? 1 : 0
    return rows
  }
  const scan = { name: 'a scan of the same rows of RocksDB, no block opened', run: () => scanRows(view) }
  const cases: Case[] = [
    { name: 'blocks', run: () => followBlocks(view), baseline: scan },
    {
      name: 'decoded to two columns',
      run: () => followColumns(view),
      baseline: { name: 'the decoder alone', run: () => decodeOnly(events) },
    },
    { name: 'objects (readAll)', run: objects, baseline: scan },
  ]
  for (const { name, run, baseline } of cases.filter(one => wanted(options, one.name))) {
    const bare = await rate(baseline.run)
    const { perSecond, rows, cores } = await rate(run)
    report({
      bench: 'follow',
      case: name,
      value: perSecond,
      unit: 'events/s',
      baseline: { name: baseline.name, value: bare.perSecond },
      rows,
      cores,
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
