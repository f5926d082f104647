/** The way of a command to its store: the node that runs on the directory, one at an address, or the directory itself. */
import { readFile } from 'node:fs/promises'
import { connect, type RemoteTenant } from '../../client/index.ts'
import { connectSocket } from '../../client/socket.ts'
import { isEventStoreError } from '../../event/error.ts'
import { DEFAULT_TENANT } from '../../event/scope.ts'
import type { Tenant } from '../../event/tenant.ts'
import type { Node, OpenOptions } from '../index.ts'
import { runningNode } from '../running-node.ts'

/** A tenant of a store, for as long as a command needs it. */
export interface Way {
  readonly tenant: Tenant
  /** The node that this process has opened; null when another one answers, which goes on when the command has ended. */
  readonly node: Node | null
  close(): Promise<void>
}

export interface WayOptions {
  /** Of a node; instead of the directory. */
  readonly url: string | undefined
  readonly tenantName: string
  /** The directory, and how it is opened when no node runs on it. */
  readonly open: OpenOptions & { readonly directory: string }
  /** Only the directory will do: the command is to be the node. */
  readonly opensDirectory: boolean
  openNode(options: OpenOptions): Promise<Node>
}

export async function wayTo({ url, tenantName: tenant, open, opensDirectory, openNode }: WayOptions): Promise<Way> {
  if (url !== undefined && !opensDirectory) return served(connect({ url, tenant, readFile: file => readFile(file, 'utf8') }))
  const socket = opensDirectory ? undefined : runningNode(open.directory)?.addresses['socket']
  if (socket !== undefined && (await answers(socket))) return served(connectSocket({ socket, tenant }))
  return embedded(await openNode(open), opensDirectory ? DEFAULT_TENANT : tenant)
}

/** After a crash the file is still there, and its number may be another process's by now. */
async function answers(socket: string): Promise<boolean> {
  const probe = connectSocket({ socket, retry: { attempts: 1 }, timeoutMs: 5_000 })
  try {
    await probe.streamVersion('probe')
    return true
  } catch (error) {
    return !isEventStoreError(error, 'UNREACHABLE')
  }
}

function embedded(node: Node, tenant: string): Way {
  return { tenant: tenant === DEFAULT_TENANT ? node : node.tenant(tenant), node, close: () => node.close() }
}

function served(tenant: RemoteTenant): Way {
  return { tenant, node: null, close: () => tenant.close() }
}
