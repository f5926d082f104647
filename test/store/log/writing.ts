/** A shard's log in memory that a test writes to request by request, without actors. */
import { type Limits, limitsWith } from '../../../event/limits.ts'
import type { NewEvent } from '../../../event/event.ts'
import { emptyOutcome, type Outcome } from '../../../event/outcome.ts'
import { encodeData, encodeExtras, encodingNumbers, hasExtras } from '../../../event/payload.ts'
import { RequestBuilder, targetOf } from '../../../event/request.ts'
import { RequestView } from '../../../event/request-view.ts'
import { partitionOf } from '../../../event/stream-id.ts'
import type { ShardColumn } from '../../../store/index/keys.ts'
import type { OwnedKeyValue } from '../../../store/key-value.ts'
import { SharedHorizon } from '../../../store/log/horizon.ts'
import { LogView } from '../../../store/log/log-view.ts'
import { hashesOf, type LogDamage, openShard } from '../../../store/log/open-shard.ts'
import type { ShardLog } from '../../../store/log/shard-log.ts'
import { SharedShard, tailSizeFor } from '../../../store/log/shared.ts'
import { openMemory } from '../../../store/memory.ts'

export const storeId = '00112233445566ff'
const { stream: streamHash } = hashesOf(storeId)

export class WrittenLog {
  readonly kv: OwnedKeyValue<ShardColumn>
  readonly partitions: number
  readonly horizon = new SharedHorizon()
  shared!: SharedShard
  log!: ShardLog
  damage: readonly LogDamage[] = []
  view!: LogView
  #stamp = 4096
  readonly #closes: boolean
  readonly #builder = new RequestBuilder()

  /** `closes`: each commit closes all partitions at the last stamp, as a leader does for those who read all. */
  constructor(options: { partitions?: number; limits?: Partial<Limits>; kv?: OwnedKeyValue<ShardColumn>; closes?: boolean } = {}) {
    this.#closes = options.closes ?? false
    this.kv = options.kv ?? openMemory<ShardColumn>({ columns: { log: 'rising', index: 'scattered', meta: 'small' } })
    this.partitions = options.partitions ?? 3
    this.reopen(options.limits)
  }

  /** Opens the log as a new process would. */
  reopen(given: Partial<Limits> = {}): this {
    const limits = limitsWith({ segmentEntries: 64, ...given })
    const { kv, partitions } = this
    this.shared = SharedShard.create({ shard: 0, shards: 1, partitions, tail: tailSizeFor(limits.segmentEntries, limits.requestEvents) })
    const { log, damage } = openShard({ kv, shared: this.shared, limits, storeId })
    this.log = log
    this.damage = damage
    this.view = new LogView({ shards: [{ kv, shared: this.shared }], horizon: this.horizon, storeId, partitions, cacheBytes: 1 << 20 })
    return this
  }

  /** Stores a request provisionally. */
  append(stream: string, events: readonly NewEvent[], expected = -1): Outcome {
    const builder = this.#builder
    const limits = limitsWith()
    builder.clear()
    builder.stream(stream, streamHash)
    events.forEach((event, i) => {
      const { encoding, data } = encodeData(event, i, limits)
      builder.add(0, builder.type(event.type), encodingNumbers[encoding], data, hasExtras(event) ? encodeExtras(event) : null, i)
    })
    const sealed = builder.seal()
    const target = targetOf(new ArrayBuffer((sealed.bytes + 7) & ~7))
    const firstStamp = this.#stamp
    this.#stamp += events.length
    builder.writeTo(target, 0, sealed, {
      request: 0,
      partition: partitionOf(stream, this.partitions),
      durability: 0,
      expected,
      firstStamp,
      producerSequence: 0,
    })
    const outcome = emptyOutcome()
    this.log.apply(new RequestView().read(target, 0), outcome)
    return outcome
  }

  /** Commits what was stored; `publish: false` leaves it unseen. */
  commit(publish = true): void {
    if (this.#closes) for (const partition of this.log.partitions) partition.close(this.#stamp - 1)
    if (this.log.clean) return
    this.kv.write(this.log.prepare(), { sync: false })
    this.log.settled()
    if (!publish) return
    this.log.publish()
    this.horizon.set(this.#stamp)
  }
}
