/** Last version of each stream by its 96-bit hash: a typed-array table of 16 bytes a slot, bounded, with a Bloom filter for what it let go. */
import { BloomFilter } from './bloom.ts'

const LOAD = 0.6

/** Finds the version of a stream that is no longer in memory; 0 when there is none. */
export type VersionLookup = (lo: number, hi: number, check: number) => number

export class VersionMap {
  size = 0
  lo: Uint32Array
  hi: Uint32Array
  check: Uint32Array
  /** By the slot that `slot` gave; valid until the next call of `slot`. */
  versions: Uint32Array
  /** Rises when slots have moved. */
  generation = 0
  readonly #streamsMax: number
  readonly #lookup: VersionLookup
  #mask: number
  /** All streams ever put, once the bound was reached. */
  #known: BloomFilter | null = null

  constructor(options: { streamsMax: number; lookup: VersionLookup; capacity?: number }) {
    const capacity = options.capacity ?? 1 << 14
    this.#streamsMax = options.streamsMax
    this.#lookup = options.lookup
    this.#mask = capacity - 1
    this.lo = new Uint32Array(capacity)
    this.hi = new Uint32Array(capacity)
    this.check = new Uint32Array(capacity)
    this.versions = new Uint32Array(capacity)
  }

  get capacity(): number {
    return this.#mask + 1
  }

  /** The stream's slot, made when it has none. `lo` is never 0. */
  slot(lo: number, hi: number, check: number): number {
    let i = hi & this.#mask
    for (;;) {
      const l = this.lo[i]!
      if (l === lo && this.hi[i] === hi && this.check[i] === check) return i
      if (l === 0) return this.#insert(i, lo, hi, check)
      i = (i + 1) & this.#mask
    }
  }

  /** The stream's last version, 0 when it has none. Finds the slot first: making one may replace the arrays. */
  of(lo: number, hi: number, check: number): number {
    const slot = this.slot(lo, hi, check)
    return this.versions[slot]!
  }

  /** As `of`, without making a slot. */
  peek(lo: number, hi: number, check: number): number {
    for (let i = hi & this.#mask; ; i = (i + 1) & this.#mask) {
      const l = this.lo[i]!
      if (l === lo && this.hi[i] === hi && this.check[i] === check) return this.versions[i]!
      if (l === 0) return this.#known?.has(lo, hi) ? this.#lookup(lo, hi, check) : 0
    }
  }

  #insert(free: number, lo: number, hi: number, check: number): number {
    if (this.size >= this.capacity * LOAD) {
      this.#grow(this.capacity * 2)
      return this.slot(lo, hi, check)
    }
    this.lo[free] = lo
    this.hi[free] = hi
    this.check[free] = check
    this.versions[free] = this.#known?.has(lo, hi) ? this.#lookup(lo, hi, check) : 0
    this.size++
    return free
  }

  /** Makes room at once for what is about to come; slots move. */
  reserve(capacity: number): void {
    if (capacity > this.capacity) this.#grow(capacity)
  }

  #grow(capacity: number): void {
    const { lo, hi, check, versions } = this
    this.#allocate(capacity)
    for (let j = 0; j < lo.length; j++) {
      if (lo[j] === 0) continue
      let i = hi[j]! & this.#mask
      while (this.lo[i] !== 0) i = (i + 1) & this.#mask
      this.lo[i] = lo[j]!
      this.hi[i] = hi[j]!
      this.check[i] = check[j]!
      this.versions[i] = versions[j]!
    }
  }

  #allocate(capacity: number): void {
    this.#mask = capacity - 1
    this.lo = new Uint32Array(capacity)
    this.hi = new Uint32Array(capacity)
    this.check = new Uint32Array(capacity)
    this.versions = new Uint32Array(capacity)
    this.generation++
  }

  /** Raises a stream's version to at least `version`: what a dump and the index rows after it agree on in any order. */
  raise(lo: number, hi: number, check: number, version: number): void {
    const slot = this.slot(lo, hi, check)
    if (this.versions[slot]! < version) this.versions[slot] = version
  }

  /** Between commits, when nothing is provisional: lets all go once there are more than the bound. True when it did. */
  shrink(): boolean {
    if (this.size < this.#streamsMax) return false
    this.#known ??= new BloomFilter(this.#streamsMax * 4)
    for (let i = 0; i < this.lo.length; i++) if (this.lo[i] !== 0) this.#known.add(this.lo[i]!, this.hi[i]!)
    this.size = 0
    this.#allocate(Math.min(this.capacity, 1 << 20))
    return true
  }

  /** True once streams were let go: from then on the map is no longer the whole truth. */
  get overflowed(): boolean {
    return this.#known !== null
  }

  /** While opening, after `shrink`: a stream that exists, its version left to the lookup. */
  known(lo: number, hi: number): void {
    this.#known?.add(lo, hi)
  }

  get bytes(): number {
    return this.capacity * 16 + (this.#known?.bytes.length ?? 0)
  }
}
