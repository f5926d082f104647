/** What is deployed: the fold of `$topology`, with whoever waits for a topology to end. */
import type { LookedUp } from '../../actors/lookups.ts'
import { EventStoreError } from '../../event/error.ts'
import type { Event } from '../../event/event.ts'
import type { Logger } from '../../event/logger.ts'
import { DEFAULT_SCOPE, type Scope, tenantOf } from '../../event/scope.ts'
import type { DeployerOptions } from './deployer-options.ts'
import { foreignProjections } from '../../topology/joined-projections.ts'
import type { Plan } from '../../topology/plan.ts'
import {
  type Deployment,
  foldTopology,
  isOver,
  projectionsOf,
  storedTopology,
  TOPOLOGY_STREAM,
  type TopologyEvent,
  topologyEvent,
} from './registry.ts'

/** For the log; of a failure it is told when it happens, before its event. */
const sentences: { readonly [Type in TopologyEvent['type']]: string | undefined } = {
  'topology.deployed': 'a topology is deployed',
  'topology.updated': 'a projection has taken the place of the one before',
  'topology.rebuilding': 'a version of a topology is folded from the first event on, beside the one that runs',
  'topology.swapped': 'a rebuilt version has taken the place of the one before',
  'topology.rebuild-ended': 'the rebuild of a topology was given up',
  'topology.restored': 'a topology goes on from a savepoint',
  'topology.paused': 'a topology is paused',
  'topology.resumed': 'a topology is resumed',
  'topology.rescaled': 'a topology is rescaled',
  'topology.draining': 'a topology drains',
  'topology.ended': 'a topology has ended',
  'topology.failed': undefined,
  'topology.undeployed': 'a topology is undeployed',
}

/** Which topology, for the log. */
export function about(scope: Scope, topology: string): { readonly topology: string; readonly tenant?: string } {
  return { topology, ...(scope !== DEFAULT_SCOPE && { tenant: tenantOf(scope) }) }
}

export class Deployments {
  readonly #append: DeployerOptions['append']
  readonly #scope: Scope
  readonly #logger: Logger
  readonly #deployed = new Map<string, Deployment>()
  readonly #waiting = new Map<string, (() => void)[]>()

  constructor({ append, scope, logger }: Pick<DeployerOptions, 'append' | 'scope' | 'logger'>) {
    this.#append = append
    this.#logger = logger
    this.#scope = scope
  }

  /** As they stand now; may change while the list is walked. */
  get all(): Deployment[] {
    return [...this.#deployed.values()]
  }

  get(name: string): Deployment | undefined {
    return this.#deployed.get(name)
  }

  /** NOT_FOUND when there is none. */
  named(name: string): Deployment {
    const deployment = this.#deployed.get(name)
    if (!deployment) throw new EventStoreError('NOT_FOUND', `there is no topology ${JSON.stringify(name)}`, { topology: name })
    return deployment
  }

  ownerOf(projection: string): Deployment | undefined {
    return this.all.find(({ plan }) => projectionsOf(plan).includes(projection))
  }

  /** As `ownerOf`; NOT_FOUND when there is none. */
  writerOf(projection: string): Deployment {
    const owner = this.ownerOf(projection)
    if (!owner) throw new EventStoreError('NOT_FOUND', `no topology writes a projection ${JSON.stringify(projection)}`, { projection })
    return owner
  }

  /** Throws INVALID when a topology of this name, or another that writes one of the projections, stands in the way. */
  refuseTaken(name: string, projections: readonly string[]): void {
    const existing = this.#deployed.get(name)
    if (existing) {
      const { version, status } = existing
      const message = `topology ${name} is deployed (version ${version}, ${status}); undeploy it first, which drops its state`
      throw new EventStoreError('INVALID', message, { topology: name, status })
    }
    this.refuseProjections(name, projections)
  }

  /** Throws INVALID when another topology writes one of the projections. */
  refuseProjections(name: string, projections: readonly string[]): void {
    for (const projection of projections) {
      const owner = this.ownerOf(projection)?.name
      if (owner === undefined || owner === name) continue
      const message = `projection ${projection} is written by topology ${owner}; give it another name, or undeploy ${owner} first`
      throw new EventStoreError('INVALID', message, { projection, topology: owner })
    }
  }

  /** Throws INVALID when the plan looks rows up in a projection that nobody writes, or that waits for its own. */
  refuseLookups(plan: Plan): void {
    const own = projectionsOf(plan)
    const seen = new Set<string>()
    const follow = (projections: readonly string[]): void => {
      for (const projection of projections) {
        if (own.includes(projection))
          throw new EventStoreError('INVALID', `projection ${projection} is made of rows that look into it, by way of other topologies`, {
            projection,
          })
        const owner = this.ownerOf(projection)
        if (owner === undefined || seen.has(owner.name)) continue
        seen.add(owner.name)
        follow(foreignProjections(owner.plan.steps))
      }
    }
    const wanted = foreignProjections(plan.steps)
    const missing = wanted.find(projection => this.ownerOf(projection) === undefined)
    if (missing !== undefined)
      throw new EventStoreError('INVALID', `no topology writes a projection ${missing}; deploy that first`, { projection: missing })
    follow(wanted)
  }

  /** Who writes a projection, for those who look into it. */
  lookedUp(projection: string, runs: (name: string) => boolean): LookedUp | null {
    const owner = this.ownerOf(projection)
    if (owner === undefined) return null
    const { name, deployment, plan } = owner
    const { source } = plan
    const isRunning = !isOver(owner) && runs(name)
    const topology = storedTopology(this.#scope, owner)
    if (source.kind !== 'log') return { topology, deployment, isRunning }
    const { types, categories } = source
    return { topology, deployment, isRunning, log: { ...(types && { types }), ...(categories && { categories }) } }
  }

  /** An event that stands in the log. */
  fold(event: Pick<Event, 'type' | 'data' | 'version'>): void {
    foldTopology(this.#deployed, event)
  }

  /** Appends an event and folds it; the answer is its version. */
  async note(event: TopologyEvent): Promise<number> {
    const answer = await this.#append(TOPOLOGY_STREAM, topologyEvent(event, this.#deployed.get(event.data.name)?.revised))
    const version = answer.duplicate ? 0 : answer.version
    const sentence = sentences[event.type]
    if (sentence !== undefined) this.#logger.info(about(this.#scope, event.data.name), sentence)
    this.fold({ ...event, version })
    return version
  }

  /** Changes what is known of a deployment, ahead of its event or without one. */
  set(deployment: Deployment): void {
    this.#deployed.set(deployment.name, deployment)
    const { name, status, error } = deployment
    if (status === 'failed')
      this.#logger.error({ ...about(this.#scope, name), code: error?.code, reason: error?.message }, 'a topology has failed')
    if (isOver(deployment)) this.wake(deployment.name)
  }

  /** Resolves when something has happened to the topology. */
  happened(name: string): Promise<void> {
    return new Promise(resolve => {
      const waiting = this.#waiting.get(name) ?? []
      waiting.push(resolve)
      this.#waiting.set(name, waiting)
    })
  }

  wake(name: string): void {
    for (const resolve of this.#waiting.get(name) ?? []) resolve()
    this.#waiting.delete(name)
  }

  wakeAll(): void {
    for (const waiting of this.#waiting.values()) for (const resolve of waiting) resolve()
    this.#waiting.clear()
  }
}
