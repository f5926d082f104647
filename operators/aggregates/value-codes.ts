/** Values of any kind as pairs of 32-bit integers: numbers by their bits, everything else by a number that is given out here. */
import { valueAt } from '../columns.ts'
import type { Column, TextColumn } from '../flow.ts'

/** Left halves that no number has: those of numbers that are none, of which there is one here. */
const notNumber = 0x7ff80000
const otherHigh = 0x7ff80001
/** The left half of null, which is no value. */
export const nullHigh = 0x7ff80002

const wide = new Float64Array(1)
const halves = new Int32Array(wide.buffer)

/** Above this, numbers that were given out and are in use no more are given up. */
const codesKept = 65_536

export class ValueCodes {
  /** The pairs of the rows that were filled in last, or of the value that was asked for last at 0. */
  high = new Int32Array(64)
  low = new Int32Array(64)
  #values: unknown[] = []
  #texts = new Map<string, number>()
  /** True, false, and objects and lists by their JSON text. */
  #others = new Map<unknown, number>()
  /** The numbers of the texts of a dictionary; −1 not asked yet. */
  #ofDictionary = new WeakMap<readonly string[], Int32Array>()

  /** Leaves the pairs of rows in `high` and `low`. */
  fill(column: Column, rows: Int32Array, count: number): void {
    if (this.high.length < count) {
      this.high = new Int32Array(count)
      this.low = new Int32Array(count)
    }
    if (column.kind === 'number') this.#fillNumbers(column.values, rows, count)
    else if (column.kind === 'text') return this.#fillTexts(column, rows, count)
    else for (let i = 0; i < count; i++) this.#put(i, valueAt(column, rows[i] as number))
    if (column.kind === 'number' && column.nulls !== undefined)
      for (let i = 0; i < count; i++) if (column.nulls[rows[i] as number] === 1) this.high[i] = nullHigh
  }

  #fillNumbers(values: Float64Array, rows: Int32Array, count: number): void {
    const bits = new Int32Array(values.buffer, values.byteOffset, 2 * values.length)
    const [highs, lows] = [this.high, this.low]
    for (let i = 0; i < count; i++) {
      const at = 2 * (rows[i] as number)
      let low = bits[at] as number
      let high = bits[at + 1] as number
      if (high === -0x80000000 && low === 0) high = 0
      else if ((high & 0x7ff00000) === 0x7ff00000 && ((high & 0xfffff) !== 0 || low !== 0)) {
        high = notNumber
        low = 0
      }
      highs[i] = high
      lows[i] = low
    }
  }

  #fillTexts({ codes, dictionary }: TextColumn, rows: Int32Array, count: number): void {
    let known = this.#ofDictionary.get(dictionary)
    if (known === undefined || known.length < dictionary.length) {
      const larger = new Int32Array(Math.max(16, dictionary.length * (known === undefined ? 1 : 2))).fill(-1)
      if (known !== undefined) larger.set(known)
      this.#ofDictionary.set(dictionary, (known = larger))
    }
    for (let i = 0; i < count; i++) {
      const code = codes[rows[i] as number] as number
      if (code < 0) {
        this.high[i] = nullHigh
        continue
      }
      let number = known[code] as number
      if (number < 0) known[code] = number = this.#numberOf(this.#texts, dictionary[code] as string, dictionary[code])
      this.high[i] = otherHigh
      this.low[i] = number
    }
  }

  #put(at: number, value: unknown): void {
    if (typeof value === 'number') {
      wide[0] = Number.isNaN(value) ? NaN : value + 0
      this.high[at] = Number.isNaN(value) ? notNumber : (halves[1] as number)
      this.low[at] = Number.isNaN(value) ? 0 : (halves[0] as number)
      return
    }
    if (value === null || value === undefined) {
      this.high[at] = nullHigh
      return
    }
    this.high[at] = otherHigh
    if (typeof value === 'string') this.low[at] = this.#numberOf(this.#texts, value, value)
    else this.low[at] = this.#numberOf(this.#others, typeof value === 'object' ? JSON.stringify(value) : value, value)
  }

  #numberOf<Name>(known: Map<Name, number>, name: Name, value: unknown): number {
    let number = known.get(name)
    if (number === undefined) known.set(name, (number = this.#values.push(value) - 1))
    return number
  }

  /** Leaves the pair of a value at 0. */
  ask(value: unknown): void {
    this.#put(0, value)
  }

  valueOf(high: number, low: number): unknown {
    if (high === otherHigh) return this.#values[low]
    halves[0] = low
    halves[1] = high
    return wide[0]
  }

  /** Whether most numbers that were given out belong to none of so many values in use. */
  isLoose(inUse: number): boolean {
    return this.#values.length > codesKept && this.#values.length > 4 * inUse
  }

  /** Gives out numbers anew; what it answers tells the new right half of a pair in use. */
  renew(): (high: number, low: number) => number {
    const values = this.#values
    this.#values = []
    this.#texts = new Map()
    this.#others = new Map()
    this.#ofDictionary = new WeakMap()
    return (high, low) => {
      if (high !== otherHigh) return low
      this.#put(0, values[low])
      return this.low[0] as number
    }
  }
}
