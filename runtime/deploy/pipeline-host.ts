/** The pipelines of one thread, and the control calls that others make to them: in a worker over Comlink, in memory directly. */
import { createFragment } from '../../actors/fragment.ts'
import type { Heartbeat } from '../../actors/heartbeat.ts'
import type { HotSlabs } from '../../actors/hot-rows.ts'
import { foldPast } from '../../actors/past-fold.ts'
import type { LookedUp } from '../../actors/lookups.ts'
import type { AppendOutbox } from '../../actors/outbox-sender.ts'
import { PipelineActor } from '../../actors/pipeline.ts'
import type { Counters, PipelineOptions, PipelineOutcome, StopOptions } from '../../actors/pipeline-options.ts'
import type { ChangeWatch, FoldedRow } from '../../actors/projection.ts'
import type { Progress } from '../../actors/settling.ts'
import type { SkippedRow } from '../../actors/skipped-rows.ts'
import type { Source, SourcePosition } from '../../actors/source.ts'
import { usesClock } from '../../topology/clock.ts'
import type { EpochWriter } from '../../actors/state-writer.ts'
import { assert } from '../../event/assert.ts'
import type { Clock } from '../../event/clock.ts'
import type { Stamp } from '../../event/event.ts'
import type { Limits } from '../../event/limits.ts'
import type { Scope } from '../../event/scope.ts'
import { LogReader } from '../../store/log/log-reader.ts'
import type { LogView } from '../../store/log/log-view.ts'
import { slotScope } from '../../store/slot.ts'
import type { Generations, StateStore } from '../../store/state.ts'
import { indexedFields } from '../../topology/indexed-fields.ts'
import { foreignProjections } from '../../topology/joined-projections.ts'
import type { Plan } from '../../topology/plan.ts'
import { fragmentOf, type LanesOfStart, type StartLane, startLane } from './lane-host.ts'
import type { LanePorts } from './lane-ports.ts'
import { openGenerator, openLog } from './pipeline-sources.ts'
import { type PastQuestion, type PastRows, rowsWithin } from './past-rows.ts'
import { prepareHere, type PrepareVersion } from './prepare-host.ts'
import { refuseMissingSecrets } from './refusals.ts'
import { ticking } from './ticking.ts'
import { openTelemetry } from '../observe/tracer.ts'
import { type NamedModule, planOfModule, resolveReference } from './user-module.ts'

/** What a thread lends its pipelines. */
export interface PipelineHostParts {
  readonly log: LogView
  readonly store: StateStore
  readonly writer: EpochWriter
  readonly appendOutbox: AppendOutbox
  readonly syncShards?: () => Promise<void>
  readonly heartbeat: Heartbeat
  readonly limits: Limits
  readonly epochMs: number
  readonly clock: Clock
  /** To lanes in other threads. */
  readonly ports: LanePorts
  /** Who writes a projection, by its stored name, now; null when nobody does. */
  lookedUp(projection: string): Promise<LookedUp | null>
  /** Rows of a projection that is watched have changed: the keys of those, as `rowKeyText`. */
  changed(topology: string, projection: string, keys: readonly string[]): void
  /** A pipeline has come to rest by itself. */
  rested(topology: string, incarnation: number, outcome: PipelineOutcome): void
}

/** Plain data: crosses a thread. */
export interface StartPipeline {
  readonly scope: Scope
  readonly slot?: number
  readonly plan: Plan
  readonly module: string
  /** Digest of the module's files as they are to be run. */
  readonly digest?: string
  readonly deployment: number
  /** See `TopologyRow` and `StepStates`. */
  readonly revised?: number
  readonly generations?: Generations
  /** See `PipelineOptions`. */
  readonly mutedTo?: number
  /** It reads up to this stamp, and then waits to be stopped. */
  readonly holdAt?: Stamp
  readonly incarnation: number
  /** The last stamp to read, for a topology that ends. */
  readonly head?: Stamp
  readonly isRepeating: boolean
  /** By local names. */
  readonly hot: HotSlabs
  /** Projections whose changes are told, as long as `watch` does not say otherwise. */
  readonly watched: readonly string[]
  readonly skip: readonly SkippedRow[]
  /** Left out where the whole graph runs in one thread. */
  readonly lanes?: LanesOfStart
}

export interface PipelineStats extends Progress {
  readonly position: SourcePosition
  readonly counters: Counters
  /** By step, ms, since it was started. */
  readonly busyMs: Readonly<Record<string, number>>
  readonly isAtHead: boolean
  readonly watermark?: number
  readonly epoch: number
}

/** A folded row and the place its topology has reached. */
export interface FoldedAnswer {
  readonly text: string | undefined
  readonly position: SourcePosition
}

