/** `variance`: mean of the squared differences from the mean, of a sample unless said otherwise. */
import { type Aggregate, type AggregateUse, numberField, type Operand, operandOf } from './aggregate.ts'
import { SpreadCells, spreadDescription, type SpreadKind, spreadKindOption, type SpreadOptions } from './moments.ts'

/** The variance of a column of numbers, as of a sample or of all there is. */
export function variance(operand: Operand, { kind }: { readonly kind?: SpreadKind } = {}): AggregateUse<number> {
  return { aggregate: 'variance', ...operandOf(operand), ...(kind !== undefined && { kind }) }
}

export const varianceAggregate: Aggregate<SpreadOptions> = {
  spec: {
    name: 'variance',
    summary: 'The variance of a column; null when there are fewer than two numbers, or none for a population.',
    description: `As \`var_samp\` of Postgres, which is what it calls \`variance\`, or with \`population\` as \`var_pop\`. ${spreadDescription}`,
    options: { field: numberField, kind: spreadKindOption },
    precision: 'a double, off in its last digits',
    memory: '32 bytes',
    example: {
      use: "variance('delay')",
      options: { field: 'delay' },
      rows: [{ delay: 1 }, { delay: 2 }, { delay: 3 }, { delay: null }],
      result: 1,
    },
  },
  resultType: 'number',
  reads: ({ field }) => ({ fields: [field], numbers: [field] }),
  create: options => new SpreadCells(options, 'variance'),
}
