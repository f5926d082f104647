/** What a front end sees of a node: a gate, and behind it a session that says who asks, what they may, and the store they ask. */
import type { Cluster } from '../../event/cluster.ts'
import { EventStoreError } from '../../event/error.ts'
import type { ErrorCode } from '../../event/error.ts'
import type { StreamId } from '../../event/event.ts'
import type { Tenant, TenantOwner } from '../../event/tenant.ts'

/** Where a request comes from. `socket`: the unix socket in the data directory, which only the owner of the files can open. */
export type Peer = { readonly kind: 'socket' } | { readonly kind: 'address'; readonly address: string }

/** What a protocol has in hand when somebody knocks. Nothing in it is checked yet. */
export interface Credentials {
  readonly protocol: 'http' | 'websocket' | 'resp3' | 'mcp'
  readonly peer: Peer
  /** The tenant's name as it was sent; undefined for the default one. */
  readonly tenant?: string
  /** The value of `Authorization`, or what the protocol has instead. */
  readonly authorization?: string
  /** The caller's name for this request, for the audit. */
  readonly requestId?: string
}

/** What may be asked of a node; each route of a front end is for one of them. */
export const actions = ['read', 'append', 'state', 'topologies', 'deploy', 'deadLetters', 'stats', 'verify', 'tenants', 'cluster'] as const
export type Action = (typeof actions)[number]

export interface Rights {
  /** `stream` for what touches one; without it, the answer is for all streams. */
  may(action: Action, stream?: StreamId): boolean
}

/** What a request takes, as it takes it. */
export interface Use {
  readonly requests?: number
  readonly events?: number
  readonly bytes?: number
}

export interface Quota {
  /** Takes it, or throws QUOTA with `retryAfterSeconds` in its details. Called before the work where its size is known, else as it goes. */
  take(action: Action, use: Use): void
}

/** One request, or one connection of a protocol that keeps them. */
export interface Session {
  /** Who asks, as the audit names them. */
  readonly principal: string
  /** Name of the tenant. */
  readonly tenant: string
  readonly rights: Rights
  readonly quota: Quota
  /** All that is asked goes through here, so the gate can narrow it, count it and write it down. */
  readonly store: Tenant
  /** Null for who came as another tenant than the node's own. */
  readonly tenants: TenantOwner | null
  /** Null on a node by itself, and for who came as another tenant than the node's own. */
  readonly cluster: Cluster | null
  readonly requestId: string
  /** Aborted when the session ends before its work does: a token that expires, a key that is withdrawn. What streams ends with it. */
  readonly signal: AbortSignal
  /** Called once, when the work is over: with the code it failed with, if it did. */
  end(code?: ErrorCode): void
}

export interface Gate {
  /** Errors: UNAUTHENTICATED, FORBIDDEN, INVALID for a name that can be no tenant's, QUOTA, CLOSED. */
  admit(credentials: Credentials): Promise<Session>
}

/** FORBIDDEN unless the session may. */
export function demand({ rights, principal }: Session, action: Action, stream?: StreamId): void {
  if (rights.may(action, stream)) return
  const what = stream === undefined ? action : `${action} on stream ${JSON.stringify(stream)}`
  throw new EventStoreError('FORBIDDEN', `${principal} may not ${what}`, { action, ...(stream !== undefined && { stream }) })
}
