/** Where things lie in a shard: finished segments (cached) and the tail, seen as one, from any thread. */
import { EventStoreError } from '../../event/error.ts'
import type { KeyValue } from '../key-value.ts'
import type { SharedShard } from '../log/shared.ts'
import { kinds, type ShardColumn } from './keys.ts'
import { eachEntry, readSegment, type Segment } from './segment.ts'
import type { BlockDirectory, Tail } from './tail.ts'

const SEGMENTS_CACHED = 16

/** Blocks of a shard where an entry was found, with the stream's last version in each. */
export interface FoundBlocks {
  readonly blocks: number[]
  readonly versions: number[]
}

export class Segments {
  readonly #kv: KeyValue<ShardColumn>
  readonly #shared: SharedShard
  readonly #cache = new Map<number, Segment>()

  constructor(kv: KeyValue<ShardColumn>, shared: SharedShard) {
    this.#kv = kv
    this.#shared = shared
  }

  /** A finished segment. */
  at(number: number): Segment {
    let segment = this.#cache.get(number)
    if (segment) return segment
    segment = readSegment(this.#kv, number, this.#shared.ranks) ?? undefined
    if (!segment) {
      const { shard } = this.#shared.data
      throw new EventStoreError('DAMAGED', `shard ${shard}: segment ${number} of the index is missing`, { shard, segment: number })
    }
    if (this.#cache.size >= SEGMENTS_CACHED) this.#cache.delete(this.#cache.keys().next().value!)
    this.#cache.set(number, segment)
    return segment
  }

  /** Runs `read` on the current tail until no segment ended meanwhile, and the shard was not opened anew. */
  stable<T>(read: (segment: number, tail: Tail) => T): T {
    for (;;) {
      const { segment, restores } = this.#shared
      if (!this.#shared.isOpen)
        throw new EventStoreError('BUSY', `shard ${this.#shared.data.shard} is being opened again; try again shortly`, {
          shard: this.#shared.data.shard,
        })
      const answer = read(segment, this.#shared.tails[segment & 1]!)
      if (this.#shared.segment === segment && this.#shared.restores === restores && this.#shared.isOpen) return answer
    }
  }

  /** All committed blocks that hold a hash, oldest first; with `versionFrom` only those that reach it. */
  find(query: { kind: 'stream' | 'id'; lo: number; hi: number; versionFrom?: number }): FoundBlocks {
    const from = query.versionFrom ?? 0
    return this.stable((segment, tail) => {
      const blocks: number[] = []
      const versions: number[] = []
      // A finished segment may hold blocks that are written but not to be seen yet.
      const committed = this.#shared.committedBlocks
      eachEntry(this.#kv, { kind: kinds[query.kind], lo: query.lo, hi: query.hi, before: segment }, (number, inSegment, version) => {
        const block = this.at(number).baseBlock + inSegment
        if (version >= from && block < committed) {
          blocks.push(block)
          versions.push(version)
        }
        return true
      })
      const base = tail.baseBlock
      const at = blocks.length
      tail.each(query.lo, query.hi, query.kind === 'id', (block, version) => {
        if (version < from) return false
        if (base + block < committed) {
          blocks.splice(at, 0, base + block)
          versions.splice(at, 0, version)
        }
        return true
      })
      return { blocks, versions }
    })
  }

  /** Number of the block of a partition that holds a sequence, or null when it is not there (yet). */
  blockOf(partition: number, sequence: number): number | null {
    return this.stable((finished, tail) => this.#holding(partition, sequence, finished, tail))
  }

  /** Number of the first block of a partition whose last stamp is above `stamp`, or null. */
  blockAfter(partition: number, stamp: number): number | null {
    const rank = this.#rankOf(partition)
    return this.stable((finished, tail) => {
      const first = this.#firstSegment(finished, ({ end }) => end.stamps[rank]! > stamp)
      const found = this.#firstBlock(partition, first < finished ? this.at(first) : tail, ({ lastStamps }, i) => lastStamps[i]! > stamp)
      if (found !== null || first === finished) return found
      // A partition may be closed there above its last event: then what comes next is above the stamp.
      return this.#holding(partition, this.at(first).end.sequences[rank]! + 1, finished, tail)
    })
  }

  #rankOf(partition: number): number {
    return Math.floor(partition / this.#shared.data.shards)
  }

  #holding(partition: number, sequence: number, finished: number, tail: Tail): number | null {
    const rank = this.#rankOf(partition)
    const first = this.#firstSegment(finished, ({ end }) => end.sequences[rank]! >= sequence)
    const holds: IsWanted = ({ firstSequences, counts }, i) => firstSequences[i]! + counts[i]! - 1 >= sequence
    return this.#firstBlock(partition, first < finished ? this.at(first) : tail, holds)
  }

  /** The first finished segment at whose end it is so, as it is from there on; `finished` when it is at none. */
  #firstSegment(finished: number, isSo: (segment: Segment) => boolean): number {
    let low = 0
    let high = finished
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isSo(this.at(middle))) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Number of the first block of a partition that is wanted, of those that are committed. */
  #firstBlock(partition: number, directory: Segment | Tail, isWanted: IsWanted): number | null {
    const { baseBlock, partitions } = directory
    const blocks = 'number' in directory ? directory.blocks : this.#shared.committedBlocks - baseBlock
    for (let i = 0; i < blocks; i++) if (partitions[i] === partition && isWanted(directory, i)) return baseBlock + i
    return null
  }
}

type IsWanted = (directory: BlockDirectory, at: number) => boolean
