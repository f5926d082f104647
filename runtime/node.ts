/** A node: one store, its tenants' event logs, and the topologies that run over them, opened in a process of the user's. */
import type { Router } from '../actors/router.ts'
import { systemClock } from '../event/clock.ts'
import { EventStoreError } from '../event/error.ts'
import type { LogDamage, NodeStats, TenantStats } from '../event/figures.ts'
import { checkTenant, DEFAULT_SCOPE, DEFAULT_TENANT, type Scope } from '../event/scope.ts'
import type { Tenant } from '../event/tenant.ts'
import type { KeyValue } from '../store/key-value.ts'
import type { LogView } from '../store/log/log-view.ts'
import type { StateColumn } from '../store/state.ts'
import type { Cluster } from '../event/cluster.ts'
import type { ClusterNode } from './cluster/cluster-node.ts'
import type { NodeDeployers, TenantDeployer } from './deploy/node-deployers.ts'
import { TopologyTexts } from './deploy/topology-text.ts'
import { type CheckedOptions } from './options.ts'
import type { Monitor } from './observe/monitor.ts'
import { partitionStats, refusals, shardStats } from './observe/partition-stats.ts'
import { verifyShards } from './report.ts'
import { serveNode, type ServeOptions, type Serving } from './serve.ts'
import { type NodeShard } from './shards.ts'
import { countOf, statsOfTenant, verifyTenant } from './tenant-report.ts'
import { TenantStore } from './tenant-store.ts'
import type { Tenants } from './tenants.ts'

/** Stores of tenants that are kept at hand. */
const TENANTS_KEPT = 1024

const closing = (): EventStoreError => new EventStoreError('CLOSED', 'the node is closed')

export interface NodeParts {
  readonly options: CheckedOptions
  readonly router: Router
  readonly view: LogView
  readonly shards: readonly NodeShard[]
  readonly deployers: NodeDeployers
  readonly monitor: Monitor
  readonly tenants: Tenants
  readonly state: KeyValue<StateColumn>
  /** Null for a node that is one by itself. */
  readonly cluster?: ClusterNode | null
  /** What could not be read at open. */
  readonly damage: () => readonly LogDamage[]
  readonly diskBytes: () => { readonly total: number; readonly shards: readonly number[] }
  /** Waits for the shards' workers, after their ports were stopped. */
  readonly stop: () => Promise<void>
  readonly closeDatabases: () => Promise<void>
}

export class Node extends TenantStore {
  readonly #parts: NodeParts
  readonly #tenants = new Map<string, TenantStore>()
  /** Tenants that are being removed, and what is left of those whose removal was cut short. */
  readonly #removals = new Set<Promise<void>>()
  readonly #texts: TopologyTexts
  #serving: Promise<Serving> | null = null
  #isClosing = false
  #closed: Promise<void> | null = null

  constructor(parts: NodeParts) {
    const texts = new TopologyTexts(parts.options.directory)
    super({
      view: parts.view,
      router: parts.router,
      limits: parts.options.limits,
      scope: () => DEFAULT_SCOPE,
      ...(parts.cluster && { freshness: parts.cluster.freshness }),
      deployer: () => parts.deployers.of(DEFAULT_SCOPE),
      texts,
      stats: () => this.#stats(),
      verify: () => verifyShards(parts.shards, parts.state, () => this.check()),
    })
    this.#parts = parts
    this.#texts = texts
    // The place of a process that was taken for dead is another's now.
    if (parts.cluster) parts.cluster.ousted = reason => this.#ousted(reason)
    for (const scope of parts.tenants.leftovers) void this.#inBackground(this.#remove(scope))
  }

