/**
 * Rebuilds beside what runs: a version is folded from the first event on in a slot of its own, unseen, and takes the place of the one before in one step
 * when it has caught up. What it would send for rows that the one before has folded goes nowhere: each row is answered for outside by one version.
 */
import { systemClock } from '../../event/clock.ts'
import { EventStoreError } from '../../event/error.ts'
import type { Deployed, Rebuilding } from '../../event/topologies.ts'
import { readTopologyRow, type TopologyRow } from '../../store/state.ts'
import { firstLayout } from '../../topology/state-layout.ts'
import type { DeployerOptions } from './deployer-options.ts'
import type { Deployments } from './deployments.ts'
import { eventsIn, isAhead } from './log-state.ts'
import type { PipelineStats } from './pipeline-host.ts'
import { type DeployedData, type Deployment, isOver, projectionsOf, storedTopology } from './registry.ts'
import type { TopologyRuns } from './topology-runs.ts'
import type { NextModule, Updates } from './updates.ts'

export interface RebuildsParts {
  readonly options: DeployerOptions
  readonly deployments: Deployments
  readonly runs: TopologyRuns
  readonly updates: Updates
  /** Whatever changes what is deployed, one after the other. */
  inTurn<Answer>(work: () => Promise<Answer>): Promise<Answer>
}

/** Whether one has caught up is asked for so often. */
const LOOK_MS = 50
/** The version that runs may take so long to reach what the other has folded. */
const REACH_MS = 10_000
/** Events behind the log with which a rebuild counts as caught up though more come all the time. */
const NEAR_EVENTS = 1000

export class Rebuilds {
  readonly #parts: RebuildsParts
  readonly #looking = new Map<string, NodeJS.Timeout>()
  /** They wait where the topology stands that does not run. */
  readonly #held = new Set<string>()
  readonly #began = new Map<string, { readonly ms: number; readonly done: number }>()

  constructor(parts: RebuildsParts) {
    this.#parts = parts
  }

  /** In the turn of whoever deploys. INVALID when it can not be built, or not be folded again. */
  async begin(current: Deployment, { plan, module, export: exported, workers = current.workers }: NextModule): Promise<Deployed> {
    const { options, deployments, runs } = this.#parts
    const { name, deployment, version, status } = current
    this.#refuse(current, plan.version)
    if (plan.source.kind !== 'log')
      throw new EventStoreError('INVALID', `topology ${name} makes its own rows, which are not kept: there is nothing to rebuild it from`, {
        topology: name,
      })
    deployments.refuseProjections(name, projectionsOf(plan))
    deployments.refuseLookups(plan)
    const slot = (current.slot ?? 0) + 1
    await runs.threads.writer.drop(storedTopology(options.scope, { name, slot }))
    const next: DeployedData = {
      name,
      version: plan.version,
      module,
      ...(exported !== undefined && { export: exported }),
      plan,
      slot,
      layout: firstLayout(plan),
      rebuild: { from: version, events: eventsIn(options.log), head: options.head() },
      ...(workers !== undefined && { workers }),
    }
    const rebuilt = await deployments.note({ type: 'topology.rebuilding', data: { name, deployment, next } })
    try {
      await this.#start(name)
    } catch (error) {
      await runs.stopBeside(name, { commit: false })
      await deployments.note({ type: 'topology.rebuild-ended', data: { name, deployment, rebuilt } })
      throw error
    }
    return { name, version, status, update: 'rebuilding' }
  }

