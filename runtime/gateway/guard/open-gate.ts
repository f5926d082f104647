/** The gate of a node without accounts: whoever reaches the door has all rights; only the tenant's name is looked at. */
import type { Cluster } from '../../../event/cluster.ts'
import { type Clock, systemClock } from '../../../event/clock.ts'
import { DEFAULT_TENANT } from '../../../event/scope.ts'
import type { Tenant, TenantOwner } from '../../../event/tenant.ts'
import type { Gate, Quota, Rights } from '../session.ts'

/** What the gate hands out parts of. */
export interface GuardedNode extends TenantOwner {
  /** INVALID when the text can not name a tenant. */
  tenant(name: string): Tenant
  /** Null on a node by itself. */
  readonly cluster: Cluster | null
}

const allRights: Rights = { may: () => true }
const noQuota: Quota = { take: () => undefined }
const never = new AbortController().signal

export function openGate(node: GuardedNode, clock: Clock = systemClock): Gate {
  return {
    async admit({ tenant = DEFAULT_TENANT, peer, requestId }) {
      return {
        principal: peer.kind === 'socket' ? 'the owner' : 'anybody',
        tenant,
        rights: allRights,
        quota: noQuota,
        store: node.tenant(tenant),
        tenants: tenant === DEFAULT_TENANT ? node : null,
        cluster: tenant === DEFAULT_TENANT ? node.cluster : null,
        requestId: requestId ?? Buffer.from(clock.random(8)).toString('hex'),
        signal: never,
        end: () => undefined,
      }
    },
  }
}
