/**
 * Nexmark q0, q1, q2, q7 as pipelines of the product, q1 also with closures and with expressions: one pipeline worker, epochs of a second;
 * against plain loops over the same pages.
 */
import { systemClock } from '../event/clock.ts'
import { type Node, openNode } from '../runtime/index.ts'
import { bareDisk } from './bare-disk.ts'
import { eachInItsProcess } from './each-case.ts'
import { cpuMeter, loadAverage, rssMiB } from './machine.ts'
import { nexmarkPage } from './nexmark/columns.ts'
import { answerOf, graphAlone } from './nexmark/graph.ts'
import { type Answer, loops, type Query } from './nexmark/loops.ts'
import type { BenchOptions } from './options.ts'
import { report } from './report.ts'
import { temporary } from './temporary.ts'

interface Case {
  readonly name: string
  readonly query: Query
  /** Export of the query's module. */
  readonly form: string
  /** Without a node around the graph. */
  readonly alone: boolean
}

/** The others are in the bench `nexmark`. */
const queries = ['q0', 'q1', 'q2', 'q7'] as const

const cases: readonly Case[] = [
  ...queries.map(query => ({ name: query, query, form: query, alone: false })),
  { name: 'q1 with closures', query: 'q1', form: 'closures', alone: false },
  { name: 'q1 with closures that say what they read', query: 'q1', form: 'declaredClosures', alone: false },
  { name: 'q1 with expressions', query: 'q1', form: 'expressions', alone: false },
  ...queries.map(query => ({ name: `graph of ${query} alone`, query, form: query, alone: true })),
]
const eventsDefault = 20_000_000
const pageRows = 4096
const epochMs = 1000
const pollMs = 200

interface Timed {
  readonly answer: Answer
  readonly perSecond: number
}

async function timed(events: number, run: () => Answer | Promise<Answer>): Promise<Timed> {
  const begun = systemClock.monotonic()
  const answer = await run()
  return { answer, perSecond: (events * 1000) / (systemClock.monotonic() - begun) }
}

/** Every page is made anew here too: both sides pay for the source. */
function plainLoop(query: Query, events: number): Answer {
  const loop = loops[query]()
  for (let from = 0; from < events; from += pageRows) loop.take(nexmarkPage(from, Math.min(pageRows, events - from)))
  return loop.answer()
}

/** Rows a second between the first and the last look at a running topology: without the start of its worker. */
async function watched(node: Node, query: Query): Promise<number> {
  const looks: { readonly ms: number; readonly rows: number }[] = []
  let ended = false
  const end = node.topologyEnded(query).then(() => (ended = true))
  while (!ended) {
    const rows = (await node.topologies()).find(({ name }) => name === query)?.rowsIn ?? 0
    if (rows > 0) looks.push({ ms: systemClock.monotonic(), rows })
    await Promise.race([end, new Promise(resolve => setTimeout(resolve, pollMs))])
  }
  const [first, last] = [looks[0], looks.at(-1)]
  return first && last && last.ms > first.ms ? ((last.rows - first.rows) * 1000) / (last.ms - first.ms) : 0
}

async function inNode(
  { query, form }: Case,
  directory: string,
): Promise<{ answer: Answer; steadyPerSecond: number; cores: number; rssMiB: number }> {
  const node = await openNode({ directory, workers: 1, shards: 1, epochMs })
  const cpu = cpuMeter(systemClock.monotonic)
  await node.deploy(new URL(`./nexmark/${query}.ts`, import.meta.url), { export: form, until: 'head' })
  const steadyPerSecond = await watched(node, query)
  const [{ cores }, rss] = [cpu(), rssMiB()]
  const found = await node.state(query).get([query])
  await node.close()
  return { answer: answerOf(found?.value), steadyPerSecond, cores, rssMiB: rss }
}

async function runCase(one: Case, options: BenchOptions): Promise<void> {
  const { name, query, alone } = one
  const events = options.events ?? eventsDefault
  process.env['NEXMARK_EVENTS'] = String(events)
  const baseline = await timed(events, () => plainLoop(query, events))
  const place = temporary(options.directory)
  const bare = bareDisk(place.path)
  const extra: Record<string, unknown> = {}
  const own = await timed(events, async () => {
    if (alone) return graphAlone(query, events)
    const { answer, ...more } = await inNode(one, `${place.path}/store`)
    Object.assign(extra, more)
    return answer
  })
  place.remove()
  report({
    bench: 'flow',
    case: name,
    value: own.perSecond,
    unit: 'events/s',
    baseline: { name: 'a plain loop over the same pages, made anew', value: baseline.perSecond },
    events,
    rows: own.answer.rows,
    sum: String(own.answer.sum),
    exact: own.answer.rows === baseline.answer.rows && own.answer.sum === baseline.answer.sum,
    ...extra,
    load: loadAverage(),
    bareDisk: bare,
  })
}

await eachInItsProcess('flow', cases, runCase)
