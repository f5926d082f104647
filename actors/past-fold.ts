/**
 * A topology folded again in memory, up to a place in the log: what its projections were there. The same source, steps and gatherer as in a pipeline,
 * with nothing behind them: no epoch is written, no event is appended, no webhook is called.
 */
import { EventStoreError } from '../event/error.ts'
import { aliveCount } from '../operators/page.ts'
import { applyEpoch } from '../store/epoch-bytes.ts'
import { openMemory } from '../store/memory.ts'
import type { StateColumn } from '../store/state.ts'
import { EpochGatherer } from './epoch.ts'
import { guardCalls } from './skipped-rows.ts'
import type { PipelineOptions } from './pipeline-options.ts'
import type { FoldedRow } from './projection.ts'
import type { Source, SourcePosition } from './source.ts'

export type PastFoldOptions = Pick<
  PipelineOptions,
  'scope' | 'plan' | 'deployment' | 'module' | 'createFragment' | 'resolve' | 'heartbeat' | 'skip' | 'partitions' | 'limits' | 'clock'
> & {
  /** Up to the place, and no further; it must not wait for more. */
  readonly openSource: () => Source
  /** Where the topology ends by itself: read up to there, its input has an end, at which windows close. */
  readonly head?: number
}

export interface PastFold {
  /** Rows by projection. */
  rows(projection: string): readonly (readonly [keyText: string, row: FoldedRow])[]
  readonly position: SourcePosition
}

/** Of no run: a call that does not return is nobody's fault but that of who asks for the past. */
const NO_INCARNATION = -1
const SLICE_MS = 4

/** INVALID when it takes more events than the limit `asOfEvents`. */
export async function foldPast(options: PastFoldOptions): Promise<PastFold> {
  const { plan, scope, deployment, heartbeat, partitions, limits, clock } = options
  const source = options.openSource()
  const store = openMemory<StateColumn>({ columns: { state: 'scattered', meta: 'small' } })
  const gatherer = new EpochGatherer({
    ...(scope !== undefined && { scope }),
    topology: plan.topology,
    deployment,
    partitions,
    limits,
    store,
    row: undefined,
    isRepeating: false,
    beat: () => heartbeat.beat(),
    originOf: order => source.originOf(order),
  })
  const calls = guardCalls(options.skip)
  const fragment = await options.createFragment(plan, {
    module: options.module,
    state: (step, version) => gatherer.state(step, version),
    projection: name => gatherer.projection(name),
    outbox: step => gatherer.outbox(step),
    dead: dead => gatherer.dead({ ...dead, attempts: dead.attempts && calls.attempts(dead.step, dead.order) }),
    resolve: async reference => calls.guard(await options.resolve(reference)),
    beforeCall: (step, order) => {
      heartbeat.note(NO_INCARNATION, 0, order)
      calls.before(step, order)
    },
  })
  const barrier = (): void => {
    fragment.push({ kind: 'barrier', epoch: gatherer.epoch + 1 })
    const { bytes } = gatherer.seal('running', source.position, {})
    const batch = store.batch()
    applyEpoch(bytes, batch)
    store.write(batch, { sync: false })
  }
  let events = 0
  let sliceAt = clock.monotonic()
  try {
    for (let page = source.next(); page !== null; page = source.next()) {
      events += page.count
      if (events > limits.asOfEvents) throw tooFar(limits.asOfEvents)
      for (const dead of source.dead) gatherer.dead(dead)
      if (aliveCount(page) > 0) fragment.push(page)
      if (gatherer.dirtyBytes * 2 > limits.dirtyBytes) barrier()
      heartbeat.beat()
      if (clock.monotonic() - sliceAt < SLICE_MS) continue
      await new Promise<void>(resolve => void setImmediate(resolve))
      sliceAt = clock.monotonic()
    }
    if (options.head !== undefined && (source.head ?? 0) > options.head) fragment.push({ kind: 'end' })
    barrier()
  } finally {
    fragment.close()
    heartbeat.clear()
  }
  return { rows: projection => gatherer.projections.list(projection), position: source.position }
}

function tooFar(limit: number): EventStoreError {
  const message = `asOf is more than ${limit} events into the log: the limit asOfEvents says how many may be folded again for one answer`
  return new EventStoreError('INVALID', message, { field: 'asOf', limit })
}
