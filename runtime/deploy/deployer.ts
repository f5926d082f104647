/** Deploys topologies: keeps what is deployed as events in `$topology`, runs each in a thread of pipelines, and answers for their state. */
import type { LookedUp } from '../../actors/lookups.ts'
import { systemClock } from '../../event/clock.ts'
import { EventStoreError } from '../../event/error.ts'
import { failPoint } from '../../event/fail-points.ts'
import { readTopologyRow, type TopologyRow } from '../../store/state.ts'
import { undelivered, untilCaughtUp } from './caught-up.ts'
import type { Deployed, DeployerOptions, DeployOptions } from './deployer-options.ts'
import { Deployments } from './deployments.ts'
import { eventsIn } from './log-state.ts'
import type { ModuleChange, UndeployOptions } from '../../event/topologies.ts'
import { ModuleWatches } from './module-watches.ts'
import { deployedState } from './deployed-state.ts'
import type { HotProjectionReader } from './projection-reader.ts'
import { type DeployedData, isOver, projectionsOf, storedTopology } from './registry.ts'
import { statusOf, type TopologyStatus } from './status.ts'
import { asInvalid, checkWorkers, refuseRebuilding } from './refusals.ts'
import { StateSizes } from './state-sizes.ts'
import { takeUp } from './take-up.ts'
import { TopologyRuns } from './topology-runs.ts'
import { nextModule, updateBy, Updates } from './updates.ts'
import { isNextVersion, Versions } from './versions.ts'
import { Controls } from './controls.ts'
import { Rebuilds } from './rebuilds.ts'
import { Savepoints } from './savepoints.ts'
import { type DeployedPlan, firstLayout } from '../../topology/state-layout.ts'
import { type NamedModule, namedModule } from './user-module.ts'

export type { Deployed, DeployerOptions, DeployOptions } from './deployer-options.ts'

export class Deployer {
  readonly #options: DeployerOptions
  readonly #deployments: Deployments
  readonly runs: TopologyRuns
  readonly #updates: Updates
  readonly #versions: Versions
  readonly savepoints: Savepoints
  readonly controls: Controls
  readonly rebuilds: Rebuilds
  readonly watches: ModuleWatches
  readonly #rebuilt = new Set<string>()
  readonly #sizes: StateSizes
  #turn: Promise<unknown> = Promise.resolve()
  #closing: Promise<void> | undefined

