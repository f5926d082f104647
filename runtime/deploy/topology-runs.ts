/** The topologies that run, and those that have ended but still have something to send: started, watched, noted when they come to rest. */
import { finishOutbox } from '../../actors/finish.ts'
import type { NotedCall } from '../../actors/heartbeat.ts'
import type { PipelineOutcome, StopOptions } from '../../actors/pipeline-options.ts'
import { systemClock } from '../../event/clock.ts'
import { type ErrorCode, EventStoreError } from '../../event/error.ts'
import type { Stamp } from '../../event/event.ts'
import { readTopologyRow, type TopologyRow } from '../../store/state.ts'
import type { DeployerOptions } from './deployer-options.ts'
import type { Deployments } from './deployments.ts'
import { HotMemory } from './hot-memory.ts'
import { type Deployment, projectionsOf, runningStatus, storedTopology, type TopologyEvent } from './registry.ts'
import type { PipelineThread } from './pipeline-workers.ts'
import { StateSubscriptions } from './state-subscriptions.ts'
import type { Threads } from './threads.ts'
import { settlementOf } from './settlement.ts'
import { asEventStoreError, TopologyRun, type TopologyRunParts } from './topology-run.ts'
import { digestOfModule, filesOfPlan } from './user-module.ts'

/** Failures of the node and not of the topology: it runs again when the node is opened the next time. */
const passingCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['READ_ONLY', 'CLOSED', 'UNREACHABLE', 'DAMAGED'])

/** How a run goes that is to take the place of another. */
export interface Beside {
  readonly isRepeating: boolean
  /** See `TopologyRunParts`. */
  readonly holdAt?: Stamp
  readonly failed: (error: EventStoreError, isLasting: boolean) => void
}

export class TopologyRuns {
  readonly threads: Threads
  readonly hot: HotMemory
  readonly subscriptions = new StateSubscriptions()
  readonly #options: DeployerOptions
  readonly #deployments: Deployments
  readonly #runs = new Map<string, TopologyRun>()
  /** Runs that are to take the place of others of their name. */
  readonly #beside = new Map<string, TopologyRun>()
  /** Topologies that have ended and still send, with what stops them. */
  readonly #finishing = new Map<string, { readonly stop: AbortController; readonly done: Promise<void> }>()
  readonly #background = new Set<Promise<void>>()
  readonly #closing = new AbortController()
  /** Of an earlier process, and not running yet. */
  readonly starting = new Set<string>()

  constructor(options: DeployerOptions, deployments: Deployments) {
    this.#options = options
    this.#deployments = deployments
    this.threads = options.threads
    this.hot = new HotMemory(options.limits.hotBytes)
  }

