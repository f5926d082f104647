/** The processes of the nexmark bench: one runs a query on a node, one runs its plain loop; each prints one JSON line at its end. */
import { systemClock } from '../../event/clock.ts'
import { type Node, openNode } from '../../runtime/index.ts'
import { rssMiB } from '../machine.ts'
import { nexmarkPage } from './columns.ts'
import { answerOf } from './graph.ts'
import { type Answer, loops, type Query } from './loops.ts'

export interface NexmarkTask {
  readonly role: 'node' | 'loop'
  readonly query: Query
  readonly events: number
  /** Events are shuffled within groups of so many. */
  readonly group: number
  readonly workers: number
  readonly epochMs: number
  readonly pageRows: number
  /** Where the store lies; in memory when left out. */
  readonly directory?: string
}

export interface NexmarkOutcome {
  readonly rows: number
  /** Decimal: it may be above 2^53. */
  readonly sum: string
  readonly seconds: number
  /** Events a second without the start of the workers; 0 when it was too short to see. */
  readonly steadyPerSecond: number
  /** Processor time of all threads, µs an event. */
  readonly cpuUs: number
  /** How long each epoch seen took to be written, ms. */
  readonly epochsMs: readonly number[]
  readonly late: number
  readonly rssMiB: number
}

/** Printed when the topology runs: from here on a kill falls into its work. */
export const runningLine = 'running'
const pollMs = 100

interface Look {
  readonly ms: number
  readonly rows: number
}

/** Looks at a running topology until it has ended. */
async function watched(node: Node, query: Query): Promise<Pick<NexmarkOutcome, 'steadyPerSecond' | 'epochsMs' | 'late'>> {
  const looks: Look[] = []
  const epochs = new Map<number, number>()
  let [ended, late] = [false, 0]
  const end = node.topologyEnded(query).then(({ status, error }) => {
    if (status !== 'ended') throw new Error(`${query} is ${status}: ${error?.message ?? ''}`)
    ended = true
  })
  for (;;) {
    const status = (await node.topologies()).find(({ name }) => name === query)
    if (status !== undefined && status.rowsIn > 0) looks.push({ ms: systemClock.monotonic(), rows: status.rowsIn })
    if (status?.lastEpochMs !== undefined) epochs.set(status.epoch, status.lastEpochMs)
    late = status?.late ?? late
    if (ended) break
    await Promise.race([end, new Promise(resolve => setTimeout(resolve, pollMs))])
  }
  const [first, last] = [looks[0], looks.at(-1)]
  const steadyPerSecond = first && last && last.ms > first.ms ? ((last.rows - first.rows) * 1000) / (last.ms - first.ms) : 0
  return { steadyPerSecond, epochsMs: [...epochs.values()], late }
}

async function onNode({ query, workers, epochMs, pageRows, directory, events }: NexmarkTask): Promise<NexmarkOutcome> {
  const place = directory === undefined ? ({ memory: true } as const) : { directory, shards: 1 }
  const node = await openNode({ ...place, workers, epochMs, limits: { pageRows } })
  const [cpu, begun] = [process.cpuUsage(), systemClock.monotonic()]
  const isThere = (await node.topologies()).some(({ name }) => name === query)
  if (!isThere) await node.deploy(new URL(`./${query}.ts`, import.meta.url), { export: query, until: 'head', workers })
  process.stdout.write(`${runningLine}\n`)
  const seen = await watched(node, query)
  const seconds = (systemClock.monotonic() - begun) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const rss = rssMiB()
  const { rows, sum } = answerOf((await node.state(query).get([query]))?.value)
  await node.close()
  return { rows, sum: String(sum), seconds, cpuUs: (user + system) / events, rssMiB: rss, ...seen }
}

/** The answer of the plain loop. */
export function plainAnswer({ query, events, group, pageRows }: Pick<NexmarkTask, 'query' | 'events' | 'group' | 'pageRows'>): Answer {
  const loop = loops[query]()
  for (let from = 0; from < events; from += pageRows) loop.take(nexmarkPage(from, Math.min(pageRows, events - from), group))
  return loop.answer()
}

/** Every page is made anew here too: both sides pay for the source. */
function asLoop(task: NexmarkTask): NexmarkOutcome {
  const [cpu, begun] = [process.cpuUsage(), systemClock.monotonic()]
  const { rows, sum } = plainAnswer(task)
  const seconds = (systemClock.monotonic() - begun) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const cpuUs = (user + system) / task.events
  return { rows, sum: String(sum), seconds, steadyPerSecond: 0, cpuUs, epochsMs: [], late: 0, rssMiB: rssMiB() }
}

if (import.meta.main) {
  const task = JSON.parse(process.argv[2] ?? '{}') as NexmarkTask
  const outcome = task.role === 'loop' ? asLoop(task) : await onNode(task)
  process.stdout.write(`${JSON.stringify(outcome)}\n`)
}
