/** A sink ten times slower than what comes to it: rows a second and what becomes of the memory; against the same with a fast sink. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createFragment } from '../actors/fragment.ts'
import { GeneratorSource } from '../actors/generator-source.ts'
import { Heartbeat } from '../actors/heartbeat.ts'
import type { OutboxRequest } from '../actors/outbox.ts'
import { PipelineActor } from '../actors/pipeline.ts'
import { StateWriter } from '../actors/state-writer.ts'
import { systemClock } from '../event/clock.ts'
import { defaultLimits } from '../event/limits.ts'
import { openNode } from '../runtime/index.ts'
import { openMemory } from '../store/memory.ts'
import type { StateColumn } from '../store/state.ts'
import { planTopology } from '../topology/plan.ts'
import { eachInItsProcess } from './each-case.ts'
import { loadAverage } from './machine.ts'
import type { BenchOptions } from './options.ts'
import { report } from './report.ts'
import { type MemorySeen, watchMemory } from './slow-sink/memory.ts'
import { appending, texts } from './slow-sink/rows.ts'
import { temporary } from './temporary.ts'

interface Sink {
  /** For one row; 0 is as fast as it goes. */
  readonly delayMs: number
  readonly bytes: number
}

interface Run extends MemorySeen {
  /** Rows that the sink has taken. */
  readonly perSecond: number
}

interface Case {
  readonly name: string
  readonly bytes: number
  run(seconds: number, sink: Sink, options: BenchOptions): Promise<Run>
}

const secondsDefault = 40
const fastSeconds = 5
const slowness = 10
const pageRows = 512
/** More than any run comes to: it ends by the clock. */
const rows = 1_000_000_000

async function timed(seconds: number, taken: () => number | Promise<number>): Promise<Run> {
  const seen = watchMemory()
  const begun = systemClock.monotonic()
  const before = await taken()
  await new Promise(resolve => setTimeout(resolve, seconds * 1000))
  return { perSecond: (((await taken()) - before) * 1000) / (systemClock.monotonic() - begun), ...seen() }
}

async function receiver(delayMs: number): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'slow-sink/receiver.ts'), String(delayMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { url: line.toString().trim(), child }
}

/** A whole node on disk: the pipeline in its worker, each epoch written, each request made. */
async function posts(seconds: number, { delayMs, bytes }: Sink, { directory }: BenchOptions): Promise<Run> {
  const place = temporary(directory)
  const { url, child } = await receiver(delayMs)
  Object.assign(process.env, { SLOW_SINK_ROWS: String(rows), SLOW_SINK_BYTES: String(bytes), SLOW_SINK_URL: url })
  const node = await openNode({ directory: place.path, workers: 1, shards: 1, limits: { pageRows } })
  await node.deploy(new URL('./slow-sink/rows.ts', import.meta.url), { export: 'posting' })
  const run = await timed(seconds, async () => (await (await fetch(url)).json()) as number)
  await node.undeploy('posting')
  await node.close()
  child.kill()
  place.remove()
  return run
}

/** The pipeline alone over a log that takes its time: no log of ours is that slow for long. */
async function appends(seconds: number, { delayMs, bytes }: Sink): Promise<Run> {
  const store = openMemory<StateColumn>({ columns: { state: 'scattered', meta: 'small' } })
  const writer = new StateWriter(store)
  await writer.begin('appending', 1)
  let taken = 0
  let owedMs = 0
  const appendOutbox = async ({ first, number }: OutboxRequest): Promise<'stored'> => {
    const events = number - first + 1
    owedMs += events * delayMs
    const waited = Math.floor(owedMs)
    owedMs -= waited
    if (waited > 0) await new Promise(resolve => setTimeout(resolve, waited))
    taken += events
    return 'stored'
  }
  const actor = await PipelineActor.start({
    plan: await planTopology(appending.definition),
    deployment: 1,
    incarnation: 1,
    module: import.meta.url,
    store,
    writer,
    appendOutbox,
    createFragment,
    resolve: async () => texts,
    openSource: () => new GeneratorSource({ id: 'generate', make: texts, reference: '#texts', options: { rows, bytes }, pageRows }),
    heartbeat: new Heartbeat(),
    skip: [],
    isRepeating: false,
    partitions: 1,
    limits: defaultLimits,
    epochMs: 100,
    clock: systemClock,
  })
  const run = await timed(seconds, () => taken)
  await actor.stop({ commit: false })
  return run
}

const cases: readonly Case[] = [
  { name: 'webhook', bytes: 8192, run: posts },
  { name: 'append', bytes: 1024, run: appends },
]

async function runCase({ name, bytes, run }: Case, options: BenchOptions): Promise<void> {
  const fast = await run(fastSeconds, { delayMs: 0, bytes }, options)
  const seconds = options.seconds ?? secondsDefault
  const slow = await run(seconds, { delayMs: (slowness * 1000) / fast.perSecond, bytes }, options)
  report({
    bench: 'slow-sink',
    case: name,
    value: slow.perSecond,
    unit: 'rows/s',
    baseline: { name: 'the same with a fast sink', value: fast.perSecond },
    seconds,
    rowBytes: bytes,
    peakRssMiB: slow.peakRssMiB,
    rssGrowthMiB: slow.rssGrowthMiB,
    fastPeakRssMiB: fast.peakRssMiB,
    load: loadAverage(),
  })
}

await eachInItsProcess('slow-sink', cases, runCase)
