/** The store of one tenant: its events, its topologies and their state. A node is that of the default tenant, and gives those of the others. */
import type { DeadLetters } from '../event/dead-letters.ts'
import type { NodeStats, VerifyReport } from '../event/figures.ts'
import type { HotProjectionReader } from '../event/projections.ts'
import type { Scope } from '../event/scope.ts'
import type { RestoreOptions, Savepoint, SavepointOptions } from '../event/savepoints.ts'
import type { Tenant } from '../event/tenant.ts'
import type { Deployed, DeployOptions, DeployTextOptions, ModuleChange, TopologyStatus, UndeployOptions } from '../event/topologies.ts'
import type { DeployedPlan } from '../topology/state-layout.ts'
import { deadLettersOf } from './dead-letters.ts'
import type { TenantDeployer } from './deploy/node-deployers.ts'
import type { TopologyTexts } from './deploy/topology-text.ts'
import { EventLog, type EventLogParts } from './event-log.ts'
import { LetterBook } from './letter-book.ts'

export interface TenantStoreParts extends EventLogParts {
  /** The tenant's; asked at each call. */
  readonly deployer: () => TenantDeployer
  readonly texts: TopologyTexts
  stats(): Promise<NodeStats>
  verify(): Promise<VerifyReport>
}

export class TenantStore extends EventLog implements Tenant {
  readonly #parts: TenantStoreParts
  /** By topology, as its stream is stored. */
  readonly #letterBooks = new Map<string, LetterBook>()

  constructor(parts: TenantStoreParts) {
    super(parts)
    this.#parts = parts
  }

