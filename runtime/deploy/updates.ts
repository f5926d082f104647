/**
 * A version takes the place of the one before: at the same place with the state it can go on with, or folded from the first event on. A projection as
 * code brings other code, makes its rows new, or begins anew.
 */
import { isDeepStrictEqual } from 'node:util'
import { EventStoreError } from '../../event/error.ts'
import type { Deployed, DeployedUpdate, DeployOptions } from '../../event/topologies.ts'
import { readTopologyRow, type TopologyRow } from '../../store/state.ts'
import { foreignProjections } from '../../topology/joined-projections.ts'
import type { Plan } from '../../topology/plan.ts'
import type { StateLayout } from '../../topology/state-layout.ts'
import type { DeployerOptions } from './deployer-options.ts'
import type { Deployments } from './deployments.ts'
import { eventsIn } from './log-state.ts'
import { moduleFiles } from './module-graph.ts'
import { type DeployedData, type Deployment, isOver, projectionsOf, storedTopology, type UpdatedData } from './registry.ts'
import { asInvalid } from './refusals.ts'
import { isTopologyFile } from './topology-file.ts'
import { asEventStoreError, type TopologyRun } from './topology-run.ts'
import type { TopologyRuns } from './topology-runs.ts'
import { digestOfModule, type NamedModule, namedModule } from './user-module.ts'

/** What a plan is to a deployment of its name; undefined when one of them is no projection as code. INVALID when it can not take its place. */
export function updateBy(current: Deployment, { version, source, projection }: Plan, options: DeployOptions): DeployedUpdate | undefined {
  const { name, status, plan } = current
  if (plan.projection === undefined || projection === undefined || status === 'ended') return undefined
  const refuse = (field: string, message: string): EventStoreError =>
    new EventStoreError('INVALID', `projection ${name} ${message}`, { topology: name, field, revision: version, running: current.version })
  if (options.until !== undefined) throw refuse('until', 'is deployed and goes on; drain ends it')
  if (version < current.version) throw refuse('revision', `is of revision ${current.version}; revision ${version} is older`)
  if (version === current.version && !isDeepStrictEqual(followed(plan.source), followed(source)))
    throw refuse('revision', `follows other events than before; give it revision ${version + 1}`)
  if (version === current.version) return 'reloaded'
  return projection.upgrades ? 'upgraded' : 'rebuilding'
}

function followed(source: Plan['source']): unknown {
  return source.kind === 'log' ? [source.types?.toSorted(), source.categories?.toSorted()] : source
}

export interface NextModule {
  readonly plan: Plan
  /** URL. */
  readonly module: string
  readonly export?: string
  /** How its state will lie, and in how many lanes it runs; as now when left out. */
  readonly layout?: StateLayout
  readonly workers?: number
}

export class Updates {
  readonly #options: DeployerOptions
  readonly #deployments: Deployments
  readonly #runs: TopologyRuns

  constructor(options: DeployerOptions, deployments: Deployments, runs: TopologyRuns) {
    this.#options = options
    this.#deployments = deployments
    this.#runs = runs
  }

