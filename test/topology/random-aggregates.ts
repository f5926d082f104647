/** Aggregates of numbers, for random options. */

export const aggregatesOf: readonly ((field: string) => Readonly<Record<string, unknown>>)[] = [
  field => ({ aggregate: 'sum', field }),
  field => ({ aggregate: 'mean', field }),
  field => ({ aggregate: 'max', field }),
  field => ({ aggregate: 'percentile', field, p: 0.5 }),
  field => ({ aggregate: 'percentileCont', field, p: 0.3 }),
  field => ({ aggregate: 'sum', of: `${field} * 2 + 1` }),
  field => ({ aggregate: 'variance', field }),
  field => ({ aggregate: 'median', field }),
  field => ({ aggregate: 'approxDistinct', field, precision: 4 }),
  field => ({ aggregate: 'weightedMean', field, weight: 'small' }),
  field => ({ aggregate: 'rate', field }),
]
