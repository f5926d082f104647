/** From an append that is acknowledged to the row that shows it, while events come at half of the rate that the projection keeps up with. */
import { systemClock } from '../event/clock.ts'
import { type Node, openNode } from '../runtime/index.ts'
import { bareDisk } from './bare-disk.ts'
import { loadAverage, rssMiB } from './machine.ts'
import { benchOptions } from './options.ts'
import { percentiles, report, say } from './report.ts'
import { leaveCleanly, temporary } from './temporary.ts'

const eventsDefault = 300_000
const secondsDefault = 15
const keys = 100_000
const requestEvents = 500
const probeEveryMs = 10

let number = 0

function request(): { type: string; data: { key: string; number: number } }[] {
  return Array.from({ length: requestEvents }, () => {
    number++
    return { type: 'put', data: { key: `key-${(number * 7919) % keys}`, number } }
  })
}

/** Appends so many events as fast as they go and waits until all are folded: events a second. */
async function mostAtOnce(node: Node, events: number): Promise<number> {
  const begun = systemClock.monotonic()
  const state = node.state('latest')
  const last = -number - 1
  for (let left = events; left > 0; left -= requestEvents * 16)
    await Promise.all(Array.from({ length: 16 }, (_, lane) => node.appendToStream(`lane-${lane}`, request())))
  await node.appendToStream('probe-0', { type: 'put', data: { key: 'probe', number: last } })
  while ((state.peek('probe')?.value as { number: number } | undefined)?.number !== last) await turn()
  return (events * 1000) / (systemClock.monotonic() - begun)
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** Events at a steady pace until the signal says stop; answers how many a second there were. */
async function steadily(node: Node, perSecond: number, signal: AbortSignal): Promise<number> {
  const begun = systemClock.monotonic()
  const waiting = new Set<Promise<unknown>>()
  let sent = 0
  while (!signal.aborted) {
    const behind = ((systemClock.monotonic() - begun) * perSecond) / 1000 - sent
    if (behind < requestEvents || waiting.size > 64) {
      await new Promise(resolve => setTimeout(resolve, 1))
      continue
    }
    const append: Promise<unknown> = node
      .appendToStream(`lane-${(sent / requestEvents) % 16}`, request())
      .finally(() => waiting.delete(append))
    waiting.add(append)
    sent += requestEvents
  }
  await Promise.all(waiting)
  return (sent * 1000) / (systemClock.monotonic() - begun)
}

async function probes(node: Node, seconds: number): Promise<{ lags: number[]; acknowledged: number[] }> {
  const state = node.state('latest')
  const lags: number[] = []
  const acknowledged: number[] = []
  const end = systemClock.monotonic() + seconds * 1000
  for (let probe = 1; systemClock.monotonic() < end; probe++) {
    const asked = systemClock.monotonic()
    await node.appendToStream('probe-0', { type: 'put', data: { key: 'probe', number: probe } })
    const answered = systemClock.monotonic()
    while ((state.peek('probe')?.value as { number: number } | undefined)?.number !== probe) await turn()
    lags.push(systemClock.monotonic() - answered)
    acknowledged.push(answered - asked)
    await new Promise(resolve => setTimeout(resolve, probeEveryMs))
  }
  return { lags, acknowledged }
}

async function main(): Promise<void> {
  leaveCleanly()
  const options = benchOptions()
  const place = temporary(options.directory)
  const disk = bareDisk(place.path)
  const node = await openNode({ directory: place.path })
  await node.deploy(new URL('./state/latest.ts', import.meta.url), { export: 'latest' })
  const events = options.events ?? eventsDefault
  await mostAtOnce(node, events / 3)
  const most = await mostAtOnce(node, events)
  say(`projection-lag: ${Math.round(most)} events a second at most`)
  for (const share of [0, 0.5]) {
    const stop = new AbortController()
    const load = share === 0 ? Promise.resolve(0) : steadily(node, most * share, stop.signal)
    const { lags, acknowledged } = await probes(node, (options.seconds ?? secondsDefault) / (share === 0 ? 3 : 1))
    stop.abort()
    const perSecond = await load
    const { p50, p99, max } = percentiles(lags)
    report({
      bench: 'projection-lag',
      case: share === 0 ? 'one event at a time' : 'at half of the highest rate',
      value: p99,
      unit: 'ms p99',
      baseline: { name: 'the append itself, p99', value: percentiles(acknowledged).p99 },
      p50,
      max,
      probes: lags.length,
      eventsPerSecond: perSecond,
      mostPerSecond: most,
      bareDisk: disk,
      rssMiB: rssMiB(),
      load: loadAverage(),
    })
  }
  await node.close()
  place.remove()
}

await main()
