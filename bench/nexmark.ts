/**
 * Nexmark as topologies of the product, each query in a process of its own: exactly-once, a node with one pipeline worker, epochs of a second;
 * against plain loops over the same pages, whose answers must be the same.
 */
import { parseArgs } from 'node:util'
import { systemClock } from '../event/clock.ts'
import { planOfModule } from '../runtime/deploy/user-module.ts'
import { explanationText } from '../topology/explain-text.ts'
import { explainPlan } from '../topology/explain.ts'
import { bareDisk } from './bare-disk.ts'
import { loadAverage } from './machine.ts'
import type { NexmarkTask } from './nexmark/child.ts'
import { shuffleFactor } from './nexmark/generator.ts'
import { queries, type Query } from './nexmark/loops.ts'
import { type NextKill, type Run, runTask } from './nexmark/runs.ts'
import { positive } from './options.ts'
import { percentiles, report, say } from './report.ts'
import { leaveCleanly, temporary } from './temporary.ts'

interface NexmarkOptions {
  readonly queries: readonly Query[]
  readonly events: number
  readonly workers: readonly number[]
  readonly epochMs: number
  readonly group: number
  readonly isInMemory: boolean
  readonly isKilled: boolean
  readonly pages: readonly number[]
  readonly directory: string | undefined
}

const usage = `npm run bench -- nexmark [options]
  --queries q0,q5   which of ${queries.join(' ')}; all when left out
  --events N        events of all kinds, default 10M
  --workers W       pipeline workers, default 1; 1,2,4 runs each
  --epoch MS        time between two writes of the state, default 1000
  --ooo G           shuffles events within groups of G
  --state WHERE     rocks (default), or memory
  --kill            kills each run at random times and opens it again, until its end
  --page N          rows of a page, default 4096; 64,4096 runs each
  --directory DIR   parent of the temporary stores (chooses the disk)`

/** A run that is killed is left alone after so many. */
const killsMost = 5
/** A kill falls within so many epochs. */
const killEpochs = 2.5

function optionsOf(words: readonly string[]): NexmarkOptions {
  const text = { type: 'string' } as const
  const options = { queries: text, events: text, workers: text, epoch: text, ooo: text, state: text, page: text, directory: text }
  const { values } = parseArgs({ args: [...words], options: { ...options, only: text, kill: { type: 'boolean' } } })
  const numbers = (name: 'workers' | 'page', normal: string): number[] =>
    (values[name] ?? normal).split(',').map(one => positive(name, one))
  const named = (values.queries ?? values.only ?? queries.join()).split(',')
  const unknown = named.filter(name => !queries.some(query => query === name))
  if (unknown.length > 0) throw new Error(`--queries: there is no ${unknown.join()}; there are ${queries.join()}`)
  if (values.state !== undefined && !['memory', 'rocks'].includes(values.state)) throw new Error('--state must be memory or rocks')
  if (values.state === 'memory' && values.kill) throw new Error('--kill needs a state that is there after a kill: --state rocks')
  const group = positive('ooo', values.ooo ?? '1')
  if (group % shuffleFactor === 0) throw new Error(`--ooo must be no multiple of ${shuffleFactor}`)
  return {
    queries: named as Query[],
    events: positive('events', values.events ?? '10M'),
    workers: numbers('workers', '1'),
    epochMs: positive('epoch', values.epoch ?? '1000'),
    group,
    isInMemory: values.state === 'memory',
    isKilled: values.kill === true,
    pages: numbers('page', '4096'),
    directory: values.directory,
  }
}

/** Kills at random within a few epochs, a few times, and then no more. */
function kills({ isKilled, epochMs }: NexmarkOptions): NextKill {
  let left = isKilled ? killsMost : 0
  return () => {
    if (left-- <= 0) return undefined
    return (new DataView(systemClock.random(4).buffer).getUint32(0) / 2 ** 32) * killEpochs * epochMs
  }
}

async function explained(query: Query, workers: number): Promise<string> {
  const plan = await planOfModule(new URL(`./nexmark/${query}.ts`, import.meta.url).href, { export: query, until: 'head' })
  return explanationText(explainPlan(plan, { workers }))
}

/** The sum is what is compared where the windows are of processing time. */
function isExact(query: Query, own: Run['outcome'], right: Run['outcome']): boolean {
  return own.sum === right.sum && (own.rows === right.rows || query === 'q12')
}

async function runQuery(query: Query, task: Omit<NexmarkTask, 'query' | 'role'>, options: NexmarkOptions): Promise<void> {
  say(`nexmark: ${query}, ${task.workers} workers, pages of ${task.pageRows}`)
  const { outcome: right } = await runTask({ ...task, query, role: 'loop' })
  const place = temporary(options.directory)
  const bare = bareDisk(place.path)
  const directory = options.isInMemory ? {} : { directory: `${place.path}/store` }
  const begun = systemClock.monotonic()
  const { outcome: own, kills: killed } = await runTask({ ...task, ...directory, query, role: 'node' }, kills(options))
  const seconds = options.isKilled ? (systemClock.monotonic() - begun) / 1000 : own.seconds
  place.remove()
  const exact = isExact(query, own, right)
  if (!exact) process.exitCode = 1
  report({
    bench: 'nexmark',
    case: query,
    value: task.events / seconds,
    unit: 'events/s',
    baseline: { name: 'a plain loop over the same pages, made anew', value: task.events / right.seconds },
    rows: own.rows,
    sum: own.sum,
    exact,
    ...(!exact && { right: { rows: right.rows, sum: right.sum } }),
    epochP99Ms: percentiles(own.epochsMs).p99,
    workers: task.workers,
    events: task.events,
    page: task.pageRows,
    epochMs: task.epochMs,
    ooo: task.group,
    state: options.isInMemory ? 'memory' : 'rocks',
    ...(options.isKilled && { kills: killed }),
    ...(own.late > 0 && { late: own.late }),
    steadyPerSecond: own.steadyPerSecond,
    cpuUsAnEvent: own.cpuUs,
    baselineCpuUsAnEvent: right.cpuUs,
    rssMiB: own.rssMiB,
    load: loadAverage(),
    bareDisk: bare,
    explain: await explained(query, task.workers),
  })
}

async function main(): Promise<void> {
  leaveCleanly()
  let options: NexmarkOptions
  try {
    options = optionsOf(process.argv.slice(2))
  } catch (error) {
    say(`${error instanceof Error ? error.message : String(error)}\n${usage}`)
    process.exitCode = 2
    return
  }
  const { events, group, epochMs } = options
  for (const query of options.queries)
    for (const workers of options.workers)
      for (const pageRows of options.pages) await runQuery(query, { events, group, workers, epochMs, pageRows }, options)
}

await main()
