/** `total` against the contract. */
import * as fc from 'fast-check'
import { total } from '../../operators/total.ts'
import { operatorContract } from '../contract/operator.ts'
import { withBarriers } from './arbitrary.ts'

const kinds = ['a', 'b', 'c']

const test = operatorContract(total, {
  poison: { skip: 'the example only counts rows; tumble shows it for numbers' },
  twin: {
    input: withBarriers(fc.record({ kind: fc.constantFrom(...kinds), price: fc.integer({ min: 0, max: 9 }) })).map(input => [
      ...input,
      'end' as const,
    ]),
    options: { aggregate: { price: { aggregate: 'sum', field: 'price' } } },
    key: ['kind'],
    answer: rows => ({
      ports: {
        main: kinds.flatMap(kind => {
          const own = rows.filter(row => row['kind'] === kind)
          return own.length === 0 ? [] : [{ kind, price: own.reduce((sum, row) => sum + (row['price'] as number), 0) }]
        }),
      },
    }),
  },
})

test.run()
