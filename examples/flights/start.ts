/** `npm start`: imports three million real flights, folds their delays by hour and airport, and says what came out. */
import { relative } from 'node:path'
import { errorCodes, isEventStoreError, openNode } from '../../runtime/index.ts'
import type { Node } from '../../runtime/index.ts'
import { exportFlights } from './export.ts'
import { fold } from './fold.ts'
import { importFlights, importState, rowsWanted } from './import.ts'
import { startOptions, usage, UsageError } from './options.ts'
import type { StartOptions } from './options.ts'
import { number, progress } from './progress.ts'
import { commands, summaryOf } from './summary.ts'
import type { Pace } from './summary.ts'
import { openStore } from './store.ts'

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const tell = (text: string): void => void process.stderr.write(`${text}\n`)

async function start(options: StartOptions, signal: AbortSignal): Promise<void> {
  const topology = options.raw ? 'flights-raw' : 'flights'
  const { node: opened, kept } = await openStore(options, topology, tell)
  let node = opened
  try {
    const imported = kept ? undefined : await importWithProgress(node, options, signal)
    const folded = await foldWithProgress(node, topology, signal)
    for (const line of await summaryOf(node, { topology, imported, folded })) say(line)
    if (options.export !== undefined) {
      await node.close()
      node = await openNode({ directory: options.data })
      const { windows, late, suspect } = await exportFlights(node, options.export, topology)
      say(`\nRead back after reopening: ${number(windows)} windows, ${number(late)} late, ${number(suspect)} suspect, in ${options.export}`)
    }
    for (const line of await commands(node, shortest(options.data))) say(line)
  } finally {
    await node.close()
  }
}

function shortest(path: string): string {
  const fromHere = relative('.', path) || '.'
  return fromHere.startsWith('..') ? path : fromHere
}

/** Answers the seconds from the first row handed over to the last one durable; the file is read before. */
async function importWithProgress(node: Node, options: StartOptions, signal: AbortSignal): Promise<Pace> {
  const total = await rowsWanted(undefined)
  let now = progress({ name: 'read', unit: 'rows', total })
  let importing = false
  try {
    const events = await importFlights(node, {
      ...(options.limit === undefined ? {} : { limit: options.limit }),
      signal,
      onRead: rows => now.at(rows),
      onRow: (row, rows) => {
        if (!importing) {
          now.done()
          now = progress({ name: 'import', unit: 'events', total: rows })
          importing = true
        }
        now.at(row)
      },
    })
    return { events, seconds: now.done(events) }
  } catch (error) {
    now.stop()
    throw error
  }
}

/** A fold that ended in an earlier run is kept; one that was stopped goes on. */
async function foldWithProgress(node: Node, topology: string, signal: AbortSignal): Promise<Pace | undefined> {
  const { rows: total } = await importState(node)
  const before = (await node.topologies()).find(({ name }) => name === topology)
  if (before?.status === 'ended') return undefined
  const from = before?.rowsIn ?? 0
  const now = progress({ name: 'fold', unit: 'events', total, from })
  try {
    const ended = await fold(node, {
      topology,
      module: new URL(topology === 'flights' ? './topology.yaml' : './topology-raw.yaml', import.meta.url),
      signal,
      onStatus: ({ rowsIn, lagEvents, late }) => now.at(rowsIn, { lag: lagEvents, late }),
    })
    return { events: ended.rowsIn - from, seconds: now.done(ended.rowsIn, { lag: ended.lagEvents, late: ended.late }) }
  } catch (error) {
    now.stop()
    throw error
  }
}

async function main(): Promise<number> {
  const stop = new AbortController()
  // A second signal finds no listener and ends the process at once: whatever was acknowledged is on disk.
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort(new Error(`stopped by ${name}`)))
  try {
    const options = startOptions(process.argv.slice(2))
    if (!options) say(usage)
    else await start(options, stop.signal)
    return 0
  } catch (error) {
    if (stop.signal.aborted) {
      tell('Stopped. The store was closed in good order; run it again to start over, or with --keep to go on with a finished import.')
      return 130
    }
    tell(error instanceof Error ? error.message : String(error))
    if (error instanceof UsageError) tell('npm start -- --help tells the options.')
    return error instanceof UsageError ? 2 : isEventStoreError(error) ? errorCodes[error.code].exit : 1
  }
}

process.exitCode = await main()
