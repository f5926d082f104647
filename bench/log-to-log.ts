/** Follow, map, append, exactly-once: events a second from one category of the log into other streams of it; against a plain read and append. */
import { systemClock } from '../event/clock.ts'
import type { Event, NewEvent } from '../event/event.ts'
import { type Node, openNode } from '../runtime/index.ts'
import { bareDisk } from './bare-disk.ts'
import { eachInItsProcess } from './each-case.ts'
import { fill } from './fill.ts'
import { loadAverage, rssMiB } from './machine.ts'
import type { BenchOptions } from './options.ts'
import type { Order } from './payload.ts'
import { report } from './report.ts'
import { temporary } from './temporary.ts'

interface Case {
  readonly name: string
  readonly form: 'one' | 'many'
}

const cases: readonly Case[] = [
  { name: 'into one stream', form: 'one' },
  { name: 'into a stream of each article', form: 'many' },
]
const eventsDefault = 1_000_000
const eventsPerStream = 10
const epochMs = 1000

const pricedOf = ({ data: { orderId, sku, quantity, price } }: Event<string, Order>): NewEvent => ({
  type: 'order.priced',
  data: { orderId, sku, quantity, total: quantity * price },
})

/** What is left without a topology: events read as objects, mapped, and appended in their order, though not exactly once. */
async function plainly(node: Node, form: Case['form'], events: number): Promise<number> {
  const begun = systemClock.monotonic()
  const made: { stream: string; event: NewEvent }[] = []
  for await (const event of node.readAll<Event<string, Order>>({ categories: ['order'] }))
    made.push({ stream: form === 'one' ? 'plain' : `plain-${event.data.sku}`, event: pricedOf(event) })
  await node.appendInOrder(made)
  if (made.length !== events) throw new Error(`read ${made.length} of ${events} events`)
  return (events * 1000) / (systemClock.monotonic() - begun)
}

interface Run {
  readonly perSecond: number
  readonly cpuUsAnEvent: number
  readonly appended: number
}

async function asTopology(node: Node, form: Case['form'], events: number): Promise<Run> {
  const [cpu, begun] = [process.cpuUsage(), systemClock.monotonic()]
  await node.deploy(new URL('./log-to-log/topologies.ts', import.meta.url), { export: form, until: 'head' })
  const { status, rowsOut, error } = await node.topologyEnded(form)
  if (status !== 'ended') throw new Error(`the topology is ${status}: ${error?.message ?? ''}`)
  const perSecond = (events * 1000) / (systemClock.monotonic() - begun)
  const { user, system } = process.cpuUsage(cpu)
  return { perSecond, cpuUsAnEvent: (user + system) / events, appended: rowsOut }
}

async function runCase({ name, form }: Case, options: BenchOptions): Promise<void> {
  const events = options.events ?? eventsDefault
  const place = temporary(options.directory)
  const bare = bareDisk(place.path)
  const node = await openNode({ directory: `${place.path}/store`, workers: 1, epochMs })
  await fill(node, { streams: events / eventsPerStream, eventsPerStream }, systemClock.monotonic)
  const own = await asTopology(node, form, events)
  const baseline = await plainly(node, form, events)
  const rss = rssMiB()
  await node.close()
  place.remove()
  report({
    bench: 'log-to-log',
    case: name,
    value: own.perSecond,
    unit: 'events/s',
    baseline: { name: 'the events read as objects, mapped and appended in order, not exactly once', value: baseline },
    events,
    exact: own.appended === events,
    cpuUsAnEvent: own.cpuUsAnEvent,
    epochMs,
    rssMiB: rss,
    load: loadAverage(),
    bareDisk: bare,
  })
}

await eachInItsProcess('log-to-log', cases, runCase)
