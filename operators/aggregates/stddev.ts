/** `stddev`: square root of the variance, of a sample unless said otherwise. */
import { type Aggregate, type AggregateUse, numberField, type Operand, operandOf } from './aggregate.ts'
import { SpreadCells, spreadDescription, type SpreadKind, spreadKindOption, type SpreadOptions } from './moments.ts'

/** The standard deviation of a column of numbers, as of a sample or of all there is. */
export function stddev(operand: Operand, { kind }: { readonly kind?: SpreadKind } = {}): AggregateUse<number> {
  return { aggregate: 'stddev', ...operandOf(operand), ...(kind !== undefined && { kind }) }
}

export const stddevAggregate: Aggregate<SpreadOptions> = {
  spec: {
    name: 'stddev',
    summary: 'The standard deviation of a column; null when there are fewer than two numbers, or none for a population.',
    description: `As \`stddev_samp\` of Postgres, which is what it calls \`stddev\`, or with \`population\` as \`stddev_pop\`. ${spreadDescription}`,
    options: { field: numberField, kind: spreadKindOption },
    precision: 'a double, off in its last digits',
    memory: '32 bytes',
    example: {
      use: "stddev('delay')",
      options: { field: 'delay' },
      rows: [{ delay: 1 }, { delay: 2 }, { delay: 3 }, { delay: null }],
      result: 1,
    },
  },
  resultType: 'number',
  reads: ({ field }) => ({ fields: [field], numbers: [field] }),
  create: options => new SpreadCells(options, 'stddev'),
}
