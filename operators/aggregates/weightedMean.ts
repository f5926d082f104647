/** `weightedMean`: the mean of a column in which each value counts as much as another column says. */
import type { Page } from '../flow.ts'
import { type Aggregate, type AggregateCells, type AggregateUse, numberField, type Operand, operandOf } from './aggregate.ts'
import { checkedNumbers } from './sum.ts'
import { WideCells } from './wide-cells.ts'

/** Σ weight · value / Σ weight. */
export function weightedMean(operand: Operand, weight: string): AggregateUse<number> {
  return { aggregate: 'weightedMean', ...operandOf(operand), weight }
}

interface WeightedMeanOptions {
  readonly field: string
  readonly weight: string
}

/** Numbers of a cell: the sum of products and what rounding took from it, and the same of the weights. */
const width = 4

class WeightedMeanCells extends WideCells implements AggregateCells {
  readonly #options: WeightedMeanOptions

  constructor(options: WeightedMeanOptions) {
    super(width)
    this.#options = options
  }

  update(page: Page, rows: Int32Array, cells: Int32Array, count: number): void {
    const [values, weights] = [checkedNumbers(page, this.#options.field), checkedNumbers(page, this.#options.weight)]
    for (let i = 0; i < count; i++) {
      const row = rows[i] as number
      if (values.nulls?.[row] === 1 || weights.nulls?.[row] === 1) continue
      const at = (cells[i] as number) * width
      const weight = weights.values[row] as number
      this.#add(at, weight * (values.values[row] as number))
      this.#add(at + 2, weight)
    }
  }

  /** A sum that keeps what rounding takes from it (Neumaier, 1974). */
  #add(at: number, value: number): void {
    const sum = this.sums[at] as number
    const next = sum + value
    const lost = Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum
    this.sums[at] = next
    this.sums[at + 1] = (this.sums[at + 1] as number) + lost
  }

  merge(into: number, from: number): void {
    for (const which of [0, 2]) {
      this.#add(into * width + which, this.sums[from * width + which] as number)
      this.#add(into * width + which, this.sums[from * width + which + 1] as number)
    }
  }

  result(cell: number): number | null {
    const [products = 0, productsLost = 0, weights = 0, weightsLost = 0] = this.sums.subarray(cell * width, (cell + 1) * width)
    const found = (products + productsLost) / (weights + weightsLost)
    return Number.isFinite(found) ? found : null
  }
}

export const weightedMeanAggregate: Aggregate<WeightedMeanOptions> = {
  spec: {
    name: 'weightedMean',
    summary: 'The mean of a column in which each value counts as much as another column says; null when the weights add up to 0.',
    description: 'Rows in which one of both is null are left out. A weight below 0 is taken as it is.',
    options: {
      field: numberField,
      weight: { type: 'field', required: true, summary: 'The column of weights, numbers; null is left out.' },
    },
    precision: 'a double; off by about 1e-15 of the sum of the sizes of the products',
    memory: '32 bytes',
    example: {
      use: "weightedMean('price', 'quantity')",
      options: { field: 'price', weight: 'quantity' },
      rows: [
        { price: 10, quantity: 1 },
        { price: 20, quantity: 3 },
      ],
      result: 17.5,
    },
  },
  resultType: 'number',
  reads: ({ field, weight }) => ({ fields: [field, weight], numbers: [field, weight] }),
  create: options => new WeightedMeanCells(options),
}
