/** The deployers of all tenants of a node: each has its own topologies and state, and all work in the same threads. */
import { EventStoreError } from '../../event/error.ts'
import { DEFAULT_SCOPE, localName, type Scope, scopeOf, tenantOf } from '../../event/scope.ts'
import type { TopologyStatus } from '../../event/topologies.ts'
import { dropHalfSavepoints, readSavepoints, topologiesWithSavepoints } from '../../store/savepoint.ts'
import { readStoredName } from '../../store/slot.ts'
import { readTopologyRows } from '../../store/state.ts'
import { Deployer } from './deployer.ts'
import type { AppendForSystem, DeployerThreads, DeployingOptions } from './deployer-options.ts'
import { openThreads, type Threads } from './threads.ts'

export interface DeployersOptions extends DeployingOptions {
  /** Appends for the system in one tenant: streams may begin with `$`. */
  readonly append: (scope: Scope, ...append: Parameters<AppendForSystem>) => ReturnType<AppendForSystem>
  /** Threads to work in; null: all in the calling thread. */
  readonly threads: DeployerThreads | null
}

export interface TenantTopology {
  readonly tenant: string
  readonly status: TopologyStatus
}

export class Deployers {
  readonly #options: DeployersOptions
  readonly #threads: Threads
  readonly #deployers = new Map<Scope, Deployer>()
  #incarnation = 0
  #isClosing = false

  /** Starts what is deployed in these tenants, and in the default one. What can not be taken up leaves no thread. */
  static async open(options: DeployersOptions, scopes: Iterable<Scope>): Promise<Deployers> {
    if (options.resume) dropHalfSavepoints(options.state)
    const deployers = new Deployers(options)
    try {
      for (const scope of [DEFAULT_SCOPE, ...scopes]) await deployers.of(scope).takeUp()
      return deployers
    } catch (error) {
      await deployers.close()
      throw error
    }
  }

  private constructor(options: DeployersOptions) {
    this.#options = options
    this.#threads = openThreads(options, {
      main: {
        appendOutbox: async request => {
          this.#known(request.scope ?? DEFAULT_SCOPE)
          return options.appendOutbox(request)
        },
        syncShards: options.syncShards ?? (() => Promise.resolve()),
        rested: (topology, incarnation, outcome) => this.#deployers.get(scopeOf(topology))?.runs.rested(incarnation, outcome),
        changed: (topology, projection, keys) => this.#deployers.get(scopeOf(topology))?.runs.subscriptions.changed(projection, keys),
        lookedUp: projection => this.#deployers.get(scopeOf(projection))?.lookedUp(localName(projection)) ?? null,
      },
      died: (thread, cause, noted) => {
        const topologies = Array.from(thread.topologies, stored => readStoredName(stored).name)
        options.logger.warn({ topologies, cause }, 'a thread of pipelines died; its topologies are started again')
        for (const deployer of this.#deployers.values()) deployer.runs.died(thread, cause, noted)
      },
    })
  }

  /** Of a tenant that has deployed nothing yet, one without topologies. */
  of(scope: Scope): Deployer {
    const known = this.#deployers.get(scope)
    if (known) return known
    const deployer = this.passing(scope)
    this.#deployers.set(scope, deployer)
    return deployer
  }

  /** Of a tenant that is not there: it answers that nothing is deployed, and nobody remembers it. */
  passing(scope: Scope): Deployer {
    if (this.#isClosing) throw new EventStoreError('CLOSED', 'the node is closed')
    return new Deployer({
      ...this.#options,
      scope,
      threads: this.#threads,
      append: (stream, events, options) => this.#options.append(scope, stream, events, options),
      nextIncarnation: () => ++this.#incarnation,
    })
  }

  #known(scope: Scope): Deployer {
    const deployer = this.#deployers.get(scope)
    if (!deployer) throw new EventStoreError('CLOSED', 'the tenant was dropped')
    return deployer
  }

  /** Of all tenants. */
  async topologies(): Promise<TenantTopology[]> {
    const all = Array.from(this.#deployers, async ([scope, deployer]) => {
      const tenant = tenantOf(scope)
      return (await deployer.topologies()).map(status => ({ tenant, status }))
    })
    return (await Promise.all(all)).flat()
  }

  /** Topologies of an earlier process that do not run yet. */
  get starting(): readonly string[] {
    return Array.from(this.#deployers.values(), ({ runs }) => [...runs.starting]).flat()
  }

  /** Ends all topologies of a tenant and removes what they left. */
  async drop(scope: Scope): Promise<void> {
    const deployer = this.#deployers.get(scope)
    this.#deployers.delete(scope)
    await deployer?.abandon()
    for (const stored of readTopologyRows(this.#options.state).keys())
      if (scopeOf(stored) === scope) await this.#threads.writer.drop(stored)
    for (const topology of topologiesWithSavepoints(this.#options.state)) {
      if (scopeOf(topology) !== scope) continue
      for (const { id } of readSavepoints(this.#options.state, topology)) await this.#threads.writer.dropSavepoint(topology, id)
    }
  }

  /** Ends all pipelines after a last epoch, then their threads. The log must still take appends; the databases are closed after this. */
  async close(): Promise<void> {
    this.#isClosing = true
    const deployers = [...this.#deployers.values()]
    for (const deployer of deployers) deployer.hurry()
    await Promise.all(deployers.map(deployer => deployer.close()))
    await this.#threads.close()
  }
}