  get #scope(): Scope {
    return this.#parts.scope()
  }

  #deployer(): TenantDeployer {
    return this.#parts.deployer()
  }

  #writing<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    return this.#parts.writing ? this.#parts.writing(work) : work()
  }

  /**
   * Runs the topology or the projection that a module exports, or the topology that a file (`.yaml`, `.yml`, `.json`) holds. A projection of a name that
   * is deployed takes the place of the one before. INVALID names the file and what is wrong with it, or what stands in the way.
   */
  async deploy(module: URL | string, options?: DeployOptions): Promise<Deployed> {
    this.check()
    this.#deployer().refuse?.()
    return this.#writing(() => this.#deployer().deploy(module, options))
  }

  /**
   * Watches the modules of all projections that are deployed now, as `deploy` does with `watch`, and takes at once those of another revision.
   * `tell` is called with what came of each change; the answer ends that.
   */
  async watchModules(tell: (change: ModuleChange) => void): Promise<() => void> {
    this.check()
    return this.#deployer().watchModules(tell)
  }

  /**
   * Runs the topology that a text holds, as a file of this format would; the node keeps the text. INVALID names what is wrong with it, or the module,
   * table or schema it names: a text has no place that such a file could lie beside.
   */
  async deployText(text: string, options: DeployTextOptions = {}): Promise<Deployed> {
    this.check()
    this.#deployer().refuse?.()
    const { until, workers, accept, rebuild } = options
    const url = await this.#parts.texts.keep(text, options)
    const given = { ...(until !== undefined && { until }), ...(workers !== undefined && { workers }) }
    return this.deploy(url, { ...given, ...(accept !== undefined && { accept }), ...(rebuild !== undefined && { rebuild }) })
  }

  /**
   * Stops a topology after a last epoch; its state is kept, and it stays as it is until it is resumed, over restarts of the node as well. Resolves when it
   * has stopped: its events are appended, and its webhooks are delivered as far as they are taken at the first attempt; the others wait.
   * Does nothing to one that is paused. INVALID when it has ended or failed, NOT_FOUND when there is none.
   */
  async pause(name: string): Promise<void> {
    this.check()
    return this.#deployer().controls.pause(name)
  }

  /** A paused topology goes on where it was. Does nothing to one that runs. INVALID when it has ended or failed, NOT_FOUND when there is none. */
  async resume(name: string): Promise<void> {
    this.check()
    return this.#deployer().controls.resume(name)
  }

  /**
   * Lets a topology, running or paused, fold what is in the log now and then end as with `until: 'head'`: windows close, the last of its outbox is sent.
   * Resolves when that is noted; `topologyEnded` waits for the end. Does nothing to one that ends at a head already. INVALID when it has ended or
   * failed or makes its own rows, NOT_FOUND when there is none.
   */
  async drain(name: string): Promise<void> {
    this.check()
    return this.#deployer().controls.drain(name)
  }

  /**
   * Spreads the keyed steps of a topology over another number of lanes: it stops after a last epoch and goes on from there, with the same results. Does
   * nothing to one that has as many. INVALID when it has ended or failed, NOT_FOUND when there is none.
   */
  async rescale(name: string, workers: number): Promise<void> {
    this.check()
    return this.#deployer().controls.rescale(name, workers)
  }

  /** Gives up the version that is rebuilt beside a topology, which goes on as it is. NOT_FOUND when there is none. */
  async cancelRebuild(name: string): Promise<void> {
    this.check()
    return this.#deployer().rebuilds.cancel(name)
  }

  /** Ends a topology and drops its state and, unless told otherwise, its savepoints. NOT_FOUND when there is none. */
  async undeploy(name: string, options?: UndeployOptions): Promise<void> {
    this.check()
    return this.#deployer().undeploy(name, options)
  }

  /** What is deployed under a name, as a plan: plain JSON, to compare another with. NOT_FOUND when there is none. */
  async deployedPlan(name: string): Promise<DeployedPlan> {
    this.check()
    return this.#deployer().plan(name)
  }

  /** See `Savepoints`. */
  async savepoint(topology: string, options?: SavepointOptions): Promise<Savepoint> {
    this.check()
    return this.#deployer().savepoints.create(topology, options)
  }

  async savepoints(topology?: string): Promise<Savepoint[]> {
    this.check()
    return this.#deployer().savepoints.list(topology)
  }

  async restoreSavepoint(topology: string, id: string, options?: RestoreOptions): Promise<Deployed> {
    this.check()
    return this.#deployer().savepoints.restore(topology, id, options)
  }

  async dropSavepoint(topology: string, id: string): Promise<void> {
    this.check()
    return this.#deployer().savepoints.drop(topology, id)
  }

  async topologies(): Promise<TopologyStatus[]> {
    this.check()
    return this.#deployer().topologies()
  }

  /**
   * Resolves when each topology that runs has taken all that is in the log, what they append themselves included, and what came of it is durable, appended
   * and delivered. One that makes its own rows is waited for until it ends; paused, ended and failed ones are not. CLOSED when the node closes before.
   */
  async caughtUp(): Promise<void> {
    this.check()
    return this.#deployer().caughtUp()
  }

  /** Resolves when a topology has ended or failed, however long it is paused before. */
  async topologyEnded(name: string): Promise<TopologyStatus> {
    this.check()
    return this.#deployer().topologyEnded(name)
  }

  /**
   * Rows of a projection, folded rows before they are durable included; what is hot also without a promise. NOT_FOUND at the first read when no
   * topology writes it.
   */
  state(projection: string): HotProjectionReader {
    this.check()
    return this.#deployer().state(projection)
  }

  /** Rows that the steps of a topology gave up: to look at, to send back, to put away. */
  deadLetters(topology: string): DeadLetters {
    this.check()
    const scope = this.#scope
    const book = this.#letterBooks.get(scope + topology) ?? new LetterBook()
    const letters = deadLettersOf({
      topology,
      log: this,
      append: (stream, events, options) => this.router.append(stream, events, options, { scope, isSystem: true }),
      limits: this.limits,
      book,
    })
    this.#letterBooks.set(scope + topology, book)
    return letters
  }

  async stats(): Promise<NodeStats> {
    this.check()
    return this.#parts.stats()
  }

  /** Walks everything that is stored and names what is not as it was written. The node goes on serving. */
  async verify(): Promise<VerifyReport> {
    this.check()
    return this.#parts.verify()
  }
}
