/** `connect`: a tenant of a node somewhere else, with the methods of a node in this process. */
import type { Cluster } from '../event/cluster.ts'
import type { DeadLetters } from '../event/dead-letters.ts'
import { EventStoreError } from '../event/error.ts'
import type { NodeStats, TenantStats, VerifyReport } from '../event/figures.ts'
import { checkTenant } from '../event/scope.ts'
import type { ProjectionReader } from '../event/projections.ts'
import type { RestoreOptions, Savepoint, SavepointOptions } from '../event/savepoints.ts'
import type { Tenant, TenantOwner } from '../event/tenant.ts'
import type { Deployed, DeployOptions, DeployTextOptions, TopologyStatus, UndeployOptions } from '../event/topologies.ts'
import { remoteCluster } from './cluster.ts'
import { remoteDeadLetters } from './dead-letters.ts'
import type { Fetch } from './fetch.ts'
import { RemoteLog } from './log.ts'
import { type Retry, retrying } from './retry.ts'
import { remoteState } from './state.ts'
import { type NodeFiles, RemoteTopologies, restored } from './topologies.ts'
import { segment, Wire } from './wire.ts'

const timeoutDefaultMs = 60_000

export interface ConnectOptions {
  /** Of the node, as `http://localhost:7070`; a path before its routes is kept. */
  readonly url: string | URL
  /** Default `default`. */
  readonly tenant?: string
  /** Sent as a bearer token. */
  readonly token?: string
  /** Another way to the node than the `fetch` that is there, such as `socketFetch` of `allsource/client/socket`. */
  readonly fetch?: Fetch
  readonly retry?: Retry
  /** After this long without an answer an attempt has failed. Default 60,000. */
  readonly timeoutMs?: number
  /** The node sees the files of this machine, as over its unix socket, so that `deploy` can name one. Default false. */
  readonly sharesFiles?: boolean
  /** How `deploy` reads a topology of YAML or JSON that the node does not see; its text is sent. */
  readonly readFile?: (file: URL) => Promise<string>
}

/** Makes no connection before something is asked. INVALID names the option that is not as it should be. */
export function connect(options: ConnectOptions): RemoteTenant {
  const { tenant, token, retry, timeoutMs = timeoutDefaultMs, sharesFiles = false, readFile } = options
  const fetch: Fetch = options.fetch ?? ((url, request) => globalThis.fetch(url, request))
  if (!Number.isSafeInteger(timeoutMs) || timeoutMs < 1)
    throw invalid('timeoutMs', `must be a whole number from 1, got ${String(timeoutMs)}`)
  const headers = {
    ...(tenant !== undefined && { 'allsource-tenant': tenantText(tenant) }),
    ...(token !== undefined && { authorization: `Bearer ${headerText('token', token)}` }),
  }
  const wire = new Wire({ url: addressOf(options.url), headers, fetch, retry: retrying(retry), timeoutMs })
  return new RemoteTenant(wire, { sharesFiles, readFile })
}

function addressOf(given: string | URL): string {
  const url = typeof given === 'string' ? (URL.canParse(given) ? new URL(given) : undefined) : given
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    throw invalid('url', `must be the address of a node, such as http://localhost:7070, got ${JSON.stringify(String(given))}`)
  if (url.username !== '' || url.password !== '') throw invalid('url', 'may not hold credentials; give a token')
  return url.origin + url.pathname.replace(/\/+$/, '')
}

function tenantText(tenant: string): string {
  checkTenant(tenant)
  return tenant
}

function headerText(field: string, text: unknown): string {
  if (typeof text === 'string' && /^[!-~]+$/.test(text)) return text
  throw invalid(field, 'must be a text of printable characters, with no spaces')
}

function invalid(field: string, rule: string): EventStoreError {
  return new EventStoreError('INVALID', `${field} ${rule}`, { field })
}

/** What is asked of a closed client is CLOSED. */
export class RemoteTenant extends RemoteLog implements Tenant, TenantOwner {
  readonly #topologies: RemoteTopologies
  /** The cluster of the node that is asked; NOT_FOUND for a node by itself, FORBIDDEN for any tenant but the default one. */
  readonly cluster: Cluster

  constructor(wire: Wire, files: NodeFiles) {
    super(wire)
    this.#topologies = new RemoteTopologies(wire, files)
    this.cluster = remoteCluster(wire)
  }

  deploy(module: URL | string, options?: DeployOptions): Promise<Deployed> {
    return this.#topologies.deploy(module, options)
  }

  deployText(text: string, options?: DeployTextOptions): Promise<Deployed> {
    return this.#topologies.deployText(text, options)
  }

  pause(name: string): Promise<void> {
    return this.#topologies.pause(name)
  }

  resume(name: string): Promise<void> {
    return this.#topologies.resume(name)
  }

  drain(name: string): Promise<void> {
    return this.#topologies.drain(name)
  }

  rescale(name: string, workers: number): Promise<void> {
    return this.#topologies.rescale(name, workers)
  }

  undeploy(name: string, options?: UndeployOptions): Promise<void> {
    return this.#topologies.undeploy(name, options)
  }

  cancelRebuild(name: string): Promise<void> {
    return this.#topologies.cancelRebuild(name)
  }

  deployedPlan(name: string): Promise<unknown> {
    return this.#topologies.deployedPlan(name)
  }

  savepoint(topology: string, options?: SavepointOptions): Promise<Savepoint> {
    return this.#topologies.savepoint(topology, options)
  }

  savepoints(topology?: string): Promise<Savepoint[]> {
    return this.#topologies.savepoints(topology)
  }

  restoreSavepoint(topology: string, id: string, options?: RestoreOptions): Promise<Deployed> {
    return this.#topologies.restoreSavepoint(topology, id, options)
  }

  dropSavepoint(topology: string, id: string): Promise<void> {
    return this.#topologies.dropSavepoint(topology, id)
  }

  topologies(): Promise<TopologyStatus[]> {
    return this.#topologies.topologies()
  }

  caughtUp(): Promise<void> {
    return this.#topologies.caughtUp()
  }

  topologyEnded(name: string): Promise<TopologyStatus> {
    return this.#topologies.topologyEnded(name)
  }

  state(projection: string): ProjectionReader {
    this.wire.check()
    return remoteState(this.wire, projection)
  }

  deadLetters(topology: string): DeadLetters {
    this.wire.check()
    return remoteDeadLetters(this.wire, topology)
  }

  async stats(): Promise<NodeStats> {
    const stats = await this.wire.json<NodeStats>({ path: '/v1/stats' })
    return { ...stats, topologies: stats.topologies.map(restored) }
  }

  /** Takes as long as the node needs to walk through everything. */
  verify(): Promise<VerifyReport> {
    return this.wire.json({ method: 'POST', path: '/v1/verify', isRepeatable: true, timeoutMs: 0 })
  }

  /** FORBIDDEN for any tenant but the default one, here and below. */
  async tenants(): Promise<TenantStats[]> {
    return (await this.wire.json<{ tenants: TenantStats[] }>({ path: '/v1/tenants' })).tenants
  }

  /** Takes as long as the node needs to take its events out of the log. */
  async dropTenant(name: string): Promise<void> {
    checkTenant(name)
    await this.wire.text({ method: 'DELETE', path: `/v1/tenants/${segment(name)}`, timeoutMs: 0 })
  }

  /** What was asked is answered, follows end with CLOSED; the node goes on. */
  close(): Promise<void> {
    return this.wire.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