  #refuse({ name, version, status, beside, isDraining, until }: Deployment, next: number): void {
    const refuse = (message: string): EventStoreError => new EventStoreError('INVALID', message, { topology: name, field: 'rebuild' })
    if (beside !== undefined) throw refuse(`version ${beside.version} of topology ${name} is being rebuilt already; cancel that first`)
    if (status === 'ended' || isDraining || until !== undefined)
      throw refuse(`topology ${name} ${status === 'ended' ? 'has ended' : 'ends by itself'}; undeploy it first, and deploy it anew`)
    if (next < version) throw refuse(`topology ${name} is of version ${version}; version ${next} is older`)
  }

  /** See `Topologies.cancelRebuild`. */
  cancel(name: string): Promise<void> {
    return this.#parts.inTurn(async () => {
      const current = this.#parts.deployments.named(name)
      if (current.beside === undefined)
        throw new EventStoreError('NOT_FOUND', `no version of topology ${name} is being rebuilt`, { topology: name })
      await this.#end(current)
    })
  }

  async #end(
    { name, deployment, beside }: Deployment,
    error?: { readonly code: EventStoreError['code']; readonly message: string },
  ): Promise<void> {
    if (beside === undefined) return
    const { deployments } = this.#parts
    await this.forget(name)
    const data = { name, deployment, rebuilt: beside.deployment, ...(error && { error }) }
    await deployments.note({ type: 'topology.rebuild-ended', data })
    await this.#drop(beside)
  }

  #drop(deployment: Deployment): Promise<void> {
    return this.#parts.runs.threads.writer.drop(storedTopology(this.#parts.options.scope, deployment))
  }

  /** It runs no more when this resolves, and is not taken up before the node is opened again. */
  async forget(name: string): Promise<void> {
    clearTimeout(this.#looking.get(name))
    this.#looking.delete(name)
    this.#began.delete(name)
    await this.#parts.runs.stopBeside(name, { commit: false })
  }

  /** Those of an earlier process go on where they stood. */
  async takeUp(): Promise<void> {
    for (const { name, beside } of this.#parts.deployments.all) {
      if (beside === undefined) continue
      const row = this.#row(beside)
      if (row && isAhead(row, this.#parts.options)) await this.#drop(beside)
      // Whoever opens the node does not wait for code of users.
      void this.#start(name).catch((error: unknown) => this.#failed(name, asFailure(error)))
    }
  }

  async #start(name: string): Promise<void> {
    const { deployments, runs } = this.#parts
    const { beside, ...current } = deployments.named(name)
    if (beside === undefined) return
    const isRunning = runs.get(name) !== undefined
    if (isRunning) this.#held.delete(name)
    else this.#held.add(name)
    await runs
      .addBeside(beside, {
        isRepeating: this.#row(beside) === undefined,
        // What stands still is not to be overtaken: what it has not sent is for the one that takes its place.
        ...(!isRunning && { holdAt: this.#row(current)?.place?.stamp ?? 0 }),
        failed: (error, isLasting) => void (isLasting && this.#failed(name, error)),
      })
      .start()
    this.#look(name)
  }

  #failed(name: string, { code, message }: EventStoreError): void {
    void this.#parts
      .inTurn(async () => {
        const current = this.#parts.deployments.get(name)
        if (current) await this.#end(current, { code, message })
      })
      .catch(() => undefined)
  }

  #look(name: string): void {
    clearTimeout(this.#looking.get(name))
    const timer = setTimeout(() => {
      void this.#parts
        .inTurn(() => this.#swapWhenReady(name))
        .then(
          isOver => !isOver && this.#looking.get(name) === timer && this.#look(name),
          () => undefined,
        )
    }, LOOK_MS)
    timer.unref()
    this.#looking.set(name, timer)
  }

  /** True when there is nothing to look for any more. */
  async #swapWhenReady(name: string): Promise<boolean> {
    const { deployments, runs } = this.#parts
    const current = deployments.get(name)
    const run = runs.beside(name)
    if (current?.beside === undefined || run === undefined) return true
    const stats = await run.stats()
    if (stats === null || !(await this.#isReady(current, stats))) return false
    await this.#swap(current)
    return true
  }

  /** It has caught up, or nearly so. */
  async #isReady(current: Deployment, stats: PipelineStats): Promise<boolean> {
    const { options, runs } = this.#parts
    const run = runs.get(current.name)
    if (run !== undefined && this.#held.has(current.name)) {
      await runs.stopBeside(current.name, { commit: true })
      await this.#start(current.name)
      return false
    }
    const place = stats.position.place?.stamp ?? 0
    if (run === undefined) {
      const before = this.#row(current)?.place?.stamp ?? 0
      if (place > before && isOver(current)) await this.#beginAgain(current)
      return place <= before && stats.isAtHead
    }
    const behind = eventsIn(options.log) - lookedAt(stats)
    return stats.isAtHead || behind <= NEAR_EVENTS
  }

  /** What it has folded is beyond what the version before, which goes on no more, has sent. */
  async #beginAgain(current: Deployment): Promise<void> {
    const { name, beside } = current
    await this.forget(name)
    if (beside) await this.#drop(beside)
    await this.#start(name)
  }

  async #swap(current: Deployment): Promise<void> {
    const { deployments, runs, updates, options } = this.#parts
    const { name, deployment } = current
    const beside = current.beside as Deployment
    const { writer } = runs.threads
    await runs.stopBeside(name, { commit: true })
    const reached = this.#row(beside)?.place?.stamp ?? 0
    if (!(await this.#reaches(name, reached))) return this.#start(name)
    await runs.stop(name, { commit: true, deliveries: 'soon' })
    const mutedTo = Math.max(this.#row(current)?.place?.stamp ?? 0, reached)
    const [from, to] = [storedTopology(options.scope, current), storedTopology(options.scope, beside)]
    const why = `version ${beside.version} of topology ${name} has taken the place of the one before; subscribe to it anew`
    await runs.forget(name, new EventStoreError('BUSY', why, { topology: name }))
    // First: whichever of the two goes on after a crash between them sends what waits.
    await writer.moveOutbox(from, to)
    await deployments.note({ type: 'topology.swapped', data: { name, deployment, rebuilt: beside.deployment, mutedTo } })
    await updates.begin(name)
    await writer.drop(from)
    this.#began.delete(name)
  }

  /** The version that runs has folded and sent all up to a stamp; true for one that stands still and will not. */
  async #reaches(name: string, stamp: number): Promise<boolean> {
    const { runs } = this.#parts
    for (let waitedMs = 0; waitedMs < REACH_MS; waitedMs += LOOK_MS) {
      const run = runs.get(name)
      if (run === undefined) return (this.#row(this.#parts.deployments.named(name))?.place?.stamp ?? 0) >= stamp
      const stats = await run.stats()
      if (stats && ((stats.position.place?.stamp ?? 0) >= stamp || (stats.caughtUpTo ?? 0) > stamp)) return true
      await new Promise(resolve => setTimeout(resolve, LOOK_MS))
    }
    return false
  }

  #row(deployment: Deployment): TopologyRow | undefined {
    return readTopologyRow(this.#parts.options.state, storedTopology(this.#parts.options.scope, deployment))
  }

  /** How far it is; undefined when nothing is rebuilt beside it. */
  async progress({ name, beside }: Deployment): Promise<Rebuilding | undefined> {
    if (beside?.rebuild === undefined) return undefined
    const { options, runs } = this.#parts
    const stats = await runs.beside(name)?.stats()
    const done = lookedAt(stats ?? { position: this.#row(beside) ?? { sequences: {} } })
    const total = Math.max(eventsIn(options.log), beside.rebuild.events)
    const now = (options.clock ?? systemClock).monotonic()
    const began = this.#began.get(name) ?? { ms: now, done }
    this.#began.set(name, began)
    const perMs = (done - began.done) / (now - began.ms)
    const remainingMs = perMs > 0 && Number.isFinite(perMs) ? Math.round((total - done) / perMs) : undefined
    const rows = stats?.position.rows ?? 0
    return {
      from: beside.rebuild.from,
      to: beside.version,
      done: Math.min(done, total),
      total,
      rows,
      ...(remainingMs !== undefined && { remainingMs }),
    }
  }

  close(): void {
    for (const timer of this.#looking.values()) clearTimeout(timer)
    this.#looking.clear()
  }
}

function lookedAt({ position }: { readonly position: { readonly sequences: Readonly<Record<string, number>> } }): number {
  return Object.values(position.sequences).reduce((sum, sequence) => sum + sequence, 0)
}

function asFailure(error: unknown): EventStoreError {
  return error instanceof EventStoreError ? error : new EventStoreError('INVALID', String(error))
}
