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

interface Run extends MemorySeen {
  readonly perSecond: number
}

interface Case {
  readonly name: string
  readonly bytes: number
  /** Enough for a fast sink to show how fast it is. */
  readonly fastRows: number
  /** With a sink that takes `delayMs` for a row; 0 is as fast as it goes. */
  run(rows: number, delayMs: number, options: BenchOptions): Promise<Run>
}

interface Sink {
  readonly delayMs: number
  readonly bytes: number
}

const secondsDefault = 40
const slowness = 10

async function timed(rows: number, work: () => Promise<unknown>): Promise<Run> {
  const seen = watchMemory()
  const begun = systemClock.monotonic()
  await work()
  return { perSecond: (rows * 1000) / (systemClock.monotonic() - begun), ...seen() }
}

async function receiver(delayMs: number): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'slow-sink/receiver.ts'), String(delayMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { url: line.toString().trim(), child }
}

/** A whole node on disk: the pipeline in its worker, each epoch written, each request made. */
async function posts(rows: number, { delayMs, bytes }: Sink, { directory }: BenchOptions): Promise<Run> {
  const place = temporary(directory)
  const { url, child } = await receiver(delayMs)
  Object.assign(process.env, { SLOW_SINK_ROWS: String(rows), SLOW_SINK_BYTES: String(bytes), SLOW_SINK_URL: url })
  const node = await openNode({ directory: place.path, workers: 1, shards: 1, limits: { pageRows: 64 } })
  await node.deploy(new URL('./slow-sink/rows.ts', import.meta.url), { export: 'posting' })
  const run = await timed(rows, () => node.topologyEnded('posting'))
  await node.close()
  child.kill()
  place.remove()
  return run
}

/** The pipeline alone over a log that takes its time: no log of ours is that slow for long. */
async function appends(rows: number, { delayMs, bytes }: Sink): Promise<Run> {
  const store = openMemory<StateColumn>({ columns: { state: 'scattered', meta: 'small' } })
  const writer = new StateWriter(store)
  await writer.begin('appending', 1)
  const plan = await planTopology(appending.definition, { resolve: async () => texts })
  let owedMs = 0
  const appendOutbox = async ({ events }: OutboxRequest): Promise<'stored'> => {
    owedMs += events.length * delayMs
    const waited = Math.floor(owedMs)
    owedMs -= waited
    if (waited > 0) await new Promise(resolve => setTimeout(resolve, waited))
    return 'stored'
  }
  const actor = await PipelineActor.start({
    plan,
    deployment: 1,
    incarnation: 1,
    module: import.meta.url,
    store,
    writer,
    appendOutbox,
    createFragment,
    resolve: async () => texts,
    openSource: () => new GeneratorSource({ id: 'generate', make: texts, reference: '#texts', options: { rows, bytes }, pageRows: 512 }),
    heartbeat: new Heartbeat(),
    skip: [],
    isRepeating: false,
    partitions: 1,
    limits: defaultLimits,
    epochMs: 100,
    clock: systemClock,
  })
  return timed(rows, async () => {
    const outcome = await actor.done
    if (outcome.status === 'failed') throw outcome.error
  })
}

const cases: readonly Case[] = [
  { name: 'webhook', bytes: 65_536, fastRows: 1000, run: (rows, delayMs, options) => posts(rows, { delayMs, bytes: 65_536 }, options) },
  { name: 'append', bytes: 1024, fastRows: 100_000, run: (rows, delayMs) => appends(rows, { delayMs, bytes: 1024 }) },
]

async function runCase({ name, bytes, fastRows, run }: Case, options: BenchOptions): Promise<void> {
  const fast = await run(fastRows, 0, options)
  const delayMs = (slowness * 1000) / fast.perSecond
  const rows = options.events ?? Math.ceil(((options.seconds ?? secondsDefault) * 1000) / delayMs)
  const slow = await run(rows, delayMs, options)
  report({
    bench: 'slow-sink',
    case: name,
    value: slow.perSecond,
    unit: 'rows/s',
    baseline: { name: 'the same with a fast sink', value: fast.perSecond },
    rows,
    rowBytes: bytes,
    totalMiB: (rows * bytes) / 1024 ** 2,
    peakRssMiB: slow.peakRssMiB,
    rssGrowthMiB: slow.rssGrowthMiB,
    fastPeakRssMiB: fast.peakRssMiB,
    load: loadAverage(),
  })
}

await eachInItsProcess('slow-sink', cases, runCase)