  /** A thread of pipelines is gone. */
  died(thread: PipelineThread, cause: string, noted: NotedCall | undefined): void {
    for (const run of this.#all) if (run.runsIn(thread)) run.died(cause, noted)
  }

  get #all(): TopologyRun[] {
    return [...this.#runs.values(), ...this.#beside.values()]
  }

  get(name: string): TopologyRun | undefined {
    return this.#runs.get(name)
  }

  /** A run that is still to be started; it is the topology's from now on. It goes on as `before` did, in its thread, while that is there. */
  add(deployment: Deployment, isRepeating: boolean, before?: TopologyRun): TopologyRun {
    const run = new TopologyRun(deployment, isRepeating, {
      ...this.#partsOf(deployment, before),
      hot: this.hot,
      subscriptions: this.subscriptions,
      failed: (failed, error, isLasting) => this.#fail(failed, error, isLasting),
    })
    this.#runs.set(deployment.name, run)
    return run
  }

  /** One that folds beside the topology of its name, unseen; still to be started. */
  addBeside(deployment: Deployment, { isRepeating, holdAt, failed }: Beside): TopologyRun {
    const run = new TopologyRun(deployment, isRepeating, {
      ...this.#partsOf(deployment, undefined),
      hot: { open: () => ({}), close: () => undefined },
      subscriptions: { watched: [], lost: () => undefined },
      ...(holdAt !== undefined && { holdAt }),
      failed: (of, error, isLasting) => {
        if (this.#beside.get(of.name) !== of) return
        this.#beside.delete(of.name)
        failed(error, isLasting || !passingCodes.has(error.code))
      },
    })
    this.#beside.set(deployment.name, run)
    return run
  }

  beside(name: string): TopologyRun | undefined {
    return this.#beside.get(name)
  }

  /** It runs no more when this resolves. */
  async stopBeside(name: string, options: StopOptions): Promise<void> {
    const run = this.#beside.get(name)
    this.#beside.delete(name)
    await run?.stop(options)
  }

  #partsOf(deployment: Deployment, before: TopologyRun | undefined): Omit<TopologyRunParts, 'hot' | 'subscriptions' | 'failed'> {
    const { module, plan } = deployment
    let given = before
    return {
      take: stored => {
        const { thread: last, digest } = given ?? {}
        given = undefined
        last?.topologies.add(stored)
        if (last?.isGone === false) return { thread: last, digest }
        return { thread: this.threads.take(stored, filesOfPlan(module, plan)), digest: digestOfModule(module) }
      },
      takeBeside: (stored, beside) => this.threads.take(stored, filesOfPlan(module, plan), beside),
      scope: this.#options.scope,
      nextIncarnation: this.#options.nextIncarnation,
      settle: of => this.settle(of),
      epochOf: of => this.#row(of)?.epoch ?? 0,
    }
  }

  /** Takes up, at the node's start, what ran in an earlier process. */
  begin(deployment: Deployment): void {
    const { name } = deployment
    this.starting.add(name)
    void this.takeUp(deployment).finally(() => this.starting.delete(name))
  }

  /** Goes on from the last epoch; resolves when it runs, or never will. Of one that had ended already only what was not sent is sent. */
  async takeUp(deployment: Deployment): Promise<void> {
    const row = this.#row(deployment)
    if (row?.status === 'ended') return this.#beginFinish(deployment)
    this.#deployments.set({ ...deployment, status: runningStatus(deployment) })
    await this.#inBackground(this.add(deployment, row === undefined).startAlone())
  }

  /** What the version before left behind goes; nothing when that was done, or there was none. */
  async settle(deployment: Deployment): Promise<void> {
    const version = settlementOf(this.#options.scope, deployment)
    if (version !== undefined && this.#row(deployment)?.revised !== version.revised) await this.threads.writer.settleVersion(version)
  }

  #row(deployment: Deployment): TopologyRow | undefined {
    return readTopologyRow(this.#options.state, storedTopology(this.#options.scope, deployment))
  }

  #beginFinish(deployment: Deployment): void {
    const { name } = deployment
    const stop = new AbortController()
    const done: Promise<void> = this.#inBackground(this.#finish(deployment, stop.signal)).finally(() => {
      if (this.#finishing.get(name)?.done === done) this.#finishing.delete(name)
    })
    this.#finishing.set(name, { stop, done })
  }

  /** What a topology that has ended may have left undone when the process died. It counts as ended when that is done. */
  async #finish(deployment: Deployment, signal: AbortSignal): Promise<void> {
    const { name } = deployment
    const isKnown = deployment.status === 'ended'
    if (!isKnown) this.#deployments.set({ ...deployment, status: runningStatus(deployment) })
    try {
      if (!(await this.#finishOutbox(deployment, signal)) || isKnown) return
    } catch (cause) {
      const { code, message } = asEventStoreError(cause)
      if (!isKnown && !signal.aborted) this.#deployments.set({ ...deployment, status: 'failed', error: { code, message } })
      return
    }
    this.#deployments.set({ ...deployment, status: 'ended' })
    await this.#deployments.note({ type: 'topology.ended', data: { name, deployment: deployment.deployment } })
  }

  #finishOutbox({ name: topology, slot }: Deployment, signal: AbortSignal): Promise<boolean> {
    const { state, limits, log, scope, nextIncarnation, appendOutbox, clock = systemClock } = this.#options
    return finishOutbox({
      scope,
      ...(slot !== undefined && { slot }),
      topology,
      incarnation: nextIncarnation(),
      store: state,
      writer: this.threads.writer,
      appendOutbox,
      partitions: log.partitions,
      limits,
      clock,
      environment: process.env,
      signal,
    })
  }

  /** It runs no more when this resolves. Does nothing when it does not run. */
  async stop(name: string, options: StopOptions): Promise<void> {
    const run = this.#runs.get(name)
    await this.#stopFinishing(name)
    await run?.stop(options)
    if (this.#runs.get(name) === run) this.#runs.delete(name)
  }

  /** As `stop`, and nothing that happens to it meanwhile is noted. `why` ends the subscriptions to its projections; without it they go on. */
  async forget(name: string, why?: EventStoreError): Promise<void> {
    const run = this.#runs.get(name)
    this.#runs.delete(name)
    await this.#stopFinishing(name)
    await run?.stop({ commit: false })
    this.hot.close(name)
    const projections = projectionsOf(this.#deployments.named(name).plan)
    if (why) this.subscriptions.ended(projections, why)
    else this.subscriptions.lost(projections)
  }

  async #stopFinishing(name: string): Promise<void> {
    const finishing = this.#finishing.get(name)
    finishing?.stop.abort()
    await finishing?.done
  }

  /** A pipeline has come to rest by itself. */
  rested(incarnation: number, outcome: PipelineOutcome): void {
    const beside = Array.from(this.#beside.values()).find(one => one.incarnation === incarnation)
    if (outcome.status === 'failed') beside?.gaveUp(outcome.error)
    const run = Array.from(this.#runs.values()).find(one => one.incarnation === incarnation)
    if (run === undefined || outcome.status === 'stopped') return
    if (outcome.status === 'failed') {
      this.#fail(run, outcome.error, !passingCodes.has(outcome.error.code))
      return
    }
    const { name: topology } = run
    this.#runs.delete(topology)
    run.left()
    this.#deployments.set({ ...run.deployment, status: 'ended' })
    this.#noteLater({ type: 'topology.ended', data: { name: topology, deployment: run.deployment.deployment } })
  }

  #fail(run: TopologyRun, { code, message }: EventStoreError, isLasting: boolean): void {
    const { name } = run
    if (this.#closing.signal.aborted || this.#runs.get(name) !== run) return
    this.#runs.delete(name)
    run.left()
    this.hot.close(name)
    this.subscriptions.lost(projectionsOf(run.deployment.plan))
    const error = { code, message }
    this.#deployments.set({ ...run.deployment, status: 'failed', error })
    if (isLasting) this.#noteLater({ type: 'topology.failed', data: { name, deployment: run.deployment.deployment, error } })
  }

  #noteLater(event: TopologyEvent): void {
    void this.#inBackground(this.#deployments.note(event).then(() => undefined))
  }

  /** Work nobody waits for but `close`. What fails here is found and done again at the next open. */
  #inBackground(work: Promise<void>): Promise<void> {
    const settled: Promise<void> = work.catch(() => undefined).finally(() => this.#background.delete(settled))
    this.#background.add(settled)
    return settled
  }

  /** Deliveries wait no longer, not even those that a pause waits for. */
  hurry(): void {
    this.#closing.abort()
    this.subscriptions.close(new EventStoreError('CLOSED', 'the node is closed'))
    for (const { stop } of this.#finishing.values()) stop.abort()
    for (const run of this.#all) void run.stop({ commit: true })
  }

  /** Ends all pipelines after a last epoch; their threads are whoever's lent them. */
  async close(): Promise<void> {
    this.hurry()
    await Promise.all(this.#all.map(run => run.stop({ commit: true })))
    await Promise.all(this.#background)
  }
}
