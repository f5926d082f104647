/** `percentile`: the value at a rank, exactly, from all the values (nearest rank, as Postgres `percentile_disc`). */
import { EventStoreError } from '../../event/error.ts'
import { type Aggregate, type AggregateUse, numberField, numberOf, type Operand, operandOf } from './aggregate.ts'
import { NumberLists } from './number-lists.ts'

/** The value at rank ⌈p·n⌉ of n sorted values; `p` is from 0 to 1 with at most four decimals. */
export function percentile(operand: Operand, p: number): AggregateUse<number> {
  return { aggregate: 'percentile', ...operandOf(operand), p }
}

class PercentileCells extends NumberLists {
  readonly #share: number

  constructor(field: string, share: number) {
    super(field)
    this.#share = share
  }

  protected override of(sorted: Float64Array): number {
    return sorted[rankIndex(this.#share, sorted.length)] as number
  }
}

/** ⌈P·n / 10⁴⌉ − 1 in integers, and the first for P = 0. */
export function rankIndex(share: number, count: number): number {
  const product = share * count
  const rest = product % 10_000
  return Math.max(0, (product - rest) / 10_000 + (rest > 0 ? 1 : 0) - 1)
}

/** p in ten-thousandths; INVALID unless it has at most four decimals and lies from 0 to 1. */
function shareOf(p: unknown): number {
  const share = typeof p === 'number' ? Math.round(p * 10_000) : NaN
  if (share >= 0 && share <= 10_000 && Math.abs((p as number) * 10_000 - share) < 1e-6) return share
  throw new EventStoreError('INVALID', `percentile: p is not a number from 0 to 1 with at most four decimals: ${JSON.stringify(p)}`, {
    option: 'p',
  })
}

export const percentileAggregate: Aggregate<{ readonly field: string; readonly p: number }> = {
  spec: {
    name: 'percentile',
    summary: 'The value at a rank of the sorted values; null when no row has a number there.',
    description:
      'Nearest rank, as `percentile_disc` of Postgres: of n values the one at index ⌈P·n / 10⁴⌉ − 1, P = round(10⁴·p), in integer ' +
      'arithmetic. It is exact, so all values of an open window are kept, 8 bytes each. `percentileCont` lies between two values.',
    options: {
      field: numberField,
      p: { type: 'number', required: true, least: 0, most: 1, summary: 'From 0 to 1, with at most four decimals.' },
    },
    precision: 'exact',
    memory: '8 bytes a value',
    example: {
      use: "percentile('delay', 0.5)",
      options: { field: 'delay', p: 0.5 },
      rows: [{ delay: 9 }, { delay: 1 }, { delay: 5 }],
      result: 5,
    },
  },
  resultType: numberOf,
  reads: ({ field }) => ({ fields: [field], numbers: [field] }),
  create: ({ field, p }) => new PercentileCells(field, shareOf(p)),
}
