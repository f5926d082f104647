/**
 * HyperLogLog sketches in cells (Flajolet, Fusy, Gandouet and Meunier 2007), estimated as by Ertl (2017), with the sparse form of HyperLogLog++
 * (Heule, Nunkesser and Hall 2013). What a cell holds is a function of the set of its values: neither their order nor how parts were merged matters.
 */
import type { ByteReader, ByteWriter } from './bytes.ts'

/** A sparse sketch tells 2^25 places apart, so that few values are counted all but exactly. */
const sparseBits = 25
const rankBits = 6
const empty = -1
const isDense = 1

interface Sketch {
  /** Hash table of (place, rank) while there are few; undefined in a dense sketch. */
  slots: Int32Array | undefined
  size: number
  /** The largest rank of each place; empty in a sparse sketch. */
  registers: Uint8Array
}

export class HyperLogLogs {
  readonly #precision: number
  readonly #sparseMax: number
  readonly #sketches: Sketch[] = []

  /** `precision` p: 2^p registers of a byte, a standard error of 1.04 / √2^p. */
  constructor(precision: number) {
    this.#precision = precision
    this.#sparseMax = 2 ** precision / 16
  }

  grow(cells: number): void {
    while (this.#sketches.length < cells) this.#sketches.push({ slots: undefined, size: 0, registers: new Uint8Array(0) })
  }

  reset(cell: number): void {
    this.#sketches[cell] = { slots: undefined, size: 0, registers: new Uint8Array(0) }
  }

  /** Takes the hash of a value. */
  add(cell: number, high: number, low: number): void {
    const rest = high & 0x7f
    const rank = rest !== 0 ? Math.clz32(rest) - 24 : low !== 0 ? 8 + Math.clz32(low) : 40
    this.#take(this.#sketches[cell] as Sketch, high >>> (32 - sparseBits), rank)
  }

  #take(sketch: Sketch, place: number, rank: number): void {
    if (sketch.registers.length > 0) return this.#raise(sketch.registers, place, rank)
    const slots = (sketch.slots ??= new Int32Array(8).fill(empty))
    const mask = slots.length - 1
    let slot = Math.imul(place, 0x9e3779b1) >>> 7
    for (slot &= mask; slots[slot] !== empty; slot = (slot + 1) & mask) {
      const known = slots[slot] as number
      if (known >> rankBits !== place) continue
      if ((known & 63) < rank) slots[slot] = (place << rankBits) | rank
      return
    }
    slots[slot] = (place << rankBits) | rank
    sketch.size++
    if (sketch.size > this.#sparseMax) this.#toDense(sketch)
    else if (2 * sketch.size > slots.length) resize(sketch, 2 * slots.length)
  }

  #toDense(sketch: Sketch): void {
    const slots = sketch.slots ?? []
    sketch.registers = new Uint8Array(2 ** this.#precision)
    sketch.slots = undefined
    sketch.size = 0
    for (const each of slots) if (each !== empty) this.#raise(sketch.registers, each >> rankBits, each & 63)
  }

  /** A place among 2^25 has bits more than one among 2^p, which belong to the rank there. */
  #raise(registers: Uint8Array, place: number, rank: number): void {
    const more = sparseBits - this.#precision
    const rest = place & ((1 << more) - 1)
    const own = rest !== 0 ? Math.clz32(rest) - (32 - more) + 1 : more + rank
    const register = place >>> more
    if (own > (registers[register] as number)) registers[register] = own
  }

  merge(into: number, from: number): void {
    const [left, right] = [this.#sketches[into] as Sketch, this.#sketches[from] as Sketch]
    if (right.registers.length === 0) {
      for (const each of right.slots ?? []) if (each !== empty) this.#take(left, each >> rankBits, each & 63)
      return
    }
    if (left.registers.length === 0) this.#toDense(left)
    for (const [register, rank] of right.registers.entries())
      if (rank > (left.registers[register] as number)) left.registers[register] = rank
  }

  /** How many different values there were, about. */
  estimate(cell: number): number {
    const { registers, size } = this.#sketches[cell] as Sketch
    if (registers.length > 0) return Math.round(estimateOf(registers, this.#precision))
    const places = 2 ** sparseBits
    return Math.round(-places * Math.log1p(-size / places))
  }

  save(cell: number, writer: ByteWriter): void {
    const { slots, size, registers } = this.#sketches[cell] as Sketch
    writer.byte(registers.length > 0 ? isDense : 0)
    if (registers.length > 0) {
      for (const rank of registers) writer.byte(rank)
      return
    }
    writer.integer(size)
    for (const each of slots ?? []) if (each !== empty) writer.integer(each)
  }

  load(cell: number, reader: ByteReader): void {
    const sketch = this.#sketches[cell] as Sketch
    if (reader.byte() === isDense) {
      sketch.registers = Uint8Array.from({ length: 2 ** this.#precision }, () => reader.byte())
      return
    }
    for (let left = reader.integer(); left > 0; left--) {
      const each = reader.integer()
      this.#take(sketch, each >> rankBits, each & 63)
    }
  }
}

function resize(sketch: Sketch, length: number): void {
  const slots = new Int32Array(length).fill(empty)
  const mask = length - 1
  for (const each of sketch.slots ?? []) {
    if (each === empty) continue
    let slot = (Math.imul(each >> rankBits, 0x9e3779b1) >>> 7) & mask
    while (slots[slot] !== empty) slot = (slot + 1) & mask
    slots[slot] = each
  }
  sketch.slots = slots
}

/** Ertl's improved raw estimator: right over the whole range without tables. */
function estimateOf(registers: Uint8Array, precision: number): number {
  const size = registers.length
  const last = 64 - precision + 1
  const counts = new Float64Array(last + 1)
  for (const rank of registers) counts[rank] = (counts[rank] as number) + 1
  let sum = size * tau(1 - (counts[last] as number) / size)
  for (let rank = last - 1; rank >= 1; rank--) sum = 0.5 * (sum + (counts[rank] as number))
  sum += size * sigma((counts[0] as number) / size)
  return ((1 / (2 * Math.LN2)) * size * size) / sum
}

function sigma(share: number): number {
  if (share === 1) return Infinity
  let [x, y, sum, before] = [share, 1, share, NaN]
  while (sum !== before) {
    before = sum
    x *= x
    sum += x * y
    y += y
  }
  return sum
}

function tau(share: number): number {
  if (share === 0 || share === 1) return 0
  let [x, y, sum, before] = [share, 1, 1 - share, NaN]
  while (sum !== before) {
    before = sum
    x = Math.sqrt(x)
    y *= 0.5
    sum -= (1 - x) ** 2 * y
  }
  return sum / 3
}
