/**
 * The counters of one cell that find frequent values: Space-Saving (Metwally, Agrawal and El Abbadi 2005), merged as by Agarwal and others (2012).
 * A value that has a counter was there at most `count` and at least `count − error` times; one that has none at most as often as the least counter says.
 */
import { spread } from '../windows/window-hash.ts'

const empty = -1

/** One that was counted, as a pair of a value and how often it came. */
export interface Counter {
  readonly high: number
  readonly low: number
  readonly count: number
  readonly error: number
}

export class SpaceSaving {
  readonly #most: number
  size = 0
  #pairs = new Int32Array(16)
  #counts = new Float64Array(8)
  #errors = new Float64Array(8)
  /** Counters by value. */
  #slots = new Int32Array(32).fill(empty)
  /** Counters as a heap, the least first, and the place of each in it. Only a full table needs it. */
  #heap: Int32Array | undefined
  #places = new Int32Array(0)

  constructor(most: number) {
    this.#most = most
  }

  get isFull(): boolean {
    return this.size === this.#most
  }

  counter(at: number): Counter {
    const [high, low] = [this.#pairs[2 * at] as number, this.#pairs[2 * at + 1] as number]
    return { high, low, count: this.#counts[at] as number, error: this.#errors[at] as number }
  }

  /** The count of the least counter; 0 while there is room. */
  get least(): number {
    return this.isFull ? (this.#counts[this.#heapNow()[0] as number] as number) : 0
  }

  /** Counts a value once. A new one takes the least counter, of equal ones the first, once there is no other. */
  add(high: number, low: number): void {
    const slot = this.#slotOf(high, low)
    const at = this.#slots[slot] as number
    if (at !== empty) {
      this.#counts[at] = (this.#counts[at] as number) + 1
      if (this.#heap !== undefined) this.#sink(this.#places[at] as number)
    } else if (!this.isFull) this.put({ high, low, count: 1, error: 0 })
    else this.#replaceLeast(high, low)
  }

  /** Adds a counter for a value that has none. There must be room. */
  put({ high, low, count, error }: Counter): void {
    const at = this.size++
    if (at === this.#counts.length) this.#lengthen()
    this.#set(at, high, low)
    this.#counts[at] = count
    this.#errors[at] = error
    this.#slots[this.#slotOf(high, low, true)] = at
    if (2 * this.size > this.#slots.length) this.#rehash(2 * this.#slots.length)
  }

  #set(at: number, high: number, low: number): void {
    this.#pairs[2 * at] = high
    this.#pairs[2 * at + 1] = low
  }

  #lengthen(): void {
    const length = 2 * this.#counts.length
    const [pairs, counts, errors] = [new Int32Array(2 * length), new Float64Array(length), new Float64Array(length)]
    pairs.set(this.#pairs)
    counts.set(this.#counts)
    errors.set(this.#errors)
    this.#pairs = pairs
    this.#counts = counts
    this.#errors = errors
  }

  /** Where a value stands among the slots, or the first free slot of its way. */
  #slotOf(high: number, low: number, isNew = false): number {
    const mask = this.#slots.length - 1
    let slot = spread(high, low) & mask
    for (;;) {
      const at = this.#slots[slot] as number
      if (at === empty || (!isNew && this.#pairs[2 * at] === high && this.#pairs[2 * at + 1] === low)) return slot
      slot = (slot + 1) & mask
    }
  }

  #rehash(length: number): void {
    this.#slots = new Int32Array(length).fill(empty)
    for (let at = 0; at < this.size; at++)
      this.#slots[this.#slotOf(this.#pairs[2 * at] as number, this.#pairs[2 * at + 1] as number, true)] = at
  }

  #replaceLeast(high: number, low: number): void {
    const at = this.#heapNow()[0] as number
    this.#unslot(this.#slotOf(this.#pairs[2 * at] as number, this.#pairs[2 * at + 1] as number))
    this.#set(at, high, low)
    this.#slots[this.#slotOf(high, low, true)] = at
    this.#errors[at] = this.#counts[at] as number
    this.#counts[at] = (this.#counts[at] as number) + 1
    this.#sink(0)
  }

  /** Frees a slot; those behind it that came by it move up (Knuth, 6.4 R). */
  #unslot(freed: number): void {
    const mask = this.#slots.length - 1
    let hole = freed
    for (let slot = (hole + 1) & mask; this.#slots[slot] !== empty; slot = (slot + 1) & mask) {
      const at = this.#slots[slot] as number
      const home = spread(this.#pairs[2 * at] as number, this.#pairs[2 * at + 1] as number) & mask
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue
      this.#slots[hole] = at
      hole = slot
    }
    this.#slots[hole] = empty
  }

  /** Gives the values other pairs. */
  recode(lowOf: (high: number, low: number) => number): void {
    for (let at = 0; at < this.size; at++) this.#pairs[2 * at + 1] = lowOf(this.#pairs[2 * at] as number, this.#pairs[2 * at + 1] as number)
    this.#rehash(this.#slots.length)
  }

  #heapNow(): Int32Array {
    if (this.#heap !== undefined) return this.#heap
    const heap = (this.#heap = Int32Array.from({ length: this.size }, (_, at) => at).sort((a, b) => (this.#isLess(a, b) ? -1 : 1)))
    this.#places = new Int32Array(this.size)
    for (const [place, at] of heap.entries()) this.#places[at] = place
    return heap
  }

  #isLess(a: number, b: number): boolean {
    const [left, right] = [this.#counts[a] as number, this.#counts[b] as number]
    return left < right || (left === right && a < b)
  }

  /** A counter has grown: it goes down in the heap. */
  #sink(from: number): void {
    const heap = this.#heap as Int32Array
    const at = heap[from] as number
    let place = from
    for (;;) {
      let child = 2 * place + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && this.#isLess(heap[child + 1] as number, heap[child] as number)) child++
      if (!this.#isLess(heap[child] as number, at)) break
      this.#move(place, heap[child] as number)
      place = child
    }
    this.#move(place, at)
  }

  #move(place: number, at: number): void {
    ;(this.#heap as Int32Array)[place] = at
    this.#places[at] = place
  }

  /** Both together: at most so many counters, those with the largest counts; of equal ones those of the first, in their order. */
  static merged(first: SpaceSaving, second: SpaceSaving, most: number): SpaceSaving {
    const all: Counter[] = []
    for (let at = 0; at < first.size; at++) {
      const one = first.counter(at)
      const other = second.#counterOf(one.high, one.low)
      const [count, error] = [other?.count ?? second.least, other?.error ?? second.least]
      all.push({ ...one, count: one.count + count, error: one.error + error })
    }
    for (let at = 0; at < second.size; at++) {
      const one = second.counter(at)
      if (first.#counterOf(one.high, one.low) !== undefined) continue
      all.push({ ...one, count: one.count + first.least, error: one.error + first.least })
    }
    const merged = new SpaceSaving(most)
    const kept = all.length <= most ? all : all.toSorted((a, b) => b.count - a.count).slice(0, most)
    for (const counter of kept) merged.put(counter)
    return merged
  }

  #counterOf(high: number, low: number): Counter | undefined {
    const at = this.#slots[this.#slotOf(high, low)] as number
    return at === empty ? undefined : this.counter(at)
  }
}
