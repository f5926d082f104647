/**
 * Losses that somebody has accepted, kept in the shard itself: no later open and no `verify` calls them damage again, and the numbers of what
 * was lost are never given to other events.
 */
import type { LogDamage } from '../../event/figures.ts'
import type { KeyValue } from '../key-value.ts'

export type { LogDamage } from '../../event/figures.ts'

/** First byte of a key in column `meta`; the rest is its place among the acceptances. */
const ACCEPTED = 0x61

const keyOf = (place: number): Uint8Array => Uint8Array.of(ACCEPTED, place >>> 8, place & 255)

/** Adds what is lost, on disk when this returns. */
export function acceptLosses(kv: KeyValue<'meta'>, lost: readonly LogDamage[]): void {
  const before = kv.scan('meta', { gte: keyOf(0), lte: keyOf(0xffff) }).keys.length
  const batch = kv.batch()
  batch.put('meta', keyOf(before), Buffer.from(JSON.stringify(lost)))
  kv.write(batch, { sync: true })
}

/** All that was ever accepted of a shard. */
export function readAcceptedLosses(kv: KeyValue<'meta'>): AcceptedLosses {
  const rows = kv.scan('meta', { gte: keyOf(0), lte: keyOf(0xffff) })
  return new AcceptedLosses(rows.values.flatMap(value => JSON.parse(Buffer.from(value).toString()) as LogDamage[]))
}

export class AcceptedLosses {
  readonly all: readonly LogDamage[]
  readonly #blocks: ReadonlySet<number>

  constructor(all: readonly LogDamage[]) {
    this.all = all
    this.#blocks = new Set(all.filter(({ block }) => block >= 0).map(({ block }) => block))
  }

  hasBlock(block: number): boolean {
    return this.#blocks.has(block)
  }

  /** Follows accepted losses that begin right behind `sequence`; answers the last number they took. */
  endBehind(partition: number, sequence: number): number {
    let end = sequence
    for (let moved = true; moved;) {
      moved = false
      for (const loss of this.all) {
        if (loss.partition !== partition || !loss.sequences || loss.sequences[0] > end + 1 || loss.sequences[1] <= end) continue
        end = loss.sequences[1]
        moved = true
      }
    }
    return end
  }
}
