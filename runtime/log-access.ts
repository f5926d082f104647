/** Hands the log to another thread as plain data, and opens it there. */
import { SharedHorizon } from '../store/log/horizon.ts'
import { LogView } from '../store/log/log-view.ts'
import { SharedShard, type SharedShardData } from '../store/log/shared.ts'
import type { ShardColumn } from '../store/index/keys.ts'
import { attachRocks } from '../store/rocks.ts'

/** Plain data: may be posted to a worker. */
export interface LogAccess {
  readonly shards: readonly { readonly handle: bigint; readonly closed: Int32Array; readonly shared: SharedShardData }[]
  readonly horizon: SharedArrayBuffer
  readonly storeId: string
  readonly partitions: number
  readonly cacheBytes: number
}

/** The log in a thread that does not own its databases. */
export function attachLog(access: LogAccess): LogView {
  return new LogView({
    shards: access.shards.map(({ handle, closed, shared }) => ({
      kv: attachRocks<ShardColumn>(handle, closed),
      shared: new SharedShard(shared),
    })),
    horizon: new SharedHorizon(access.horizon),
    storeId: access.storeId,
    partitions: access.partitions,
    cacheBytes: access.cacheBytes,
  })
}