  constructor(options: DeployerOptions) {
    this.#options = options
    this.#deployments = new Deployments(options)
    this.runs = new TopologyRuns(options, this.#deployments)
    this.watches = new ModuleWatches({
      deployment: name => this.#deployments.get(name),
      digest: name => this.runs.get(name)?.digest,
      take: (name, isChanged) => this.#inTurn(() => this.#updates.takeModule(name, isChanged)),
    })
    this.#sizes = new StateSizes(topology => this.runs.threads.writer.measure(topology), options.clock ?? systemClock)
    this.#updates = new Updates(options, this.#deployments, this.runs)
    this.#versions = new Versions(options, this.#deployments, this.runs, this.#updates)
    const parts = {
      options,
      deployments: this.#deployments,
      runs: this.runs,
      updates: this.#updates,
      check: () => this.#check(),
      inTurn: <Answer>(work: () => Promise<Answer>) => this.#inTurn(work),
    }
    this.savepoints = new Savepoints(parts)
    this.controls = new Controls(parts)
    this.rebuilds = new Rebuilds(parts)
  }

  /** Once, at the node's start. */
  async takeUp(): Promise<void> {
    const { rebuilt, outdated } = await takeUp(this.#options, this.#deployments, this.runs)
    for (const name of rebuilt) this.#rebuilt.add(name)
    // Whoever opens the node does not wait for it.
    for (const name of outdated) void this.#inTurn(() => this.#versions.modernise(name)).catch(() => undefined)
    if (this.#options.resume) await this.rebuilds.takeUp()
  }

  #row(name: string): TopologyRow | undefined {
    return readTopologyRow(this.#options.state, this.#stored(name))
  }

  /** The name in the database. */
  #stored(name: string): string {
    return storedTopology(this.#options.scope, this.#deployments.get(name) ?? { name })
  }

  /** Deploys and starts the topology of a module or file. INVALID names the file and what is wrong with it, or what stands in the way. */
  deploy(module: URL | string, options: DeployOptions = {}): Promise<Deployed> {
    return this.#inTurn(() => this.#deploy(namedModule(module), options))
  }

  async #deploy(module: NamedModule, options: DeployOptions): Promise<Deployed> {
    if (options.until !== undefined && options.until !== 'head')
      throw new EventStoreError('INVALID', 'until must be "head" or left out', { field: 'until' })
    checkWorkers(options.workers, this.#options.limits.topologyWorkers)
    const plan = await this.#updates.plan(module, options)
    failPoint('deploy.planned')
    const { topology: name, version } = plan
    if (options.watch === true && plan.projection === undefined)
      throw new EventStoreError('INVALID', `${module.shown} holds no projection as code, and only their modules are watched`, {
        field: 'watch',
      })
    const current = this.#deployments.get(name)
    if (current && options.rebuild === true)
      return this.rebuilds.begin(current, {
        ...nextModule(module, plan, options),
        ...(options.workers !== undefined && { workers: options.workers }),
      })
    if (current && (isNextVersion(current, plan, options) || updateBy(current, plan, options))) refuseRebuilding(current, 'updated')
    const update = current && updateBy(current, plan, options)
    if (update) return this.#watched(await this.#updates.update(current, nextModule(module, plan, options), update), options)
    if (current && isNextVersion(current, plan, options)) return this.#versions.upgrade(current, nextModule(module, plan, options), options)
    this.#deployments.refuseTaken(name, projectionsOf(plan))
    this.#deployments.refuseLookups(plan)
    const { writer } = this.runs.threads
    if (this.#row(name)) await writer.drop(this.#stored(name))
    const data: DeployedData = {
      name,
      version,
      ...nextModule(module, plan, options),
      ...(plan.until && { until: plan.until, head: this.#options.head() }),
      layout: firstLayout(plan),
      ...(options.workers !== undefined && options.workers > 1 && { workers: options.workers }),
    }
    const deployment = await this.#deployments.note({ type: 'topology.deployed', data })
    failPoint('deploy.noted')
    try {
      await this.runs.add(this.#deployments.named(name), false).start()
      failPoint('deploy.started')
    } catch (error) {
      await this.runs.forget(name, undeployed(name))
      await this.#deployments.note({ type: 'topology.undeployed', data: { name, deployment } })
      await writer.drop(this.#stored(name))
      throw asInvalid(error, module)
    }
    return this.#watched({ name, version, status: this.#deployments.named(name).status }, options)
  }

  #watched(deployed: Deployed, { watch }: DeployOptions): Deployed {
    this.watches.taken(deployed.name)
    if (watch === true) this.watches.add(deployed.name)
    return deployed
  }

  /** See `Node.watchModules`. */
  async watchModules(tell: (change: ModuleChange) => void): Promise<() => void> {
    this.#check()
    return this.watches.begin(tell, this.#deployments.all)
  }

  /** Ends a topology, if it runs, and drops its state. NOT_FOUND when there is none. */
  undeploy(name: string, { keepSavepoints = false }: UndeployOptions = {}): Promise<void> {
    return this.#inTurn(async () => {
      const { deployment } = this.#deployments.named(name)
      const stored = this.#stored(name)
      const { beside } = this.#deployments.named(name)
      await this.rebuilds.forget(name)
      await this.runs.forget(name, undeployed(name))
      await this.#deployments.note({ type: 'topology.undeployed', data: { name, deployment } })
      await this.runs.threads.writer.drop(stored)
      if (beside) await this.runs.threads.writer.drop(storedTopology(this.#options.scope, beside))
      if (!keepSavepoints) await this.savepoints.dropAll(name)
      this.#rebuilt.delete(name)
      this.#sizes.forget(stored)
      this.watches.remove(name)
      this.#deployments.wake(name)
    })
  }

  plan(name: string): DeployedPlan {
    this.#check()
    const { plan, layout } = this.#deployments.named(name)
    return { ...plan, states: layout?.states ?? {} }
  }

  async topologies(): Promise<TopologyStatus[]> {
    this.#check()
    return Promise.all(this.#deployments.all.map(({ name }) => this.#status(name)))
  }

  async #status(name: string): Promise<TopologyStatus> {
    const { log, state } = this.#options
    const stats = (await this.runs.get(name)?.stats()) ?? null
    const row = this.#row(name)
    const deployment = this.#deployments.named(name)
    const waiting = stats === null && row?.deployment === deployment.deployment ? undelivered(state, this.#options.scope, deployment) : 0
    const status = statusOf({ deployment, stats, row, events: eventsIn(log), isRebuilt: this.#rebuilt.has(name), undelivered: waiting })
    const size = await this.#sizes.of(this.#stored(name))
    const rebuilding = await this.rebuilds.progress(deployment)
    const { besideError: refused } = deployment
    return {
      ...status,
      ...(refused && { refused }),
      ...this.watches.statusOf(name),
      ...(size && { state: size }),
      ...(rebuilding && { rebuilding }),
    }
  }

  /** See `Node.caughtUp`. */
  caughtUp(): Promise<void> {
    return untilCaughtUp({
      head: this.#options.head,
      all: () => this.#deployments.all,
      stats: async name => this.runs.get(name)?.stats(),
      check: () => this.#check(),
    })
  }

  /** Resolves when the topology has ended or failed. NOT_FOUND when there is none, or no more. */
  async topologyEnded(name: string): Promise<TopologyStatus> {
    this.#check()
    while (!isOver(this.#deployments.named(name))) {
      await this.#deployments.happened(name)
      this.#check()
    }
    return this.#status(name)
  }

  /** The rows of a projection. Whether there is such a projection shows at the first read. */
  state(projection: string): HotProjectionReader {
    const { state: store, scope, limits } = this.#options
    return deployedState(
      { store, scope, limitKeys: limits.stateChanges, deployments: this.#deployments, runs: this.runs, check: () => this.#check() },
      projection,
    )
  }

  /** Whatever changes what is deployed, one after the other. */
  #inTurn<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    const turn = this.#turn.then(() => {
      this.#check()
      return work()
    })
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  #check(): void {
    if (this.#closing) throw new EventStoreError('CLOSED', 'the node is closed')
  }

  /** See `MainSide`. */
  lookedUp(projection: string): LookedUp | null {
    return this.#deployments.lookedUp(projection, name => this.runs.get(name) !== undefined)
  }

  /** Deliveries wait no longer. */
  hurry(): void {
    this.runs.hurry()
  }

  /** Ends all pipelines after a last epoch. The log must still take appends. */
  close(): Promise<void> {
    this.#closing ??= this.#close(() => this.runs.close())
    return this.#closing
  }

  /** Ends all pipelines as they stand: nobody wants what they know any more. */
  abandon(): Promise<void> {
    this.#closing ??= this.#close(async () => {
      for (const { name } of this.#deployments.all) {
        await this.rebuilds.forget(name)
        await this.runs.forget(name)
      }
    })
    return this.#closing
  }

  async #close(end: () => Promise<void>): Promise<void> {
    this.watches.close()
    this.rebuilds.close()
    this.#deployments.wakeAll()
    this.runs.hurry()
    await this.#turn
    await end()
  }
}

function undeployed(topology: string): EventStoreError {
  return new EventStoreError('NOT_FOUND', `topology ${topology} was undeployed`, { topology })
}