  /** What a thread is held by beside the topologies in it: no stored name of one is only a scope. */
  get #held(): string {
    return this.#options.scope
  }

  /** In a thread that holds no other form of the module's files. */
  async plan(module: NamedModule, options: DeployOptions): Promise<Plan> {
    const thread = this.#runs.threads.take(this.#held, isTopologyFile(module.url) ? undefined : moduleFiles(module.url))
    try {
      return await thread.control.plan(module, { export: options.export, until: options.until })
    } catch (error) {
      throw asInvalid(error, module)
    } finally {
      thread.leave(this.#held)
    }
  }

  /** The module of a projection as it is now takes the place of what runs. Undefined when it runs as it is. */
  async takeModule(name: string, isChanged: boolean): Promise<DeployedUpdate | undefined> {
    const current = this.#deployments.named(name)
    const options = current.export === undefined ? {} : { export: current.export }
    const module = namedModule(new URL(current.module))
    const runs = this.#runs.get(name)?.digest
    if (runs !== undefined && runs === digestOfModule(current.module)) return undefined
    const plan = await this.plan(module, options)
    const update = plan.topology === name ? updateBy(current, plan, options) : undefined
    if (update === undefined) {
      const message = `${module.shown} holds no projection ${name} any more that could take its place`
      throw new EventStoreError('INVALID', message, { topology: name, file: module.shown })
    }
    if (!isChanged && update === 'reloaded' && current.status !== 'failed') return undefined
    await this.update(current, nextModule(module, plan, options), update)
    return update
  }

  /** What runs goes on as it was when this rejects, unless the log did not take the event. */
  async update(current: Deployment, next: NextModule, update: DeployedUpdate): Promise<Deployed> {
    const { name } = current
    this.#deployments.refuseProjections(name, projectionsOf(next.plan))
    await (update === 'rebuilding' ? this.#rebuild(current, next) : this.exchange(current, next))
    const { version, status } = this.#deployments.named(name)
    return { name, version, status, update }
  }

  /**
   * Between two epochs: the thread that ran it is held until the other one runs, so that it can go on there. `prepare` is called in between, when nothing
   * has changed yet.
   */
  async exchange(current: Deployment, next: NextModule, prepare?: () => Promise<void>): Promise<void> {
    const { name } = current
    const before = this.#runs.get(name)
    const thread = before?.thread
    thread?.topologies.add(this.#held)
    try {
      await this.#runs.stop(name, { commit: true })
      await prepare?.()
      await this.#deployments.note({ type: 'topology.updated', data: dataOf(current, next) })
      await this.#startLast(name)
    } catch (error) {
      // What the one before went on from is gone once the next one was settled.
      const now = this.#deployments.named(name)
      const isSettled = now.revised !== current.revised && this.#row(now)?.revised === now.revised
      if (next.layout !== undefined && isSettled) await this.failed(name, error)
      else await this.#goBack(current, before)
      throw error
    } finally {
      thread?.leave(this.#held)
    }
  }

  /** Those that look into its projections are started again, for its rows may lie elsewhere now. */
  async begin(name: string): Promise<void> {
    try {
      await this.#startLast(name)
    } catch (error) {
      await this.failed(name, error)
      throw error
    }
    const projections = projectionsOf(this.#deployments.named(name).plan)
    for (const { name: other, plan } of this.#deployments.all)
      if (other !== name && foreignProjections(plan.steps).some(one => projections.includes(one))) await this.#startOver(other)
  }

  /** What ran before goes on, as far as it can. */
  async startAgain(name: string): Promise<void> {
    if (this.#runs.get(name) === undefined) await this.begin(name).catch(() => undefined)
  }

  async #startOver(name: string): Promise<void> {
    if (this.#runs.get(name) === undefined) return
    await this.#runs.stop(name, { commit: true })
    await this.#startLast(name).catch((error: unknown) => this.failed(name, error))
  }

  async failed(name: string, error: unknown): Promise<void> {
    const { deployment } = this.#deployments.named(name)
    await this.#runs.forget(name)
    const { code, message } = asEventStoreError(error)
    await this.#deployments.note({ type: 'topology.failed', data: { name, deployment, error: { code, message } } })
  }

  /** What is deployed now, unless it is to stand still. */
  async #startLast(name: string): Promise<void> {
    const deployment = this.#deployments.named(name)
    if (this.#rests(name) || isOver(deployment)) return
    await this.#start(name)
  }

  #rests(name: string): boolean {
    return !this.#options.resume || this.#deployments.named(name).status === 'paused'
  }

  async #start(name: string, before?: TopologyRun): Promise<void> {
    const deployment = this.#deployments.named(name)
    await this.#runs.add(deployment, this.#row(deployment) === undefined, before).start()
  }

  #row(deployment: Deployment): TopologyRow | undefined {
    return readTopologyRow(this.#options.state, storedTopology(this.#options.scope, deployment))
  }

  /** Nothing was written by the new one, which never folded a row. */
  async #goBack(current: Deployment, before: TopologyRun | undefined): Promise<void> {
    const { name } = current
    await this.#runs.forget(name)
    const now = this.#deployments.named(name)
    if (now.plan !== current.plan) await this.#deployments.note({ type: 'topology.updated', data: dataOf(current, asItWas(current)) })
    if (current.status === 'failed') return this.#deployments.set(current)
    if (before === undefined || this.#rests(name)) return
    await this.#start(name, before).catch(async (error: unknown) => {
      await this.#runs.forget(name)
      throw error
    })
  }

  /** A deployment of its own, so that nothing of the one before is taken for its own. */
  async #rebuild(current: Deployment, { plan, module, export: exported }: NextModule): Promise<void> {
    const { name, status, version: from } = current
    const { log, head } = this.#options
    const why = `projection ${name} is folded again from the first event; subscribe to it anew`
    await this.#runs.forget(name, new EventStoreError('BUSY', why, { topology: name }))
    const data: DeployedData = {
      name,
      version: plan.version,
      module,
      ...(exported !== undefined && { export: exported }),
      plan,
      rebuild: { from, events: eventsIn(log), head: head() },
      ...(status === 'paused' && { isPaused: true }),
    }
    await this.#deployments.note({ type: 'topology.deployed', data })
    await this.#runs.threads.writer.drop(storedTopology(this.#options.scope, current))
    if (this.#rests(name)) return
    try {
      await this.#start(name)
    } catch (error) {
      await this.failed(name, error)
      throw error
    }
  }
}

/** What it began anew it goes on with. */
function asItWas(current: Deployment): NextModule {
  return { ...current, ...(current.layout && { layout: { ...current.layout, cleared: [], forgotten: [] } }) }
}

function dataOf({ name, deployment }: Deployment, { plan, module, export: exported, layout, workers }: NextModule): UpdatedData {
  const kept = { ...(exported !== undefined && { export: exported }), ...(layout && { layout }), ...(workers !== undefined && { workers }) }
  return { name, deployment, version: plan.version, module, ...kept, plan }
}

export function nextModule({ url }: NamedModule, plan: Plan, { export: exported }: DeployOptions): NextModule {
  return { module: url, ...(exported !== undefined && { export: exported }), plan }
}
