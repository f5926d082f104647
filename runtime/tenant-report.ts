/** What one tenant holds, and whether all of it can be read. */
import { turn } from '../actors/subscription.ts'
import { allEvents } from '../actors/reader.ts'
import { isEventStoreError } from '../event/error.ts'
import type { LogDamage, NodeStats, VerifyReport } from '../event/figures.ts'
import type { Scope } from '../event/scope.ts'
import type { TopologyStatus } from '../event/topologies.ts'
import type { LogView } from '../store/log/log-view.ts'
import { readCount, type TenantCount } from '../store/log/tenant-counts.ts'

function countsByPartition(view: LogView, scope: Scope): TenantCount[] {
  return Array.from({ length: view.partitions }, (_, partition) => readCount(view.shardOf(partition).kv, partition, scope))
}

/** Of all partitions. */
export function countOf(view: LogView, scope: Scope): TenantCount {
  return totalOf(countsByPartition(view, scope))
}

function totalOf(counts: readonly TenantCount[]): TenantCount {
  const sum = (of: keyof TenantCount): number => counts.reduce((total, count) => total + count[of], 0)
  return { events: sum('events'), bytes: sum('bytes') }
}

export function statsOfTenant(view: LogView, scope: Scope, topologies: readonly TopologyStatus[]): NodeStats {
  const counts = countsByPartition(view, scope)
  const { events, bytes } = totalOf(counts)
  return {
    storeId: view.storeId,
    events,
    diskBytes: bytes,
    partitions: counts.map((count, partition) => ({ partition, shard: partition % view.shards.length, events: count.events })),
    shards: [],
    topologies,
    damage: [],
  }
}

/** Events after which others get a turn. */
const TURN_EVENTS = 4096

/** Reads all that is the tenant's; what lies in blocks that can not be read ends the walk. */
export async function verifyTenant(view: LogView, { scope, pageRows, check }: VerifyTenantOptions): Promise<VerifyReport> {
  const damage: LogDamage[] = []
  let events = 0
  let bytes = 0
  try {
    for (const event of allEvents(view, { scope, system: true, jsonAs: 'bytes' }, pageRows)) {
      events++
      bytes += event.data instanceof Uint8Array ? event.data.length : 0
      if (events % TURN_EVENTS !== 0) continue
      await turn()
      check()
    }
  } catch (error) {
    if (!isEventStoreError(error, 'DAMAGED')) throw error
    const { shard = -1, block = -1 } = error.details as { shard?: number; block?: number }
    damage.push({ shard, block, reason: error.message })
  }
  return { blocks: 0, events, bytes, damage, accepted: [] }
}

export interface VerifyTenantOptions {
  readonly scope: Scope
  readonly pageRows: number
  check(): void
}
