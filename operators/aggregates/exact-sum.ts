/** Sums in cells: integers exactly, however large; other numbers as doubles in the order of the rows. */
import type { NumberColumn } from '../flow.ts'
import { grown } from './aggregate.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'

/** Integers are kept as high × 2^52 + low, so that no addition rounds. */
const limb = 2 ** 52

export class ExactSums {
  #low = new Float64Array(0)
  #high = new Float64Array(0)
  #float = new Float64Array(0)
  #counts = new Float64Array(0)
  #hasFloat = new Uint8Array(0)

  grow(cells: number): void {
    this.#low = grown(this.#low, cells)
    this.#high = grown(this.#high, cells)
    this.#float = grown(this.#float, cells)
    this.#counts = grown(this.#counts, cells)
    this.#hasFloat = grown(this.#hasFloat, cells)
  }

  reset(cell: number): void {
    this.#low[cell] = this.#high[cell] = this.#float[cell] = this.#counts[cell] = this.#hasFloat[cell] = 0
  }

  update(column: NumberColumn, rows: Int32Array, cells: Int32Array, count: number): void {
    const [low, counts, values, nulls] = [this.#low, this.#counts, column.values, column.nulls]
    for (let i = 0; i < count; i++) {
      const row = rows[i] as number
      if (nulls !== undefined && nulls[row] === 1) continue
      const cell = cells[i] as number
      const value = values[row] as number
      const sum = (low[cell] as number) + value
      counts[cell] = (counts[cell] as number) + 1
      if (Number.isInteger(value) && value < limb && value > -limb && sum < limb && sum > -limb) low[cell] = sum
      else this.#add(cell, value)
    }
  }

  /** The rare way: the limb overflows, or the number is no integer that a double holds exactly. */
  #add(cell: number, value: number): void {
    if (!Number.isSafeInteger(value)) {
      this.#float[cell] = (this.#float[cell] as number) + value
      this.#hasFloat[cell] = 1
      return
    }
    const carry = Math.trunc(value / limb)
    this.#carry(cell, carry, value - carry * limb)
  }

  #carry(cell: number, high: number, low: number): void {
    const sum = (this.#low[cell] as number) + low
    const carry = Math.trunc(sum / limb)
    this.#low[cell] = sum - carry * limb
    this.#high[cell] = (this.#high[cell] as number) + high + carry
  }

  merge(into: number, from: number): void {
    this.#carry(into, this.#high[from] as number, this.#low[from] as number)
    this.#float[into] = (this.#float[into] as number) + (this.#float[from] as number)
    this.#counts[into] = (this.#counts[into] as number) + (this.#counts[from] as number)
    if (this.#hasFloat[from] === 1) this.#hasFloat[into] = 1
  }

  /** How many numbers there were. */
  count(cell: number): number {
    return this.#counts[cell] as number
  }

  /** The sum of integers as a bigint, or undefined when there was another number. */
  exact(cell: number): bigint | undefined {
    if (this.#hasFloat[cell] === 1) return undefined
    return BigInt(this.#high[cell] as number) * BigInt(limb) + BigInt(this.#low[cell] as number)
  }

  /** The sum as the nearest double. */
  double(cell: number): number {
    const high = this.#high[cell] as number
    const whole = high === 0 ? (this.#low[cell] as number) : Number(BigInt(high) * BigInt(limb) + BigInt(this.#low[cell] as number))
    return this.#hasFloat[cell] === 1 ? whole + (this.#float[cell] as number) : whole
  }

  /** A number, or a decimal text when it is an integer that a double may not hold exactly; null when there was no number. */
  result(cell: number): number | string | null {
    if (this.#counts[cell] === 0) return null
    if (this.#hasFloat[cell] === 1) return this.double(cell)
    if (this.#high[cell] === 0) return this.#low[cell] as number
    const exact = this.exact(cell) as bigint
    const number = Number(exact)
    return Number.isSafeInteger(number) ? number : exact.toString()
  }

  save(cell: number, writer: ByteWriter): void {
    writer.number(this.#low[cell] as number)
    writer.number(this.#high[cell] as number)
    writer.number(this.#counts[cell] as number)
    writer.byte(this.#hasFloat[cell] as number)
    if (this.#hasFloat[cell] === 1) writer.number(this.#float[cell] as number)
  }

  load(cell: number, reader: ByteReader): void {
    this.#low[cell] = reader.number()
    this.#high[cell] = reader.number()
    this.#counts[cell] = reader.number()
    this.#hasFloat[cell] = reader.byte()
    if (this.#hasFloat[cell] === 1) this.#float[cell] = reader.number()
  }
}
