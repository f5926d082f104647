/** One topology that runs: starts its pipeline in a thread, and again when that thread dies; a row that kills it twice is given up. */
import type { NotedCall } from '../../actors/heartbeat.ts'
import type { StopOptions } from '../../actors/pipeline-options.ts'
import type { SkippedRow } from '../../actors/skipped-rows.ts'
import { EventStoreError } from '../../event/error.ts'
import type { Stamp } from '../../event/event.ts'
import type { Scope } from '../../event/scope.ts'
import type { HotMemory } from './hot-memory.ts'
import type { PipelineStats } from './pipeline-host.ts'
import { LaneThreads } from './lane-threads.ts'
import type { StateSubscriptions } from './state-subscriptions.ts'
import type { PipelineThread } from './pipeline-workers.ts'
import { type Deployment, projectionsOf, storedTopology } from './registry.ts'

/** Calls at one row that do not return before it is given up. */
const STRIKES_MAX = 2
/** Deaths without an epoch between them before the topology counts as failed. */
const STALLS_MAX = 5

export interface TopologyRunParts {
  readonly scope: Scope
  readonly take: (topology: string) => { readonly thread: PipelineThread; readonly digest?: string | undefined }
  /** A thread for a lane, another than these where there can be one. */
  readonly takeBeside: (topology: string, beside: ReadonlySet<PipelineThread>) => PipelineThread
  /** A number above all given before. */
  readonly nextIncarnation: () => number
  /** Of the last epoch in the database; 0 before the first. */
  readonly epochOf: (deployment: Deployment) => number
  /** What a version before it left behind goes. */
  readonly settle: (deployment: Deployment) => Promise<void>
  readonly hot: Pick<HotMemory, 'open' | 'close'>
  readonly subscriptions: Pick<StateSubscriptions, 'watched' | 'lost'>
  /** Of one that runs beside the topology whose place it is to take: where it waits, if that does not run. */
  readonly holdAt?: Stamp | undefined
  /** `isLasting`: it will not be started again when the node is opened the next time. */
  readonly failed: (run: TopologyRun, error: EventStoreError, isLasting: boolean) => void
}

export class TopologyRun {
  readonly deployment: Deployment
  readonly isRepeating: boolean
  incarnation = 0
  /** Of the module's files when it was started. */
  digest: string | undefined
  readonly #parts: TopologyRunParts
  readonly #skip: SkippedRow[] = []
  readonly #strikes = new Map<string, number>()
  #thread: PipelineThread | undefined
  /** Where its other lanes run. */
  #lanes: LaneThreads | undefined
  #started: Promise<void> = Promise.resolve()
  #isStarting = false
  #isStopping = false
  #epoch = 0
  #stalls = 0
  #death: { cause: string; noted: NotedCall | undefined } | undefined

  constructor(deployment: Deployment, isRepeating: boolean, parts: TopologyRunParts) {
    this.deployment = deployment
    this.isRepeating = isRepeating
    this.#parts = parts
  }

  get name(): string {
    return this.deployment.name
  }

