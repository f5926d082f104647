/** Takes the events of a tenant that is gone out of a shard's blocks. Run by the one that writes the shard; readers meet a block as it was or as it is left. */
import { isEventStoreError } from '../../event/error.ts'
import { inTurns } from '../../event/in-turns.ts'
import type { Scope } from '../../event/scope.ts'
import { blockKey, blockNumberOf, type ShardColumn } from '../index/keys.ts'
import type { KeyValue } from '../key-value.ts'
import { reclaim } from '../reclaim.ts'
import { Block } from './block.ts'
import { replaceBlock } from './block-values.ts'
import { withoutStreams } from './removal.ts'
import { dropCounts } from './tenant-counts.ts'

/** What was taken out. */
export interface Scavenged {
  readonly blocks: number
  /** Stored bytes before, less those after. */
  readonly bytes: number
}

/** The part of a shard's log that a walk needs. */
export interface ScavengedLog {
  readonly kv: KeyValue<ShardColumn>
  /** Blocks below are committed; more while the walk goes on. */
  readonly settledBlocks: number
}

const BLOCKS_PER_STEP = 64
/** Less than this is left to RocksDB's own merging. */
const RECLAIMED_BYTES_MIN = 64 * 1024 * 1024

/** A generator, so that the shard goes on writing between its steps. On disk when it returns. Walking again does no harm. */
export function* scavengeShard(log: ScavengedLog, scope: Scope): Generator<void, Scavenged> {
  const { kv } = log
  let blocks = 0
  let bytes = 0
  for (let next = 0; next < log.settledBlocks; next += BLOCKS_PER_STEP) {
    const batch = kv.batch()
    for (const block of readable(kv, next, Math.min(log.settledBlocks, next + BLOCKS_PER_STEP))) {
      const left = withoutStreams(block, stream => stream.startsWith(scope))
      if (left === null) continue
      replaceBlock(batch, block.number, left)
      blocks++
      bytes += block.storedBytes - left.length
    }
    if (batch.length > 0) kv.write(batch, { sync: false })
    yield
  }
  const last = kv.batch()
  dropCounts(kv, last, scope)
  kv.write(last, { sync: true })
  if (bytes > RECLAIMED_BYTES_MIN) reclaim(kv, 'log')
  return { blocks, bytes }
}

/** The whole walk, with a turn for others between its steps. `log` is asked anew: the shard may be opened again meanwhile. */
export function scavengeInTurns(log: () => ScavengedLog, scope: Scope): Promise<Scavenged> {
  const walked: ScavengedLog = {
    kv: log().kv,
    get settledBlocks() {
      return log().settledBlocks
    },
  }
  return inTurns(scavengeShard(walked, scope))
}

/** What can not be read can not be served either. */
function readable(kv: KeyValue<ShardColumn>, from: number, to: number): Block[] {
  return numbersFrom(kv, from, to).flatMap(([number, value]) => {
    try {
      const block = new Block(number, value.slice())
      void block.bytes
      return [block]
    } catch (error) {
      if (!isEventStoreError(error, 'DAMAGED')) throw error
      return []
    }
  })
}

function numbersFrom(kv: KeyValue<ShardColumn>, from: number, to: number): [number: number, value: Uint8Array][] {
  try {
    const { keys, values } = kv.scan('log', { gte: blockKey(from), lt: blockKey(to), cache: false })
    return keys.map((key, i) => [blockNumberOf(key), values[i]!])
  } catch (error) {
    if (!isEventStoreError(error, 'DAMAGED')) throw error
    if (to - from === 1) return []
    const middle = (from + to) >>> 1
    return [...numbersFrom(kv, from, middle), ...numbersFrom(kv, middle, to)]
  }
}
