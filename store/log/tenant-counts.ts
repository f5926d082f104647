/** How many events and bytes of each tenant but the default one lie in each partition: rows in `meta`, written with the blocks they count. */
import type { RequestView } from '../../event/request-view.ts'
import type { Scope } from '../../event/scope.ts'
import { kinds, type ShardColumn } from '../index/keys.ts'
import type { KeyValue, WriteBatch } from '../key-value.ts'

export interface TenantCount {
  readonly events: number
  /** Of `data` as received. */
  readonly bytes: number
}

const MOVED_MOST = 10_000

function keyOf(partition: number, scope: Scope): Buffer {
  const name = Buffer.from(scope)
  const key = Buffer.allocUnsafe(3 + name.length)
  // Then the number of the partition, then the scope.
  key[0] = kinds.tenantCount
  key.writeUInt16BE(partition, 1)
  key.set(name, 3)
  return key
}

export function readCount(kv: Pick<KeyValue<ShardColumn>, 'get'>, partition: number, scope: Scope): TenantCount {
  const value = kv.get('meta', keyOf(partition, scope))
  if (!value) return { events: 0, bytes: 0 }
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
  return { events: view.getFloat64(0, true), bytes: view.getFloat64(8, true) }
}

function valueOf({ events, bytes }: TenantCount): Buffer {
  const value = Buffer.allocUnsafe(16)
  value.writeDoubleLE(events, 0)
  value.writeDoubleLE(bytes, 8)
  return value
}

/** Removes the counts of a tenant in all partitions of a shard. */
export function dropCounts(kv: KeyValue<ShardColumn>, batch: WriteBatch<ShardColumn>, scope: Scope): void {
  const name = Buffer.from(scope)
  const { keys } = kv.scan('meta', { gte: Uint8Array.of(kinds.tenantCount), lt: Uint8Array.of(kinds.tenantCount + 1) })
  for (const key of keys) if (Buffer.compare(key.subarray(3), name) === 0) batch.delete('meta', key)
}

/** The scope of a request, by the bytes of its first stream: all its streams are of one tenant. */
function scopeIn({ bytes, names, words, streamTable }: RequestView): Scope {
  const end = bytes.indexOf(0, names + 1) + 1
  return Buffer.prototype.utf8Slice.call(bytes, names, Math.min(end, names + words[streamTable + 3]!))
}

/** The writer's side: counts as provisional as the requests they are of. */
export class TenantCounts {
  readonly #kv: KeyValue<ShardColumn>
  readonly #known = new Map<string, { partition: number; scope: Scope; events: number; bytes: number }>()
  readonly #moved = new Set<string>()

  constructor(kv: KeyValue<ShardColumn>) {
    this.#kv = kv
  }

  /** Costs the default tenant a look at one byte. */
  stored(partition: number, request: RequestView): void {
    if (request.bytes[request.names] !== 0) return
    const scope = scopeIn(request)
    const key = `${partition}${scope}`
    let count = this.#known.get(key)
    if (!count) this.#known.set(key, (count = { partition, scope, ...readCount(this.#kv, partition, scope) }))
    count.events += request.events
    count.bytes += request.payloadBytes
    this.#moved.add(key)
  }

  /** Gives the row of each count that has moved. */
  each(moved: (partition: number, key: Buffer, value: Buffer) => void): void {
    if (this.#moved.size === 0) return
    for (const key of this.#moved) {
      const count = this.#known.get(key)!
      moved(count.partition, keyOf(count.partition, count.scope), valueOf(count))
    }
    this.#moved.clear()
  }

  /** Between groups: the rows may have been written by somebody else. */
  forget(): void {
    if (this.#moved.size === 0) this.#known.clear()
  }

  /** The batch is committed: what is not needed all the time is read again when it is. */
  settled(): void {
    if (this.#known.size > MOVED_MOST) this.#known.clear()
  }
}
