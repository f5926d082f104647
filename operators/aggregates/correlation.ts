/** `correlation`: how far two columns rise and fall together, from −1 to 1 (Pearson). */
import type { Page } from '../flow.ts'
import { type Aggregate, type AggregateCells, type AggregateUse, numberField, type Operand, operandOf } from './aggregate.ts'
import { checkedNumbers } from './sum.ts'
import { WideCells } from './wide-cells.ts'

/** The correlation of a column of numbers with another. */
export function correlation(operand: Operand, other: string): AggregateUse<number> {
  return { aggregate: 'correlation', ...operandOf(operand), with: other }
}

interface CorrelationOptions {
  readonly field: string
  readonly with: string
}

/**
 * Numbers of a cell: count; mean of each column, sum of squares of each and sum of products, of differences from the means; the first number of
 * each column, from which everything else is counted, so that differences are small and mostly exact.
 */
const width = 8

class CorrelationCells extends WideCells implements AggregateCells {
  readonly #options: CorrelationOptions

  constructor(options: CorrelationOptions) {
    super(width)
    this.#options = options
  }

  update(page: Page, rows: Int32Array, cells: Int32Array, count: number): void {
    const [left, right] = [checkedNumbers(page, this.#options.field), checkedNumbers(page, this.#options.with)]
    const sums = this.sums
    for (let i = 0; i < count; i++) {
      const row = rows[i] as number
      if (left.nulls?.[row] === 1 || right.nulls?.[row] === 1) continue
      const at = (cells[i] as number) * width
      const size = ((sums[at] as number) += 1)
      if (size === 1) {
        sums[at + 6] = left.values[row] as number
        sums[at + 7] = right.values[row] as number
      }
      const x = (left.values[row] as number) - (sums[at + 6] as number)
      const y = (right.values[row] as number) - (sums[at + 7] as number)
      const awayX = x - (sums[at + 1] as number)
      const awayY = y - (sums[at + 2] as number)
      const meanX = ((sums[at + 1] as number) += awayX / size)
      const meanY = ((sums[at + 2] as number) += awayY / size)
      sums[at + 3] = (sums[at + 3] as number) + awayX * (x - meanX)
      sums[at + 4] = (sums[at + 4] as number) + awayY * (y - meanY)
      sums[at + 5] = (sums[at + 5] as number) + awayX * (y - meanY)
    }
  }

  merge(into: number, from: number): void {
    const of = (cell: number, which: number): number => this.sums[cell * width + which] as number
    const [left, right] = [of(into, 0), of(from, 0)]
    if (right === 0) return
    if (left === 0) return void this.sums.copyWithin(into * width, from * width, (from + 1) * width)
    const size = left + right
    const awayX = of(from, 6) - of(into, 6) + (of(from, 1) - of(into, 1))
    const awayY = of(from, 7) - of(into, 7) + (of(from, 2) - of(into, 2))
    const share = (left * right) / size
    const merged = [
      size,
      of(into, 1) + (awayX * right) / size,
      of(into, 2) + (awayY * right) / size,
      of(into, 3) + of(from, 3) + awayX * awayX * share,
      of(into, 4) + of(from, 4) + awayY * awayY * share,
      of(into, 5) + of(from, 5) + awayX * awayY * share,
    ]
    this.sums.set(merged, into * width)
  }

  result(cell: number): number | null {
    const [squaresX = 0, squaresY = 0, products = 0] = this.sums.subarray(cell * width + 3, cell * width + 6)
    const both = squaresX * squaresY
    // The product of both may be beyond a double where their roots are not.
    const root = both > 1e-300 && both < Infinity ? Math.sqrt(both) : Math.sqrt(squaresX) * Math.sqrt(squaresY)
    const found = products / root
    return Number.isFinite(found) ? Math.max(-1, Math.min(1, found)) : null
  }
}

export const correlationAggregate: Aggregate<CorrelationOptions> = {
  spec: {
    name: 'correlation',
    summary: 'How far two columns rise and fall together, from −1 to 1; null when one of them does not change.',
    description:
      'The coefficient of Pearson, as `corr` of Postgres. Rows in which one of both is null are left out. Sums are of differences from the ' +
      'means, and parts are joined as Pébay (2008) has it, so that large numbers close together lose no digits.',
    options: {
      field: numberField,
      with: { type: 'field', required: true, summary: 'The other column of numbers; null is left out.' },
    },
    precision: 'a double, off in its last digits',
    memory: '64 bytes',
    example: {
      use: "correlation('distance', 'delay')",
      options: { field: 'distance', with: 'delay' },
      rows: [
        { distance: 1, delay: 2 },
        { distance: 2, delay: 4 },
        { distance: 3, delay: 6 },
      ],
      result: 1,
    },
  },
  resultType: 'number',
  reads: options => ({ fields: [options.field, options.with], numbers: [options.field, options.with] }),
  create: options => new CorrelationCells(options),
}
