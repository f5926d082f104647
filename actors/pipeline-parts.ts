/** What a pipeline is made of: the last epoch, the source that goes on behind it, and the fragment that folds. */
import { DEFAULT_SCOPE } from '../event/scope.ts'
import { StateMemory } from '../operators/keyed/state-memory.ts'
import { slotScope } from '../store/slot.ts'
import { readTopologyRow } from '../store/state.ts'
import { EpochGatherer } from './epoch.ts'
import type { Fragment } from './fragment.ts'
import type { KeyLines } from './key-lines.ts'
import { Lookups, readersOf } from './lookups.ts'
import type { Counters, PipelineOptions } from './pipeline-options.ts'
import { guardCalls } from './skipped-rows.ts'
import type { Source } from './source.ts'

export interface PipelineParts {
  readonly gatherer: EpochGatherer
  readonly source: Source
  readonly fragment: Fragment
  readonly lookups: Lookups | undefined
  /** What the state of its steps takes in this thread. */
  readonly memory: StateMemory
  /** Of each step that keeps its dead letters in order. */
  readonly lines: readonly KeyLines[]
  readonly isRepeating: boolean
  readonly counters: Counters
  /** Rows that are given up from now on are of the page these are of; of the one handed out last when left out. */
  rowsOf(origins: Source['originOf'] | undefined): void
  /** Whom lanes wake when they have room again. */
  whenWoken(wake: () => void): void
}

/** Rejects with INVALID when the plan can not be built. */
export async function openParts(options: PipelineOptions): Promise<PipelineParts> {
  const { plan, store, heartbeat, incarnation, scope = DEFAULT_SCOPE, slot } = options
  const row = readTopologyRow(store, slotScope(scope, slot) + plan.topology)
  const opened: { source?: Source; fragment?: Fragment; origins?: Source['originOf'] | undefined; wake?: () => void } = {}
  const isRepeating = options.isRepeating || row?.isRepeating === true
  const { topology } = plan
  const gatherer = new EpochGatherer({
    ...options,
    topology,
    row,
    isRepeating,
    beat: () => heartbeat.beat(),
    originOf: order => (opened.origins ? opened.origins(order) : opened.source?.originOf(order)),
  })
  const stepNumbers = new Map(plan.steps.map((step, index) => [step.id, index + 1]))
  const calls = guardCalls(options.skip)
  const source = await options.openSource(row && { place: row.place, rows: row.rows, sequences: row.sequences }, {
    beforeCall: order => heartbeat.note(incarnation, 0, order),
    tickAt: () => opened.fragment?.tickAt ?? Infinity,
  })
  opened.source = source
  const lines: KeyLines[] = []
  const memory = new StateMemory(options.limits.stateBytes)
  const fragment = await options.createFragment(plan, {
    module: options.module,
    monotonic: () => options.clock.monotonic(),
    memory,
    keepsLines: one => lines.push(one),
    state: (step, version) => gatherer.state(step, version),
    projection: name => gatherer.projection(name),
    lookup: await readersOf(store, scope, options.lookups),
    outbox: step => gatherer.outbox(step),
    dead: dead => gatherer.dead({ ...dead, attempts: dead.attempts && calls.attempts(dead.step, dead.order) }),
    resolve: async reference => calls.guard(await options.resolve(reference)),
    beforeCall: (step, order) => {
      heartbeat.note(incarnation, stepNumbers.get(step) ?? 0, order)
      calls.before(step, order)
    },
    add: bytes => gatherer.add(bytes),
    woken: () => opened.wake?.(),
  })
  opened.fragment = fragment
  const lookups =
    options.lookups &&
    (await Lookups.open({ ...options.lookups, store, monotonic: () => options.clock.monotonic(), woken: () => opened.wake?.() }))
  return {
    gatherer,
    source,
    fragment,
    lookups,
    memory,
    lines,
    isRepeating,
    counters: row?.counters ?? {},
    rowsOf: origins => (opened.origins = origins),
    whenWoken: wake => (opened.wake = wake),
  }
}