  /**
   * The store of a tenant: all that a node has, and nothing of any other tenant. It is made by its first append or deployment; `default` is the
   * node itself. INVALID when the text can not name a tenant.
   */
  tenant(name: string): Tenant {
    this.check()
    checkTenant(name)
    if (name === DEFAULT_TENANT) return this
    const known = this.#tenants.get(name)
    if (known) return known
    // Names are free: what is kept of those that were asked for has a bound.
    for (const oldest of this.#tenants.keys()) if (this.#tenants.size >= TENANTS_KEPT) this.#tenants.delete(oldest)
    const { view, router, options, tenants, deployers } = this.#parts
    const scope = (): Scope => tenants.scopeOf(name)
    const deployer = (): TenantDeployer => (tenants.isThere(name) ? deployers.of(scope()) : deployers.passing(scope()))
    const tenant: TenantStore = new TenantStore({
      view,
      router,
      limits: options.limits,
      scope,
      ...(this.#parts.cluster && { freshness: this.#parts.cluster.freshness }),
      writing: work => tenants.writing(name, work),
      deployer,
      closed: () => this.closed,
      texts: this.#texts,
      stats: async () => statsOfTenant(view, scope(), await deployer().topologies()),
      verify: () => verifyTenant(view, { scope: scope(), pageRows: options.limits.pageRows, check: () => tenant.check() }),
    })
    this.#tenants.set(name, tenant)
    return tenant
  }

  /** The cluster that this node is of; null for one by itself. */
  get cluster(): Cluster | null {
    return this.#parts.cluster?.commands ?? null
  }

  #ousted(reason: EventStoreError): void {
    if (this.#closed) return
    this.#parts.options.logger.error({ reason: reason.message }, 'the node can not go on in its cluster, and closes')
    void this.close()
  }

  /** All tenants by name, with how much they hold; without `default`. */
  async tenants(): Promise<TenantStats[]> {
    this.check()
    const { tenants, view } = this.#parts
    return tenants.names.map(name => {
      const { events, bytes } = countOf(view, tenants.scopeOf(name))
      return { name, events, bytes }
    })
  }

  /**
   * Removes a tenant: its topologies end, and its streams, state and dead letters are gone at once and for ever; one of the same name begins anew.
   * Resolves when its bytes are out of the files' live data, which takes a walk through the log; cut short, that is finished at the next open. Its
   * open reads are CLOSED. NOT_FOUND when there is no such tenant, INVALID for `default`.
   */
  async dropTenant(name: string): Promise<void> {
    this.check()
    checkTenant(name)
    const { tenants } = this.#parts
    if (name === DEFAULT_TENANT)
      throw new EventStoreError('INVALID', `the tenant ${DEFAULT_TENANT} is the node itself and can not be dropped`, { field: 'tenant' })
    this.#parts.deployers.refuseDrop?.()
    if (!tenants.isThere(name)) throw new EventStoreError('NOT_FOUND', `there is no tenant ${name}`, { tenant: name })
    await this.#inBackground(tenants.drop(name).then(scope => this.#remove(scope)))
  }

  /** Work that `close` waits for. */
  #inBackground(work: Promise<void>): Promise<void> {
    const settled: Promise<void> = work.catch(() => undefined).finally(() => this.#removals.delete(settled))
    this.#removals.add(settled)
    return work
  }

  async #remove(scope: Scope): Promise<void> {
    const { deployers, shards, tenants, view } = this.#parts
    view.horizon.wake()
    await deployers.drop(scope)
    for (const shard of shards) if (!this.#isClosing) await shard.scavenge(scope)
    if (!this.#isClosing) await tenants.removed(scope)
  }

  async #stats(): Promise<NodeStats> {
    const { damage, deployers, diskBytes, monitor } = this.#parts
    const partitions = partitionStats(monitor)
    const bytes = diskBytes()
    return {
      storeId: this.view.storeId,
      openedAt: monitor.openedAt,
      events: partitions.reduce((total, { events }) => total + events, 0),
      diskBytes: bytes.total,
      partitions,
      shards: shardStats(monitor, bytes.shards),
      topologies: await deployers.of(DEFAULT_SCOPE).topologies(),
      refusals: refusals(monitor),
      damage: damage(),
    }
  }

  /**
   * Lets programs elsewhere ask this node, over HTTP and, where it has a directory, over a unix socket in it; `node.json` there says where. Closing
   * the node ends it first. INVALID when the address is taken, or when it serves already.
   */
  async serve(options: ServeOptions = {}): Promise<Serving> {
    this.check()
    if (this.#serving) throw new EventStoreError('INVALID', 'the node serves already; close that first', { field: 'serve' })
    const forget = (): void => void (this.#serving = null)
    const { cluster, options: own } = this.#parts
    const { directory, logger } = own
    const advertise = cluster ? (address: string): void => cluster.advertise(address) : undefined
    this.#serving = serveNode({ node: this, directory, logger, advertise }, options)
    const { addresses, close } = await this.#serving.catch((error: unknown) => {
      forget()
      throw error
    })
    return { addresses, close: () => close().finally(forget) }
  }

  /** What could not be read when it was opened. */
  get damage(): readonly LogDamage[] {
    return this.#parts.damage()
  }

  /** What watches this node, for metrics and health. */
  get monitor(): Monitor {
    return this.#parts.monitor
  }

  /** Also while its front ends let go of their last requests. */
  override get isShut(): boolean {
    return this.#closed !== null
  }

  /** Answers what was asked, then closes. Appends and reads from now on are CLOSED. A second call is answered by the first. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    const { logger } = this.#parts.options
    const begun = systemClock.monotonic()
    logger.info({ pending: this.router.pending }, 'the node is closing')
    // Requests that came over a wire are answered by an open store; without any, nothing comes in from this call on.
    if (this.#serving) await (await this.#serving.catch(() => null))?.close()
    // What it leads is led by others before it stops taking requests.
    if (this.#parts.cluster) await this.#parts.cluster.leave()
    this.#isClosing = true
    this.monitor.close()
    this.shut(closing())
    await Promise.all(this.#removals)
    await this.#parts.tenants.sent()
    await this.#parts.deployers.close()
    await this.router.drained(closing())
    this.router.stop()
    await this.#parts.stop()
    await this.#parts.closeDatabases()
    this.#texts.close()
    logger.info({ tookMs: Math.round(systemClock.monotonic() - begun) }, 'the node is closed')
  }
}
