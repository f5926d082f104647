/** Writes the answer down: `windows.csv`, `top10.csv` and `summary.json`, read back from the projection and the streams of a node. */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AnyEvent, Node } from '../../runtime/index.ts'

/** Key `[origin, windowStart in ms]` of the projection `hourly-delays`. */
export type HourKey = readonly [origin: string, windowStart: number]

/** Minutes, but `count`. */
export interface HourValue {
  readonly state: string
  readonly count: number
  readonly sum: number
  readonly mean: number
  readonly p95: number
}

export interface Summary {
  windows: number
  sumCount: number
  sumDelay: number
  sumP95: number
  late: number
  lateDelaySum: number
  suspect: number
  dayLate: number
  top10Rows: number
}

/** An airport among the ten busiest of a day; `day` is its first millisecond. */
export interface DailyTop {
  readonly type: 'airport.daily-top'
  readonly data: { readonly day: number; readonly rank: number; readonly origin: string; readonly count: number }
}

type Line = readonly [windowStart: number, origin: string, rest: string]

export const projection = 'hourly-delays'
export const lateStream = 'flights-late'
export const suspectStream = 'flights-suspect'
export const topStream = 'airports-daily-top'
const linesAWrite = 4096

const nothing: Summary = { windows: 0, sumCount: 0, sumDelay: 0, sumP95: 0, late: 0, lateDelaySum: 0, suspect: 0, dayLate: 0, top10Rows: 0 }

/** Makes the directory when it is not there, and answers what stands in `summary.json`. */
export async function exportFlights(node: Node, directory: string, topology = 'flights'): Promise<Summary> {
  await mkdir(directory, { recursive: true })
  const summary = { ...nothing }
  const lines: Line[] = []
  for await (const { key, value } of node.state(projection).list()) {
    const [origin, windowStart] = key as HourKey
    const hour = value as HourValue
    lines.push([windowStart, origin, `${hour.state},${hour.count},${hour.sum},${hour.p95}`])
    summary.windows += 1
    summary.sumCount += hour.count
    summary.sumDelay += hour.sum
    summary.sumP95 += hour.p95
  }
  await writeLines(join(directory, 'windows.csv'), lines.sort(byWindowThenOrigin))
  for await (const { data } of eventsOf<{ type: string; data: { delay: number } }>(node, lateStream)) {
    summary.late += 1
    summary.lateDelaySum += data.delay
  }
  for await (const _ of eventsOf(node, suspectStream)) summary.suspect += 1
  const top: string[] = []
  for await (const { data } of eventsOf<DailyTop>(node, topStream))
    top.push(`${data.day / 1000},${data.rank},${data.origin},${data.count}\n`)
  summary.top10Rows = top.length
  await writeFile(join(directory, 'top10.csv'), top.join(''))
  summary.dayLate = await dayLate(node, topology)
  await writeFile(join(directory, 'summary.json'), `${JSON.stringify(summary)}\n`)
  return summary
}

/** Rows that came too late for their day go nowhere, so they are only counted. */
export async function dayLate(node: Node, topology: string): Promise<number> {
  const status = (await node.topologies()).find(({ name }) => name === topology)
  return status?.steps.find(({ id }) => id === 'daily')?.late ?? 0
}

/** The events of a stream; none when nothing was ever written to it. */
export async function* eventsOf<E extends AnyEvent>(node: Node, stream: string): AsyncGenerator<{ data: E['data'] }> {
  if ((await node.streamVersion(stream)) > 0) yield* node.readStream<E>(stream) as AsyncIterable<{ data: E['data'] }>
}

/** Origins by code point, as bytes of UTF-8 are ordered: airports are ASCII, where that is the order of JavaScript too. */
function byWindowThenOrigin(a: Line, b: Line): number {
  return a[0] - b[0] || (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0)
}

async function writeLines(path: string, lines: readonly Line[]): Promise<void> {
  const file = createWriteStream(path)
  const closed = once(file, 'close')
  for (let at = 0; at < lines.length; at += linesAWrite) {
    const text = lines.slice(at, at + linesAWrite).map(([windowStart, origin, rest]) => `${windowStart / 1000},${origin},${rest}\n`)
    if (!file.write(text.join(''))) await once(file, 'drain')
  }
  file.end()
  await closed
}
