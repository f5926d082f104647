/** Writes the version map beside the commits, a chunk a commit, so that opening replays a tail of the index and not all of it.
 *
 * The dump is fuzzy: a chunk may hold versions newer than the segment it began at. That is harmless, because versions only rise, every chunk is
 * written with or after the events it counts, and loading takes the larger of dump and index rows.
 */
import type { KeyValue, WriteBatch } from '../key-value.ts'
import { kinds, type ShardColumn } from './keys.ts'
import { wordsOf } from './segment.ts'
import type { VersionMap } from './version-map.ts'

const SLOTS_PER_CHUNK = 1 << 16
const WORDS = 4

const headKey = Buffer.from([kinds.versionsHead])

function chunkKey(generation: number, chunk: number): Buffer {
  const key = Buffer.allocUnsafe(6)
  key[0] = kinds.versions
  key[1] = generation
  key.writeUInt32BE(chunk, 2)
  return key
}

export class VersionDump {
  #active = false
  #chunk = 0
  #fromSegment = 0
  #mapGeneration = -1
  /** Two sets of chunks take turns, so that the last whole dump stays whole. */
  #generation: number

  constructor(generation: number) {
    this.#generation = generation
  }

  get active(): boolean {
    return this.#active
  }

  /** Begins: rows of segments before `fromSegment` will no longer be needed once it is whole. */
  begin(fromSegment: number): void {
    this.#active = true
    this.#chunk = 0
    this.#fromSegment = fromSegment
    this.#generation ^= 1
    this.#mapGeneration = -1
  }

  cancel(): void {
    this.#active = false
  }

  /** Adds the next chunk to a commit's batch. */
  step(batch: WriteBatch<ShardColumn>, map: VersionMap): void {
    if (!this.#active) return
    if (map.generation !== this.#mapGeneration) {
      this.#mapGeneration = map.generation
      this.#chunk = 0
    }
    const from = this.#chunk * SLOTS_PER_CHUNK
    const to = Math.min(from + SLOTS_PER_CHUNK, map.capacity)
    const words = new Uint32Array((to - from) * WORDS)
    let at = 0
    for (let slot = from; slot < to; slot++) {
      if (map.lo[slot] === 0) continue
      words[at] = map.lo[slot]!
      words[at + 1] = map.hi[slot]!
      words[at + 2] = map.check[slot]!
      words[at + 3] = map.versions[slot]!
      at += WORDS
    }
    batch.put('index', chunkKey(this.#generation, this.#chunk++), new Uint8Array(words.buffer, 0, at * 4))
    if (to < map.capacity) return
    batch.put('index', headKey, new Uint8Array(Uint32Array.of(this.#generation, this.#fromSegment, this.#chunk).buffer))
    this.#active = false
  }
}

/** Loads the last whole dump; answers the segment from which index rows must be replayed. */
export function loadVersions(kv: KeyValue<ShardColumn>, map: VersionMap): { fromSegment: number; generation: number } {
  const head = kv.get('index', headKey)
  if (!head) return { fromSegment: 0, generation: 0 }
  const [generation, fromSegment, chunks] = wordsOf(head) as unknown as [number, number, number]
  map.reserve(chunks * SLOTS_PER_CHUNK)
  for (let chunk = 0; chunk < chunks; chunk++) {
    const value = kv.get('index', chunkKey(generation, chunk))
    if (!value) continue
    const words = wordsOf(value)
    for (let at = 0; at < words.length; at += WORDS) map.raise(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!)
  }
  return { fromSegment, generation }
}
