/** What came out of a run, in lines for people, and the commands to go on with. */
import type { Node } from '../../runtime/index.ts'
import { type DailyTop, dayLate, eventsOf, type HourKey, lateStream, projection, suspectStream, topStream } from './export.ts'
import { number } from './progress.ts'
import { importState } from './import.ts'

const nameWidth = 22

export interface Pace {
  readonly events: number
  readonly seconds: number
}

export interface Run {
  readonly topology: string
  /** Undefined when those of an earlier run were kept. */
  readonly imported: Pace | undefined
  readonly folded: Pace | undefined
}

export async function summaryOf(node: Node, run: Run): Promise<string[]> {
  const { rows } = await importState(node)
  const stats = await node.stats()
  const { events } = stats
  const facts: [string, string][] = [
    ['flights', number(rows)],
    ['imported, durable', paceText(run.imported)],
    ['folded, exactly once', paceText(run.folded)],
    ['events in the log', `${number(events)}, ${(stats.diskBytes / events).toFixed(1)} bytes each on disk`],
    ['windows', number(await countWindows(node))],
    ['late', number(await node.streamVersion(lateStream))],
    ['suspect', number(await node.streamVersion(suspectStream))],
    ['late for their day', number(await dayLate(node, run.topology))],
    ['dead letters', number(await node.streamVersion(`$dead-letter-${run.topology}`))],
  ]
  const key = await firstKey(node)
  if (key) {
    const found = await node.state(projection).get(key)
    facts.push(['a look-up', `${hourText(key)} ${JSON.stringify(found?.value)}`])
  }
  return ['', ...facts.map(([name, fact]) => `${name.padEnd(nameWidth)}${fact}`), ...(await busiest(node))]
}

/** The ten busiest airports of the last day. */
async function busiest(node: Node): Promise<string[]> {
  const rows: DailyTop['data'][] = []
  for await (const { data } of eventsOf<DailyTop>(node, topStream)) {
    if (rows[0] !== undefined && data.day > rows[0].day) rows.length = 0
    rows.push(data)
  }
  const [first] = rows
  if (first === undefined) return []
  const lines = rows.map(({ rank, origin, count }) => `  ${String(rank).padStart(2)}. ${origin}  ${number(count)} flights`)
  return ['', `The busiest airports of ${new Date(first.day).toISOString().slice(0, 10)}:`, ...lines]
}

function paceText(pace: Pace | undefined): string {
  return pace ? `${number(pace.events / pace.seconds)} events/s (${pace.seconds.toFixed(1)} s)` : 'kept from an earlier run'
}

export async function commands(node: Node, data: string): Promise<string[]> {
  const key = await firstKey(node)
  const lines = [
    ...(key
      ? [
          `npx allsource state get ${projection} '${JSON.stringify(key)}' --data ${data}`,
          `npx allsource read airport-${key[0]} --limit 3 --data ${data}`,
        ]
      : []),
    `npx allsource read ${lateStream} --limit 3 --data ${data}`,
    `npx allsource topologies --data ${data}`,
    `npx allsource stats --data ${data}`,
    `npx allsource verify --data ${data}`,
  ]
  return ['', 'Go on with:', ...lines.map(line => `  ${line}`)]
}

async function countWindows(node: Node): Promise<number> {
  let windows = 0
  for await (const _ of node.state(projection).list()) windows += 1
  return windows
}

async function firstKey(node: Node): Promise<HourKey | undefined> {
  for await (const { key } of node.state(projection).list({ limit: 1 })) return key as HourKey
  return undefined
}

function hourText([origin, windowStart]: HourKey): string {
  return `${origin}, ${new Date(windowStart).toISOString().slice(0, 13)}h:`
}
