/** What a pipeline is given, and how it may end. */
import type { Clock } from '../event/clock.ts'
import type { EventStoreError } from '../event/error.ts'
import type { Limits } from '../event/limits.ts'
import type { Tracer } from '../event/tracer.ts'
import type { Scope } from '../event/scope.ts'
import type { Generations, StateStore } from '../store/state.ts'
import type { Plan } from '../topology/plan.ts'
import type { Stopping } from './delivery-sender.ts'
import type { Fragment, FragmentContext, StepCounters } from './fragment.ts'
import type { Heartbeat } from './heartbeat.ts'
import type { HotSlabs } from './hot-rows.ts'
import type { LookupOptions } from './lookups.ts'
import type { AppendOutbox } from './outbox-sender.ts'
import type { ChangeWatch } from './projection.ts'
import type { SkippedRow } from './skipped-rows.ts'
import type { Source, SourcePosition } from './source.ts'
import type { EpochWriter } from './state-writer.ts'

/** What a pipeline does for its source. */
export interface SourceOwner {
  /** Called before a call of a user's function. */
  beforeCall(row: number): void
  /** When a tick is due, should no row come before it; see `Fragment.tickAt`. */
  tickAt(): number
}

export interface PipelineOptions {
  /** Whose topology it is; the default tenant's when left out. */
  readonly scope?: Scope
  /** Where its rows lie; the first slot when left out. */
  readonly slot?: number
  readonly plan: Plan
  /** See `StepStates`. */
  readonly generations?: Generations
  /** See `TopologyRow`. */
  readonly revised?: number
  /** What rows up to this stamp make users' steps send goes nowhere: the version before has sent it. Infinity while that goes on. */
  readonly mutedTo?: number
  /** Number of the deployment: the version of its event in `$topology`. */
  readonly deployment: number
  /** Rises with every start of the topology; only the last may write. */
  readonly incarnation: number
  readonly module: string
  readonly store: StateStore
  readonly writer: EpochWriter
  readonly appendOutbox: AppendOutbox
  /** Syncs the log up to what was read, for stores that answer before they sync. */
  readonly syncShards?: () => Promise<void>
  readonly openSource: (from: SourcePosition | undefined, pipeline: SourceOwner) => Source | Promise<Source>
  readonly createFragment: (plan: Plan, context: FragmentContext) => Promise<Fragment>
  readonly resolve: (reference: string) => Promise<unknown>
  readonly heartbeat: Heartbeat
  /** Rows at which a user's function never returned: their calls throw. */
  readonly skip: readonly SkippedRow[]
  /** The log may hold events of this deployment that the state knows nothing of. */
  readonly isRepeating: boolean
  readonly partitions: number
  /** Memory shared with those who read its projections. */
  readonly hot?: HotSlabs
  readonly watch?: ChangeWatch
  /** Fields by which rows of its projections are to be found. */
  readonly indexes?: ReadonlyMap<string, readonly string[]>
  readonly limits: Limits
  /** Of a plan that says none itself. */
  readonly epochMs: number
  readonly clock: Clock
  /** Where the secrets of deliveries are. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Before a delivery is tried for the second time. */
  readonly deliveryPauseMs?: number
  /** For a plan that looks into projections of other topologies. */
  readonly lookups?: Pick<LookupOptions, 'projections' | 'ownerOf' | 'openStamps'>
  /** Of the thread. */
  readonly tracer?: Tracer
  /** Called once, when nothing will come any more. */
  onEnd?(outcome: PipelineOutcome): void
}

export interface StopOptions {
  /** After one more epoch. */
  readonly commit: boolean
  /** What becomes of deliveries then. Default `soon`. */
  readonly deliveries?: Stopping
}

export type PipelineOutcome = { readonly status: 'ended' | 'stopped' } | { readonly status: 'failed'; readonly error: EventStoreError }

/** Rows in, out, late, suspect and dead, by step. */
export type Counters = Readonly<Record<string, readonly number[]>>

/** What was counted before, and by the steps of a fragment since. */
export function countersSince(before: Counters, steps: ReadonlyMap<string, StepCounters>): Counters {
  const all = Array.from(steps, ([step, now]): [string, readonly number[]] => [
    step,
    [now.in, now.out, now.late, now.suspect, now.dead].map((count, index) => count + (before[step]?.[index] ?? 0)),
  ])
  return Object.fromEntries(all)
}
