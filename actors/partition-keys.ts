/**
 * Which partition key a stream has, as far as it is not its own: claims that were found in the log or made here, remembered within bounds. Streams
 * go by their stored names, keys by what they are within their tenant.
 */
import { EventStoreError } from '../event/error.ts'
import { isSystemStream, ownKeyOf } from '../event/stream-id.ts'
import type { AskedAppend } from './asked-append.ts'

/** What is remembered of streams; more, and it begins anew. */
const STREAMS_MAX = 65_536

/** The log as it is asked for claims. */
export interface ClaimReader {
  /** False as long as no stream that is at home in a partition had a key claimed for it. */
  hasClaims(partition: number): boolean
  /** The key claimed for a stream, as far as readers can see; undefined when there is none. */
  claimedKey(stream: string): string | undefined
}

export class PartitionKeys {
  /** Until it is known, no store has claims. */
  reader: ClaimReader | null = null
  /** In a cluster: what has no claim now may have one soon. */
  othersClaim = false
  /** Keys that can not change any more. */
  readonly #keys = new Map<string, string>()
  /** Streams that had no claim when they were looked for. Where only this router claims, that stays true until it does. */
  readonly #unclaimed = new Set<string>()

  /** The key that a stream is known to have for ever; undefined as long as one may be claimed for it. */
  keyOf(stream: string): string | undefined {
    const known = this.#keys.get(stream)
    if (known !== undefined) return known
    if (this.reader === null || this.#unclaimed.has(stream) || isSystemStream(stream)) return undefined
    const found = this.reader.claimedKey(stream)
    if (found !== undefined) this.has(stream, found)
    else if (!this.othersClaim) {
      if (this.#unclaimed.size >= STREAMS_MAX) this.#unclaimed.clear()
      this.#unclaimed.add(stream)
    }
    return found
  }

  has(stream: string, key: string): void {
    this.#unclaimed.delete(stream)
    if (this.#keys.size >= STREAMS_MAX) this.#keys.clear()
    this.#keys.set(stream, key)
  }

  /** What was known is not so, or will not be. */
  forget(stream: string): void {
    this.#unclaimed.delete(stream)
    this.#keys.delete(stream)
  }

  /** The one key of an append, and which of its streams that key must be claimed for first. */
  of(asked: AskedAppend): { readonly key: string; readonly toClaim: readonly string[] } {
    const first = asked.streams[0]!.stored
    const key = asked.key ?? this.keyOf(first) ?? ownKeyOf(first)
    const toClaim: string[] = []
    for (const [index, { stream, stored }] of asked.streams.entries()) {
      const known = this.keyOf(stored)
      const own = ownKeyOf(stored)
      if (known !== undefined ? known === key : own === key) continue
      if (asked.key === undefined && (known ?? own) === own) throw otherKey(index, stream, key, own)
      if (known !== undefined || isSystemStream(stored)) throw mismatch(stream, key, known ?? own)
      toClaim.push(stored)
    }
    return { key, toClaim }
  }
}

function mismatch(stream: string, expected: string, actual: string): EventStoreError {
  const message = `stream "${stream}" has the partition key "${actual}" for ever, not "${expected}"`
  return new EventStoreError('PARTITION_KEY_MISMATCH', message, { stream, expected, actual })
}

function otherKey(index: number, stream: string, expected: string, actual: string): EventStoreError {
  const field = `streams[${index}].stream`
  const message = `${field}: "${stream}" has the partition key "${actual}", the first stream "${expected}"; one append is to one key`
  return new EventStoreError('INVALID', message, { field, stream, expected, actual })
}