  /** The name that tells it from the topologies of other tenants. */
  get stored(): string {
    return storedTopology(this.#parts.scope, this.deployment)
  }

  /** Rows that it gave up because their calls did not return. */
  get skipped(): readonly SkippedRow[] {
    return this.#skip
  }

  runsIn(thread: PipelineThread): boolean {
    return this.#thread === thread || this.#lanes?.threads.has(thread) === true
  }

  /** Rejects when the pipeline can not be built, or when its thread dies over it. */
  start(): Promise<void> {
    const starting = this.#start()
    this.#started = starting.catch(() => undefined)
    return starting
  }

  async #start(): Promise<void> {
    const { deployment, isRepeating } = this
    const { plan, module, head, slot, layout, revised, mutedTo } = deployment
    this.#isStarting = true
    const { thread, digest } = this.#parts.take(this.stored)
    this.#thread = thread
    this.digest = digest
    this.incarnation = this.#parts.nextIncarnation()
    const request = {
      scope: this.#parts.scope,
      plan,
      module,
      ...(digest !== undefined && { digest }),
      ...(slot !== undefined && { slot }),
      ...(layout && { generations: layout.generations }),
      incarnation: this.incarnation,
      skip: this.#skip,
    }
    try {
      const { workers = 1 } = deployment
      this.#lanes = workers > 1 ? LaneThreads.of(thread, workers, beside => this.#parts.takeBeside(this.stored, beside)) : undefined
      await this.#parts.settle(deployment)
      await thread.control.start({
        ...request,
        ...(layout && { revised }),
        ...(mutedTo !== undefined && { mutedTo }),
        ...(this.#parts.holdAt !== undefined && { holdAt: this.#parts.holdAt }),
        deployment: deployment.deployment,
        ...(head !== undefined && { head }),
        isRepeating,
        hot: this.#parts.hot.open(this.name, projectionsOf(plan)),
        watched: this.#parts.subscriptions.watched,
        ...(await this.#lanes?.start(request)),
      })
    } catch (error) {
      await this.#lanes?.abandon()
      throw error
    } finally {
      this.#isStarting = false
    }
  }

  /** Starts without anybody waiting: what goes wrong makes the topology fail. */
  async startAlone(): Promise<void> {
    for (;;) {
      try {
        return await this.start()
      } catch (error) {
        if (this.#isStopping) return
        if (!this.#thread?.isGone && !this.#lanes?.isBroken) return this.#parts.failed(this, asEventStoreError(error), false)
        if (!this.#mayGoOn()) return
      }
    }
  }

  /** Its pipeline has failed by itself. */
  gaveUp(error: EventStoreError): void {
    this.left()
    this.#parts.failed(this, error, false)
  }

  /** Its thread is gone. A start under way finds out by itself. */
  died(cause: string, noted: NotedCall | undefined): void {
    this.#death = { cause, noted }
    const isOfLane = this.#thread?.isGone === false
    this.#parts.hot.close(this.name)
    this.#parts.subscriptions.lost(projectionsOf(this.deployment.plan))
    // Its pipeline would wait for the lane for ever.
    if (isOfLane && this.#isStopping) void this.#thread?.control.stop(this.stored, { commit: false }).catch(() => undefined)
    if (this.#isStarting || this.#isStopping) return
    if (this.#mayGoOn()) void (isOfLane ? this.#startAgain() : this.startAlone())
  }

  /** A thread of its lanes is gone, and its pipeline waits for it. */
  async #startAgain(): Promise<void> {
    await this.#thread?.control.stop(this.stored, { commit: false }).catch(() => undefined)
    this.left()
    if (!this.#isStopping) await this.startAlone()
  }

  #mayGoOn(): boolean {
    const { cause, noted } = this.#death ?? { cause: 'the thread is gone', noted: undefined }
    if (noted && noted.incarnation !== this.incarnation) return true
    const epoch = this.#parts.epochOf(this.deployment)
    this.#stalls = epoch === this.#epoch ? this.#stalls + 1 : 0
    this.#epoch = epoch
    if (this.#stalls > STALLS_MAX) return this.#fail(`it died ${this.#stalls} times without getting on: ${cause}`)
    return noted === undefined || this.#strike(noted, cause)
  }

  #strike({ step: number, order }: NotedCall, cause: string): boolean {
    const step = this.deployment.plan.steps[number - 1]?.id
    const key = `${number} ${order}`
    const strikes = (this.#strikes.get(key) ?? 0) + 1
    this.#strikes.set(key, strikes)
    if (strikes < STRIKES_MAX) return true
    if (step === undefined) return this.#fail(`the source died ${strikes} times at row ${order}: ${cause}`)
    this.#skip.push({ step, order, attempts: strikes })
    return true
  }

  #fail(message: string): false {
    this.#parts.failed(this, new EventStoreError('INVALID', message, { topology: this.name }), true)
    return false
  }

  /** The pipeline writes no more when this resolves; with `commit` it has written all that it folded. Called again, what it waits for is cut short. */
  async stop(options: StopOptions): Promise<void> {
    this.#isStopping = true
    await this.#started
    const thread = this.#thread
    if (!thread || thread.isGone) return
    await thread.control.stop(this.stored, options).catch(() => undefined)
    this.left()
  }

  get thread(): PipelineThread | undefined {
    return this.#thread
  }

  /** It has come to rest. */
  left(): void {
    this.#thread?.leave(this.stored)
    for (const thread of this.#lanes?.threads ?? []) thread.leave(this.stored)
  }

  /** Null while it is being started, and when its thread has just died. */
  async stats(): Promise<PipelineStats | null> {
    return this.ask(thread => thread.control.stats(this.stored), null)
  }

  /** Asks the thread; the other answer stands in when the thread is gone. */
  async ask<Answer>(question: (thread: PipelineThread) => Promise<Answer>, otherwise: Answer): Promise<Answer> {
    const thread = this.#thread
    if (!thread || thread.isGone) return otherwise
    try {
      return await question(thread)
    } catch (error) {
      if (thread.isGone) return otherwise
      throw error
    }
  }
}

export function asEventStoreError(error: unknown): EventStoreError {
  if (error instanceof EventStoreError) return error
  return new EventStoreError('INVALID', error instanceof Error ? error.message : String(error), {}, { cause: error })
}
