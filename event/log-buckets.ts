/**
 * Counts of durations in buckets that grow with them, eight a power of two, over one array of numbers: adding costs no allocation, and any
 * percentile is known within an eighth. As HDR histograms (http://hdrhistogram.org) do, with fewer buckets.
 */

/** Below this many microseconds each has a bucket of its own. */
const EXACT = 16
const PER_OCTAVE = 8
const FIRST_OCTAVE = 4
/** 2^31 µs, about 36 minutes: what is longer is counted as that. */
const LAST_OCTAVE = 30
const LONGEST_US = 2 ** (LAST_OCTAVE + 1) - 1

export const BUCKETS = EXACT + (LAST_OCTAVE - FIRST_OCTAVE + 1) * PER_OCTAVE
const SUM = BUCKETS
const COUNT = BUCKETS + 1
/** Numbers a row of counts takes. */
export const ROW = BUCKETS + 2

/** Bucket of a duration in whole microseconds. */
export function bucketOf(us: number): number {
  if (us < EXACT) return us
  const octave = 31 - Math.clz32(us)
  return EXACT + (octave - FIRST_OCTAVE) * PER_OCTAVE + ((us >>> (octave - 3)) & (PER_OCTAVE - 1))
}

/** Microseconds from which on a bucket counts; it ends where the next begins. */
export function bucketStart(bucket: number): number {
  if (bucket < EXACT) return bucket
  const octave = FIRST_OCTAVE + Math.floor((bucket - EXACT) / PER_OCTAVE)
  return (PER_OCTAVE + ((bucket - EXACT) % PER_OCTAVE)) * 2 ** (octave - 3)
}

/** Adds one duration to the row that begins at `row`. */
export function addDuration(counts: Float64Array, row: number, ms: number): void {
  const us = ms > 0 ? Math.min(LONGEST_US, Math.floor(ms * 1000)) : 0
  counts[row + bucketOf(us)]! += 1
  counts[row + SUM]! += us
  counts[row + COUNT]! += 1
}

/** What a row says, for people and for metrics; a copy that stands still. */
export class Durations {
  readonly #counts = new Float64Array(ROW)

  /** Adds all that a row has counted. */
  add(counts: Float64Array, row = 0): this {
    for (let i = 0; i < ROW; i++) this.#counts[i]! += counts[row + i]!
    return this
  }

  addAll(other: Durations): this {
    return this.add(other.#counts)
  }

  get count(): number {
    return this.#counts[COUNT]!
  }

  get sumMs(): number {
    return this.#counts[SUM]! / 1000
  }

  /** The middle of the bucket in which the duration of that rank lies, ms; 0 when there is none. `share` from 0 to 1. */
  percentileMs(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#buckets))
    let seen = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket]!
      if (seen >= rank) return (bucketStart(bucket) + bucketStart(bucket + 1)) / 2000
    }
    return 0
  }

  /** Durations shorter than a power of two of microseconds from 16 up, exactly. */
  shorterThan(us: number): number {
    const end = us > LONGEST_US ? BUCKETS : bucketOf(us)
    let seen = 0
    for (let bucket = 0; bucket < end; bucket++) seen += this.#counts[bucket]!
    return seen
  }

  /** Not `count`, which another thread may have moved on meanwhile. */
  get #buckets(): number {
    let all = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) all += this.#counts[bucket]!
    return all
  }
}
