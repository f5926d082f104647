/** `median`: the value in the middle of the sorted values, or halfway between the two that are. */
import { type Aggregate, type AggregateUse, numberField, type Operand, operandOf } from './aggregate.ts'
import { NumberLists } from './number-lists.ts'

/** The median of a column of numbers. */
export function median(operand: Operand): AggregateUse<number> {
  return { aggregate: 'median', ...operandOf(operand) }
}

class MedianCells extends NumberLists {
  protected override of(sorted: Float64Array): number {
    const middle = sorted.length >> 1
    const high = sorted[middle] as number
    if (sorted.length % 2 === 1) return high
    const low = sorted[middle - 1] as number
    return low === high ? low : low + 0.5 * (high - low)
  }
}

export const medianAggregate: Aggregate<{ readonly field: string }> = {
  spec: {
    name: 'median',
    summary: 'The value in the middle of the sorted values, or halfway between the two that are; null when no row has a number there.',
    description: 'The same as `percentileCont` of 0.5. It is exact, so all values of an open window are kept.',
    options: { field: numberField },
    precision: 'exact',
    memory: '8 bytes a value',
    example: {
      use: "median('delay')",
      options: { field: 'delay' },
      rows: [{ delay: 9 }, { delay: 1 }, { delay: 6 }, { delay: 5 }],
      result: 5.5,
    },
  },
  resultType: 'number',
  reads: ({ field }) => ({ fields: [field], numbers: [field] }),
  create: ({ field }) => new MedianCells(field),
}