/** The calls; each takes and gives plain data. Topologies are named as they are stored. */
export interface PipelineControl extends Record<string, (...args: never[]) => unknown> {
  plan(module: NamedModule, options: { readonly export?: string | undefined; readonly until?: 'head' | undefined }): Promise<Plan>
  start(request: StartPipeline): Promise<void>
  /** Makes new state for a version that is to take the place of another, and tries whether it can be built. The topology must not run. */
  prepare(request: PrepareVersion): Promise<void>
  /** One lane of a topology whose pipeline runs in another thread. */
  startLane(request: StartLane): Promise<void>
  /** Of lanes that will not be. */
  dropPorts(names: readonly string[]): void
  /** Does nothing for one that does not run here. */
  stop(topology: string, options: StopOptions): Promise<void>
  stats(topology: string): PipelineStats | null
  folded(topology: string, projection: string, key: readonly unknown[]): FoldedAnswer | null
  foldedRows(topology: string, projection: string): readonly (readonly [keyText: string, row: FoldedRow])[]
  past(question: PastQuestion): Promise<PastRows>
  /** From now on changes are told, or not any more. Answers the keys of the rows that are folded and not durable. */
  watch(topology: string, projection: string, isWatched: boolean): readonly string[]
}

export function pipelineHost(parts: PipelineHostParts): PipelineControl {
  const actors = new Map<string, PipelineActor>()
  /** By topology; a set is there before its pipeline, so that nothing is missed while that is being started. */
  const watched = new Map<string, Set<string>>()
  return {
    plan: (module, options) => planOfModule(module, options),
    async start(request) {
      const topology = slotScope(request.scope, request.slot) + request.plan.topology
      refuseMissingSecrets(request.plan)
      await parts.writer.begin(topology, request.incarnation)
      const projections = new Set(request.watched)
      watched.set(topology, projections)
      const watch: ChangeWatch = {
        has: projection => projections.has(projection),
        changed: (projection, keys) => parts.changed(topology, projection, keys),
      }
      const actor = await startPipeline(parts, { ...request, watch }, outcome => {
        if (actors.get(topology) === actor) actors.delete(topology)
        parts.rested(topology, request.incarnation, outcome)
      })
      actors.set(topology, actor)
    },
    prepare(request) {
      refuseMissingSecrets(request.plan)
      return prepareHere({ ...parts, ...lookupsOf(parts, request) }, request)
    },
    startLane: request => startLane(parts, request),
    dropPorts: names => parts.ports.drop(names),
    stop: async (topology, options) => actors.get(topology)?.stop(options),
    stats(topology) {
      const actor = actors.get(topology)
      if (!actor) return null
      const { position, counters, busyMs, isAtHead, epoch, watermark, progress } = actor
      return {
        position,
        counters,
        busyMs: Object.fromEntries(busyMs),
        isAtHead,
        epoch,
        ...(watermark !== undefined && { watermark }),
        ...progress,
      }
    },
    folded(topology, projection, key) {
      const actor = actors.get(topology)
      const row = actor?.folded?.get(projection, key)
      return actor && row ? { text: row.text, position: actor.position } : null
    },
    foldedRows: (topology, projection) => actors.get(topology)?.folded?.list(projection) ?? [],
    past: question => pastRows(parts, question),
    watch(topology, projection, isWatched) {
      watched.get(topology)?.[isWatched ? 'add' : 'delete'](projection)
      const rows = isWatched ? actors.get(topology)?.folded?.list(projection) : undefined
      return rows?.map(([keyText]) => keyText) ?? []
    },
  }
}

function startPipeline(
  parts: PipelineHostParts,
  request: StartPipeline & Pick<PipelineOptions, 'watch'>,
  onEnd: (outcome: PipelineOutcome) => void,
): Promise<PipelineActor> {
  const resolve = (reference: string): Promise<unknown> => resolveReference(reference, request.module, request.digest)
  return PipelineActor.start({
    ...parts,
    ...request,
    tracer: openTelemetry,
    partitions: parts.log.partitions,
    indexes: indexedFields(request.plan),
    createFragment: fragmentOf(parts, request),
    resolve,
    environment: process.env,
    ...lookupsOf(parts, request),
    onEnd,
    async openSource(from, pipeline): Promise<Source> {
      const { source } = request.plan
      if (source.kind === 'log') return ticking(parts, request, openLog(parts, request, source, from), pipeline.tickAt)
      const calls = { beforeCall: pipeline.beforeCall, ...(usesClock(request.plan) && { now: () => parts.clock.now() }) }
      return openGenerator(parts, source, { make: await resolve(source.reference), ...calls, ...(from && { from }) })
    },
  })
}

async function pastRows(parts: PipelineHostParts, question: PastQuestion): Promise<PastRows> {
  const { plan, module, digest, head, projection, upTo, last, range } = question
  const { source } = plan
  assert(source.kind === 'log', 'only what is read from the log can be read again')
  const end = Math.min(head ?? Number.POSITIVE_INFINITY, upTo - 1)
  const past = await foldPast({
    ...parts,
    ...question,
    partitions: parts.log.partitions,
    createFragment,
    resolve: reference => resolveReference(reference, module, digest),
    openSource: () => openLog(parts, { ...question, head: end, past: last ?? 'all' }, source, undefined),
  })
  return { rows: rowsWithin(past.rows(projection), range), place: past.position.place }
}

function lookupsOf(
  { log, limits, lookedUp }: PipelineHostParts,
  { scope, plan }: Pick<StartPipeline, 'scope' | 'plan'>,
): Pick<PipelineOptions, 'lookups'> {
  const projections = foreignProjections(plan.steps)
  if (projections.length === 0) return {}
  return {
    lookups: {
      projections,
      ownerOf: projection => lookedUp(scope + projection),
      openStamps: (followed, after) => new LogReader(log, { ...followed, scope, pageRows: limits.pageRows, ...(after && { after }) }),
    },
  }
}
