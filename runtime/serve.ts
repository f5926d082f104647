/** Lets programs elsewhere ask a node: its front ends, put together with a gate. */
import { hostname } from 'node:os'
import type { Cluster } from '../event/cluster.ts'
import { EventStoreError } from '../event/error.ts'
import type { TenantStats } from '../event/figures.ts'
import type { Logger } from '../event/logger.ts'
import type { Tenant } from '../event/tenant.ts'
import { writeNodeFile } from '../store/node-file.ts'
import { openGate } from './gateway/guard/open-gate.ts'
import { httpLimits, type HttpLimits } from './gateway/http/limits.ts'
import type { HttpServer } from './gateway/http/serve.ts'
import type { Signs } from './gateway/http/signs.ts'
import { clusterStatus, health, metricsText, ready } from './observe/index.ts'
import type { Measured } from './observe/metrics-text.ts'
import { packageVersion } from './package-version.ts'
import { address as urlKind } from './setting-kinds.ts'

export const HTTP_HOST_DEFAULT = '127.0.0.1'
export const HTTP_PORT_DEFAULT = 7070

export interface ServeOptions {
  /** Address of this machine to listen on. Default `127.0.0.1`: this machine alone. */
  readonly host?: string
  /** Default 7070; 0 for any that is free; null for no TCP, so that only the unix socket answers. */
  readonly port?: number | null
  /** Further names that requests may call this node by, as behind a proxy. */
  readonly allowedHosts?: readonly string[]
  readonly limits?: Partial<HttpLimits>
  /** The URL that the other nodes of a cluster name when they send somebody here. Default: where it listens, by the machine's name if that is everywhere. */
  readonly advertise?: string
}

/** What serves a node. */
export interface Serving {
  /** Where it is asked: `http`, a URL, and `socket`, a path, as far as there are any. */
  readonly addresses: Readonly<Record<string, string>>
  /** Takes no more requests, lets those under way end within ten seconds, ends follows. The node goes on. */
  close(): Promise<void>
}

/** A node as its front ends meet it. */
export interface ServedNode extends Tenant, Measured {
  /** Null on a node by itself. */
  readonly cluster: Cluster | null
  tenant(name: string): Tenant
  tenants(): Promise<TenantStats[]>
  dropTenant(name: string): Promise<void>
}

export interface Served {
  readonly node: ServedNode
  /** Of the store; null in memory. */
  readonly directory: string | null
  readonly logger: Logger
  /** Of a cluster: tells the others where this node is asked; empty for nowhere. */
  readonly advertise?: ((address: string) => void) | undefined
}

/** INVALID when the address is taken. */
export async function serveNode({ node, directory, logger, advertise }: Served, options: ServeOptions): Promise<Serving> {
  const address = checkedAddress(options)
  // A program that only embeds the store does not wait for a web server to load.
  const { serve } = await import('./gateway/http/serve.ts')
  const http: HttpServer = await serve(
    {
      address,
      directory,
      signs: signsOf(node),
      version: packageVersion(),
      failed: err => logger.error({ err }, 'a request failed in a way that nobody foresaw'),
      ...(options.allowedHosts && { allowedHosts: options.allowedHosts }),
      ...(options.limits && { limits: checkedLimits(options.limits) }),
    },
    openGate(node),
  )
  if (directory !== null) writeNodeFile(directory, http.addresses)
  logger.info({ addresses: http.addresses }, 'serving')
  advertise?.(options.advertise ?? reachable(http.addresses['http'] ?? ''))
  return {
    addresses: http.addresses,
    async close() {
      advertise?.('')
      await http.close()
      if (directory !== null) writeNodeFile(directory)
    },
  }
}

function signsOf(node: ServedNode): Signs {
  return { health: () => health(node), ready: async () => ready(node, await clusterStatus(node)), metricsText: () => metricsText(node) }
}

/** An address that means every one of this machine is none for others; its name is. */
function reachable(address: string): string {
  if (!URL.canParse(address)) return address
  const url = new URL(address)
  if (url.hostname !== '0.0.0.0' && url.hostname !== '[::]') return address
  url.hostname = hostname()
  return url.href.replace(/\/$/, '')
}

const known = ['host', 'port', 'allowedHosts', 'limits', 'advertise']

function checkedAddress(options: ServeOptions): { host: string; port: number } | null {
  for (const name of Object.keys(options))
    if (!known.includes(name)) throw new EventStoreError('INVALID', `unknown option "${name}"; known: ${known.join(', ')}`, { field: name })
  const { host = HTTP_HOST_DEFAULT, port = HTTP_PORT_DEFAULT, advertise } = options
  if (advertise !== undefined && !urlKind.accepts(advertise))
    throw new EventStoreError('INVALID', `advertise must be ${urlKind.expects}, got ${JSON.stringify(advertise)}`, { field: 'advertise' })
  if (port === null) return null
  if (typeof host !== 'string' || host === '')
    throw new EventStoreError('INVALID', 'host must be an address of this machine', { field: 'host' })
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return { host, port }
  throw new EventStoreError('INVALID', `port must be a whole number from 0 to 65535, or null, got ${String(port)}`, { field: 'port' })
}

function checkedLimits(limits: Partial<HttpLimits>): Partial<HttpLimits> {
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(httpLimits, name))
      throw new EventStoreError('INVALID', `unknown limit "${name}"; known: ${Object.keys(httpLimits).join(', ')}`, {
        field: `limits.${name}`,
      })
    if (!Number.isSafeInteger(value) || value < 1)
      throw new EventStoreError('INVALID', `limits.${name} must be a whole number from 1, got ${String(value)}`, {
        field: `limits.${name}`,
      })
  }
  return limits
}
