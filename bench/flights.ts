/** Three million real flights: how long they take to read, to become durable events and to be folded; against plain loops over the same rows. */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../event/clock.ts'
import { exportFlights } from '../examples/flights/export.ts'
import { fold } from '../examples/flights/fold.ts'
import { importRows } from '../examples/flights/import.ts'
import { readFlights } from '../examples/flights/rows.ts'
import { openNode } from '../runtime/index.ts'
import { answerOf, flightsInArrivalOrder, type TwinRow } from '../test/examples/flights-twin.ts'
import { bareDisk } from './bare-disk.ts'
import { bytesBelow } from './disk-use.ts'
import { loadAverage, rssMiB } from './machine.ts'
import { benchOptions } from './options.ts'
import { report, say } from './report.ts'
import { leaveCleanly, temporary } from './temporary.ts'

const linesAWrite = 8192

interface Timed<Value> {
  readonly seconds: number
  readonly value: Value
}

async function timed<Value>(work: () => Value | Promise<Value>): Promise<Timed<Value>> {
  const begun = systemClock.monotonic()
  const value = await work()
  return { seconds: (systemClock.monotonic() - begun) / 1000, value }
}

/** The least that an import could do: a line of JSON a row, synced now and then. */
function writeLines(path: string, rows: readonly TwinRow[]): void {
  const file = openSync(path, 'w')
  for (let at = 0; at < rows.length; at += linesAWrite) {
    let text = ''
    for (const row of rows.slice(at, at + linesAWrite)) text += `${JSON.stringify(row)}\n`
    writeSync(file, text)
    fdatasyncSync(file)
  }
  closeSync(file)
}

function tell(
  name: string,
  events: number,
  ours: number,
  plain: { name: string; seconds: number },
  extra: Record<string, unknown> = {},
): void {
  report({ bench: 'flights', case: name, value: ours, unit: 's', baseline: { name: plain.name, value: plain.seconds }, ...extra })
  const baseline = { name: plain.name, value: events / plain.seconds }
  report({ bench: 'flights', case: name, value: events / ours, unit: 'events/s', baseline, ...extra })
}

async function main(): Promise<void> {
  leaveCleanly()
  const options = benchOptions()
  const place = temporary(options.directory)
  const limit = options.events === undefined ? {} : { limit: options.events }
  try {
    say('reading')
    const plainRead = await timed(flightsInArrivalOrder)
    const rows = plainRead.value.slice(0, options.events)
    const plainWrite = await timed(() => writeLines(join(place.path, 'lines'), rows))
    const plainFold = await timed(() => answerOf(rows, false))
    const answer = plainFold.value
    plainRead.value.length = 0
    rows.length = 0
    const beside = { bareDisk: bareDisk(place.path), load: loadAverage() }

    const read = await timed(() => readFlights(limit))
    const events = read.value.order.length
    tell('read and order', events, read.seconds, { name: 'rows as objects, Array.sort', seconds: plainRead.seconds })

    say('importing')
    const directory = join(place.path, 'store')
    const node = await openNode({ directory })
    const append = await timed(() => importRows(node, read.value))
    const plainImport = plainRead.seconds + plainWrite.seconds
    tell('import', events, read.seconds + append.seconds, { name: 'read, and JSON lines to a synced file', seconds: plainImport }, beside)
    const bytesAnEvent = bytesBelow(directory) / events
    tell(
      'append',
      events,
      append.seconds,
      { name: 'JSON lines to a synced file', seconds: plainWrite.seconds },
      { ...beside, bytesAnEvent },
    )

    say('folding')
    const module = new URL('../examples/flights/topology.yaml', import.meta.url)
    const folded = await timed(() => fold(node, { topology: 'flights', module, signal: new AbortController().signal }))
    tell('fold', events, folded.seconds, { name: 'the twin’s loop over rows in memory', seconds: plainFold.seconds }, { rssMiB: rssMiB() })
    await node.close()

    say('exporting')
    const reopened = await openNode({ directory })
    const exported = await timed(() => exportFlights(reopened, join(place.path, 'out')))
    await reopened.close()
    report({ bench: 'flights', case: 'export', value: exported.seconds, unit: 's', windows: exported.value.windows })
    if (`${JSON.stringify(exported.value)}\n` !== answer.summaryJson) throw new Error('the answer differs from the twin’s')
  } finally {
    place.remove()
  }
}

await main()
