/** State ten times as large as the memory it may take, on RocksDB, exactly once; against the same with memory for all of it. */
import { join } from 'node:path'
import { createFragment } from '../actors/fragment.ts'
import { GeneratorSource } from '../actors/generator-source.ts'
import { Heartbeat } from '../actors/heartbeat.ts'
import { PipelineActor } from '../actors/pipeline.ts'
import { StateWriter } from '../actors/state-writer.ts'
import { systemClock } from '../event/clock.ts'
import { defaultLimits } from '../event/limits.ts'
import { DEFAULT_SCOPE } from '../event/scope.ts'
import type { StateMemory } from '../operators/keyed/state-memory.ts'
import { openRocks } from '../store/rocks.ts'
import { readProjection, type StateColumn } from '../store/state.ts'
import { planTopology } from '../topology/plan.ts'
import type { TopologyBuilder } from '../topology/pipeline.ts'
import { eachInItsProcess } from './each-case.ts'
import { loadAverage, rssMiB } from './machine.ts'
import { type BidOptions, bids, counting, hopping } from './large-state/rows.ts'
import type { BenchOptions } from './options.ts'
import { report, say } from './report.ts'
import { temporary } from './temporary.ts'

interface Case {
  readonly name: string
  readonly topology: (options: BidOptions) => TopologyBuilder
  readonly events: number
  /** Auctions for each event; as in Nexmark when left out. */
  readonly auctions?: number
  readonly perSecond: number
  /** What the state may take; a tenth of what it takes without a limit when left out. */
  readonly stateBytes?: number
}

interface Run {
  readonly perSecond: number
  readonly answer: string
  /** The most that the state took in memory, by its own figures. */
  readonly stateBytes: number
  readonly peakRssMiB: number
  /** Of processor time, which neighbours do not take away. */
  readonly perCpuSecond: number
}

/** All in one thread, writes included; an epoch a second. */
async function run({ topology, perSecond, auctions: share }: Case, events: number, limit: number, directory?: string): Promise<Run> {
  const place = temporary(directory)
  const store = await openRocks<StateColumn>(join(place.path, 'state'), { columns: { state: 'scattered', meta: 'small' } })
  const options = { events, perSecond, ...(share !== undefined && { auctions: Math.ceil(events * share) }) }
  const plan = await planTopology(topology(options).definition)
  const writer = new StateWriter(store)
  await writer.begin(plan.topology, 1)
  let memory: StateMemory | undefined
  let [stateBytes, peakRssMiB] = [0, 0]
  const begun = systemClock.monotonic()
  const used = process.cpuUsage()
  const actor = await PipelineActor.start({
    plan,
    deployment: 1,
    incarnation: 1,
    module: import.meta.url,
    store,
    writer: {
      begin: (name, incarnation) => writer.begin(name, incarnation),
      drop: name => writer.drop(name),
      write(epoch) {
        stateBytes = Math.max(stateBytes, memory?.usedBytes ?? 0)
        peakRssMiB = Math.max(peakRssMiB, rssMiB())
        return writer.write(epoch)
      },
    },
    appendOutbox: () => Promise.resolve('stored'),
    createFragment: (made, context) => {
      memory = context.memory
      return createFragment(made, context)
    },
    resolve: () => Promise.resolve(bids),
    openSource: from =>
      new GeneratorSource({ id: plan.source.id, make: bids, reference: '#bids', options, pageRows: 4096, ...(from && { from }) }),
    heartbeat: new Heartbeat(),
    skip: [],
    isRepeating: false,
    partitions: 1,
    limits: { ...defaultLimits, stateBytes: limit },
    epochMs: 1000,
    clock: systemClock,
  })
  const outcome = await actor.done
  const cpu = process.cpuUsage(used)
  const seconds = (systemClock.monotonic() - begun) / 1000
  if (outcome.status === 'failed') throw outcome.error
  const answer = [...readProjection(store, `${DEFAULT_SCOPE}answer`)].map(({ key, text }) => `${JSON.stringify(key)} ${text}`).join()
  await store.close()
  place.remove()
  return { perSecond: events / seconds, answer, stateBytes, peakRssMiB, perCpuSecond: (events * 1e6) / (cpu.user + cpu.system) }
}

const cases: readonly Case[] = [
  { name: 'q5', topology: hopping, events: 10_000_000, perSecond: 100_000 },
  { name: 'count', topology: counting, events: 4_000_000, auctions: 0.5, perSecond: 100_000 },
  { name: '2 GB in 64 MB', topology: counting, events: 24_000_000, auctions: 0.5, perSecond: 100_000, stateBytes: 64 * 1024 * 1024 },
]

async function runCase(one: Case, options: BenchOptions): Promise<void> {
  const { name, events: eventsDefault, stateBytes } = one
  const events = options.events ?? eventsDefault
  // Where the limit is known, first: memory that was taken once is not seen to be given back.
  const first = stateBytes === undefined ? undefined : await run(one, events, stateBytes, options.directory)
  const whole = await run(one, events, 2 ** 40, options.directory)
  say(`  without a limit: ${Math.round(whole.perSecond)} events/s, ${Math.round(whole.stateBytes / 2 ** 20)} MiB of state`)
  const limit = stateBytes ?? Math.ceil(whole.stateBytes / 10)
  const tight = first ?? (await run(one, events, limit, options.directory))
  if (tight.answer !== whole.answer || whole.answer === '') throw new Error(`the answers differ: ${whole.answer} and ${tight.answer}`)
  report({
    bench: 'large-state',
    case: name,
    value: tight.perSecond,
    unit: 'events/s',
    baseline: { name: 'with memory for all of it', value: whole.perSecond },
    events,
    answer: whole.answer,
    stateMiB: whole.stateBytes / 2 ** 20,
    limitMiB: limit / 2 ** 20,
    heldMiB: tight.stateBytes / 2 ** 20,
    perCpuSecond: tight.perCpuSecond,
    wholePerCpuSecond: whole.perCpuSecond,
    ...(first && { peakRssMiB: first.peakRssMiB }),
    wholePeakRssMiB: whole.peakRssMiB,
    load: loadAverage(),
  })
}

await eachInItsProcess('large-state', cases, runCase)
