/** The gate of a node without accounts: whoever reaches the door has all rights; only the tenant's name is looked at. */
import { type Clock, systemClock } from '../../../event/clock.ts'
import { EventStoreError } from '../../../event/error.ts'
import { DEFAULT_TENANT, type Tenant } from '../../../event/tenant.ts'
import type { Gate, Quota, Rights } from '../session.ts'

export interface OpenGateOptions {
  /** The store of a tenant; undefined, or NOT_FOUND, when there is none of this name. */
  readonly tenant: (name: string) => Tenant | undefined | Promise<Tenant | undefined>
  readonly clock?: Clock
}

const allRights: Rights = { may: () => true }
const noQuota: Quota = { take: () => undefined }
const never = new AbortController().signal

export function openGate({ tenant, clock = systemClock }: OpenGateOptions): Gate {
  return {
    async admit({ tenant: name = DEFAULT_TENANT, peer, requestId }) {
      const store = await tenant(name)
      if (store === undefined) throw new EventStoreError('NOT_FOUND', `there is no tenant ${JSON.stringify(name)}`, { tenant: name })
      return {
        principal: peer.kind === 'socket' ? 'the owner' : 'anybody',
        tenant: name,
        rights: allRights,
        quota: noQuota,
        store,
        requestId: requestId ?? Buffer.from(clock.random(8)).toString('hex'),
        signal: never,
        end: () => undefined,
      }
    },
  }
}
