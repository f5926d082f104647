/** The highest number that each producer has given in each partition: rows in `meta`, written with the blocks of its requests. */
import { producerKey, type ShardColumn } from '../index/keys.ts'
import type { KeyValue } from '../key-value.ts'

export class ProducerRows {
  readonly #kv: KeyValue<ShardColumn>
  readonly #moved = new Map<string, { partition: number; producer: string; highest: number }>()

  constructor(kv: KeyValue<ShardColumn>) {
    this.#kv = kv
  }

  /** On disk; 0 when the producer is not known there. */
  highest(partition: number, producer: string): number {
    const value = this.#kv.get('meta', producerKey(partition, producer))
    return value ? Buffer.from(value).readDoubleLE(0) : 0
  }

  moved(partition: number, producer: string, highest: number): void {
    this.#moved.set(`${partition}/${producer}`, { partition, producer, highest })
  }

  /** Gives the row of each that has moved. */
  each(moved: (partition: number, key: Buffer, value: Buffer) => void): void {
    for (const { partition, producer, highest } of this.#moved.values()) {
      const value = Buffer.allocUnsafe(8)
      value.writeDoubleLE(highest)
      moved(partition, producerKey(partition, producer), value)
    }
    this.#moved.clear()
  }
}
