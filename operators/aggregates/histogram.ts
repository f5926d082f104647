/** `histogram`: how many numbers lie between given bounds. */
import { EventStoreError } from '../../event/error.ts'
import type { Page } from '../flow.ts'
import { type Aggregate, type AggregateCells, type AggregateUse, numberField, type Operand, operandOf } from './aggregate.ts'
import { checkedNumbers } from './sum.ts'
import { WideCells } from './wide-cells.ts'

/** From `from` on and below `to`; null at the two ends. */
export interface Bucket {
  readonly from: number | null
  readonly to: number | null
  readonly count: number
}

/** Bounds that rise, or bounds each `width` from `from` to `to`. */
export type HistogramBounds = readonly number[] | { readonly width: number; readonly from: number; readonly to: number }

/** How many numbers lie below the first bound, between each two, and from the last one on. */
export function histogram(operand: Operand, bounds: HistogramBounds): AggregateUse<readonly Bucket[]> {
  return { aggregate: 'histogram', ...operandOf(operand), ...('width' in bounds ? bounds : { bounds }) }
}

interface HistogramOptions {
  readonly field: string
  readonly bounds?: readonly number[]
  readonly width?: number
  readonly from?: number
  readonly to?: number
}

/** The most bounds: each is a number in each cell. */
export const histogramBoundsMax = 1000

class HistogramCells extends WideCells implements AggregateCells {
  readonly #field: string
  readonly #bounds: Float64Array

  constructor(field: string, bounds: Float64Array) {
    super(bounds.length + 1)
    this.#field = field
    this.#bounds = bounds
  }

  update(page: Page, rows: Int32Array, cells: Int32Array, count: number): void {
    const { values, nulls } = checkedNumbers(page, this.#field)
    for (let i = 0; i < count; i++) {
      const row = rows[i] as number
      const value = values[row] as number
      // What is no number lies nowhere.
      if ((nulls !== undefined && nulls[row] === 1) || Number.isNaN(value)) continue
      const at = (cells[i] as number) * this.width + this.#bucketOf(value)
      this.sums[at] = (this.sums[at] as number) + 1
    }
  }

  /** How many bounds are not above the value. */
  #bucketOf(value: number): number {
    const bounds = this.#bounds
    let [low, high] = [0, bounds.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((bounds[middle] as number) <= value) low = middle + 1
      else high = middle
    }
    return low
  }

  merge(into: number, from: number): void {
    for (let bucket = 0; bucket < this.width; bucket++) {
      const at = into * this.width + bucket
      this.sums[at] = (this.sums[at] as number) + (this.sums[from * this.width + bucket] as number)
    }
  }

  result(cell: number): readonly Bucket[] {
    return Array.from({ length: this.width }, (_, bucket) => ({
      from: this.#bounds[bucket - 1] ?? null,
      to: this.#bounds[bucket] ?? null,
      count: this.sums[cell * this.width + bucket] as number,
    }))
  }
}

/** INVALID unless there are 1 to 1,000 bounds and each is above the one before. */
function boundsOf({ bounds, width, from, to }: HistogramOptions): Float64Array {
  const wrong = (option: string, why: string): EventStoreError => new EventStoreError('INVALID', `histogram: ${why}`, { option })
  const isGiven = bounds !== undefined
  if (isGiven === (width !== undefined)) throw wrong('bounds', 'say either bounds, or width with from and to')
  if (!isGiven) {
    const isStep = [width, from, to].every(Number.isFinite) && (width as number) > 0 && (from as number) < (to as number)
    if (!isStep) throw wrong('width', 'width must be more than 0 and stand with from and to, of which to is larger')
    const steps = ((to as number) - (from as number)) / (width as number)
    if (steps >= histogramBoundsMax) throw wrong('width', `there may be ${histogramBoundsMax} bounds`)
    const whole = Math.ceil(steps - 1e-9)
    return Float64Array.from({ length: whole + 1 }, (_, at) => (at === whole ? (to as number) : (from as number) + at * (width as number)))
  }
  if (from !== undefined || to !== undefined) throw wrong('from', 'from and to stand with width and not with bounds')
  const isRising =
    Array.isArray(bounds) && bounds.every((bound, at) => Number.isFinite(bound) && (at === 0 || bound > (bounds[at - 1] as number)))
  if (!isRising || bounds.length === 0 || bounds.length > histogramBoundsMax)
    throw wrong('bounds', `bounds is not a list of 1 to ${histogramBoundsMax} rising numbers: ${JSON.stringify(bounds).slice(0, 60)}`)
  return Float64Array.from(bounds)
}

export const histogramAggregate: Aggregate<HistogramOptions> = {
  spec: {
    name: 'histogram',
    summary: 'How many numbers lie below the first bound, between each two, and from the last one on, as a list of `{ from, to, count }`.',
    description:
      'A number belongs to the bucket with `from ≤ number < to`, as with `width_bucket` of Postgres; `from` of the first and `to` of the last are null. ' +
      'Buckets of one width: `histogram(delay, width => 15, from => 0, to => 60)`.',
    options: {
      field: numberField,
      bounds: { type: 'json', summary: `Rising numbers, at most ${histogramBoundsMax}.` },
      width: { type: 'number', summary: 'In place of bounds: how far apart they are.' },
      from: { type: 'number', summary: 'The first bound, with `width`.' },
      to: { type: 'number', summary: 'The last bound, with `width`.' },
    },
    precision: 'exact',
    memory: '8 bytes a bucket',
    example: {
      use: "histogram('delay', [0, 15])",
      options: { field: 'delay', bounds: [0, 15] },
      rows: [{ delay: -3 }, { delay: 0 }, { delay: 14 }, { delay: 15 }],
      result: [
        { from: null, to: 0, count: 1 },
        { from: 0, to: 15, count: 2 },
        { from: 15, to: null, count: 1 },
      ],
    },
  },
  resultType: 'json',
  reads: ({ field }) => ({ fields: [field], numbers: [field] }),
  create: options => new HistogramCells(options.field, boundsOf(options)),
}
