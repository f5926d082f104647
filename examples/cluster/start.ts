/** Three nodes take in flights while they are killed and come back; then each of them must tell the same story as a node that nobody disturbed. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, isEventStoreError } from '../../client/index.ts'
import { openNode } from '../../runtime/index.ts'
import { number, progress } from '../flights/progress.ts'
import { type Contents, contentsOf, differences, type Order, orderOf } from './compare.ts'
import { type Flights, readBatches } from './flights.ts'
import { type Imported, importFlights } from './import.ts'
import { Killer, killsOf } from './kills.ts'
import { type ClusterExampleOptions, optionsOf, usage, UsageError } from './options.ts'
import { type ClusterNode, type Program, startNats, startNodes } from './processes.ts'

const partitions = 12
const say = (text: string): void => void process.stdout.write(`${text}\n`)
const tell = (text: string): void => void process.stderr.write(`${text}\n`)

interface Found {
  readonly name: string
  readonly contents: Contents
  readonly order: Order
}

/** True when everything is equal. */
async function run(options: ClusterExampleOptions): Promise<boolean> {
  const directory = await mkdtemp(join(tmpdir(), 'allsource-cluster-'))
  const programs: Program[] = []
  try {
    const flights = await readBatches(options.events)
    tell(`${number(flights.events)} flights of ${flights.streams.size} airports; servers and nodes are started in ${directory}`)
    const nats = await startNats(directory)
    programs.push(...nats.programs)
    const nodes = await startNodes(directory, { nats, partitions })
    programs.unshift(...nodes.map(({ program }) => program))
    tell(`nodes: ${nodes.map(({ name, url }) => `${name} ${url}`).join(', ')}`)
    const imported = await importAndKill(flights, nodes, options)
    const found = await Promise.all(nodes.map(node => whatItSays(node, flights)))
    const alone = await singleNode(join(directory, 'alone'), flights)
    return report({ flights, imported, found, alone, kills: options.kills })
  } finally {
    for (const program of programs) await program.kill('SIGTERM')
    if (options.keep) tell(`the directories stay: ${directory}`)
    else await rm(directory, { recursive: true, force: true })
  }
}

async function importAndKill(flights: Flights, nodes: readonly ClusterNode[], { seed, kills }: ClusterExampleOptions): Promise<Imported> {
  const shown = progress({ name: 'import', unit: 'events', total: flights.events })
  const killer = new Killer(killsOf({ seed, kills, events: flights.events, nodes: nodes.length }), { nodes, say: tell })
  try {
    const imported = await importFlights(flights, {
      urls: nodes.map(({ url }) => url),
      async stored(events) {
        shown.at(events)
        await killer.stored(events)
      },
    })
    shown.done()
    await killer.end()
    return imported
  } finally {
    shown.stop()
  }
}

async function whatItSays({ name, url }: ClusterNode, flights: Flights): Promise<Found> {
  const client = connect({ url })
  try {
    const contents = await contentsOf(client, flights.streams.keys())
    const order = await orderOf(client, flights.events)
    tell(`${name} is read: ${number(contents.events)} events by stream, ${number(order.events)} in order`)
    return { name, contents, order }
  } finally {
    await client.close()
  }
}

/** The same batches into a node by itself, in this process. */
async function singleNode(directory: string, flights: Flights): Promise<Contents> {
  const node = await openNode({ directory, partitions })
  try {
    const streams = [...flights.streams.values()].map(async batches => {
      for (const { stream, events, expectedVersion } of batches) await node.appendToStream(stream, events, { expectedVersion })
    })
    await Promise.all(streams)
    return await contentsOf(node, flights.streams.keys())
  } finally {
    await node.close()
  }
}

interface Outcome {
  readonly flights: Flights
  readonly imported: Imported
  readonly found: readonly Found[]
  readonly alone: Contents
  readonly kills: number
}

function report({ flights, imported, found, alone, kills }: Outcome): boolean {
  const { seconds, retries, longestMs } = imported
  const made = Object.entries(retries).map(([code, times]) => `${code} ${number(times)}`)
  const orders = new Set(found.map(({ order }) => order.digest))
  const isWhole = alone.events === flights.events && found.every(({ order }) => order.events === flights.events)
  const rows = found.map(({ name, contents, order }) => {
    const different = differences(contents, alone)
    const verdict = different.length === 0 ? 'equal' : `${different.length} streams differ: ${different.slice(0, 5).join(', ')}`
    return [name, number(contents.events), String(contents.streams.size), verdict, order.digest.slice(0, 12)]
  })
  const facts = [
    ['imported', `${number(flights.events)} flights in ${seconds.toFixed(1)} s, ${number(flights.events / seconds)} a second`],
    ['killed', `${kills} times`],
    ['made again', made.join(', ') || 'nothing'],
    ['longest append', `${(longestMs / 1000).toFixed(2)} s`],
  ]
  say('')
  for (const [name, fact] of facts) say(`${name!.padEnd(16)}${fact}`)
  say('')
  for (const cells of [['node', 'events', 'streams', 'against a single node', 'order of all'], ...rows])
    say(cells.map((cell, at) => cell.padEnd([6, 9, 9, 23][at] ?? 0)).join(' '))
  const isEqual = isWhole && orders.size === 1 && found.every(({ contents }) => differences(contents, alone).length === 0)
  say('')
  say(isEqual ? 'All nodes tell the same, and what a single node tells.' : 'NOT EQUAL: see the table.')
  return isEqual
}

// The programs end with this process, which ends in order.
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))

try {
  const options = optionsOf(process.argv.slice(2))
  if (options === null) say(usage)
  else if (!(await run(options))) process.exitCode = 1
} catch (error) {
  const isUsage = error instanceof UsageError
  tell(isUsage ? `${error.message}\n\n${usage}` : isEventStoreError(error) ? `${error.code}: ${error.message}` : String(error))
  process.exitCode = isUsage ? 2 : 1
}
