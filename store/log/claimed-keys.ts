/** Partition keys that were claimed for streams, read from the claims in the log. */
import { claimStreamOf } from '../../event/stream-id.ts'
import { textOf } from '../../event/payload.ts'
import type { LogView } from './log-view.ts'

/** A claim never changes, so that it may be remembered; more, and it begins anew. */
const KEYS_MAX = 16_384

export class ClaimedKeys {
  readonly #view: LogView
  readonly #keys = new Map<string, string>()

  constructor(view: LogView) {
    this.#view = view
  }

  /** The key claimed for a stream, undefined when there is none to be seen. The claim is the one event of a stream beside it. */
  of(stream: string): string | undefined {
    const view = this.#view
    const shard = view.shardOf(view.partitionOf(stream))
    if (!shard.shared.hasClaims) return undefined
    const known = this.#keys.get(stream)
    if (known !== undefined) return known
    const claim = claimStreamOf(stream)
    const { lo, hi } = view.streamHash.text(claim)
    for (const number of shard.segments.find({ kind: 'stream', lo, hi }).blocks) {
      const block = view.block(shard, number)
      const row = block.rowsOf(claim)[0]
      if (row === undefined) continue
      const { partitionKey } = JSON.parse(textOf(block.bytes, block.dataStart(row), block.dataEnd(row))) as { partitionKey: string }
      if (this.#keys.size >= KEYS_MAX) this.#keys.clear()
      this.#keys.set(stream, partitionKey)
      return partitionKey
    }
    return undefined
  }
}
