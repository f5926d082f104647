/** `percentileCont`: the value at a share of the way through the sorted values, between two of them where it lies there. */
import { EventStoreError } from '../../event/error.ts'
import { type Aggregate, type AggregateUse, numberField, type Operand, operandOf } from './aggregate.ts'
import { NumberLists } from './number-lists.ts'

/** As Postgres `percentile_cont`: at place p·(n − 1) of n sorted values; `p` is from 0 to 1. */
export function percentileCont(operand: Operand, p: number): AggregateUse<number> {
  return { aggregate: 'percentileCont', ...operandOf(operand), p }
}

class PercentileContCells extends NumberLists {
  readonly #p: number

  constructor(field: string, p: number) {
    super(field)
    this.#p = p
  }

  protected override of(sorted: Float64Array): number {
    const place = this.#p * (sorted.length - 1)
    const [low, high] = [sorted[Math.floor(place)] as number, sorted[Math.ceil(place)] as number]
    return low === high ? low : low + (place - Math.floor(place)) * (high - low)
  }
}

export const percentileContAggregate: Aggregate<{ readonly field: string; readonly p: number }> = {
  spec: {
    name: 'percentileCont',
    summary: 'The value at a share of the way through the sorted values, between two of them where it lies there; null when there is none.',
    description:
      'As `percentile_cont` of Postgres: of n values the one at place p·(n − 1), counted from 0, in a straight line between its ' +
      'neighbours. `p` 0.5 is the median. It is exact, so all values of an open window are kept, 8 bytes each.',
    options: { field: numberField, p: { type: 'number', required: true, least: 0, most: 1, summary: 'From 0 to 1.' } },
    precision: 'exact',
    memory: '8 bytes a value',
    example: {
      use: "percentileCont('delay', 0.5)",
      options: { field: 'delay', p: 0.5 },
      rows: [{ delay: 9 }, { delay: 1 }, { delay: 5 }, { delay: 6 }],
      result: 5.5,
    },
  },
  resultType: 'number',
  reads: ({ field }) => ({ fields: [field], numbers: [field] }),
  create({ field, p }) {
    if (typeof p === 'number' && p >= 0 && p <= 1) return new PercentileContCells(field, p)
    throw new EventStoreError('INVALID', `percentileCont: p is not a number from 0 to 1: ${JSON.stringify(p)}`, { option: 'p' })
  },
}
