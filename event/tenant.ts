/** All that one tenant has: what every node answers to, embedded or over a wire, whatever tenant is asked. */
import type { DeadLetters } from './dead-letters.ts'
import { EventStoreError } from './error.ts'
import type { EventStore } from './event-store.ts'
import type { NodeStats, TenantStats, VerifyReport } from './figures.ts'
import type { ProjectionReader } from './projections.ts'
import type { Topologies } from './topologies.ts'

export interface Tenant extends EventStore, Topologies {
  /** Rows of a projection, folded rows before they are durable included. NOT_FOUND at the first read when no topology writes it. */
  state(projection: string): ProjectionReader
  /** Rows that the steps of a topology gave up: to look at, to send back, to put away. */
  deadLetters(topology: string): DeadLetters
  stats(): Promise<NodeStats>
  /** Walks everything that is stored and names what is not as it was written. The node goes on serving. */
  verify(): Promise<VerifyReport>
}

/** What the node's own tenant knows of the others. */
export interface TenantOwner {
  /** All tenants by name, with how much they hold; without `default`. */
  tenants(): Promise<TenantStats[]>
  /** Removes a tenant with all it holds, for ever. NOT_FOUND when there is none, INVALID for `default`. */
  dropTenant(name: string): Promise<void>
}

/** Why one of them is told nothing of the others. */
export function refusedToTenant(tenant: string): EventStoreError {
  return new EventStoreError('FORBIDDEN', `tenant ${tenant} is told nothing of the node as a whole; ask the node itself`, { tenant })
}
