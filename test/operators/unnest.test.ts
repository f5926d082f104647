/** `unnest` against the contract. */
import * as fc from 'fast-check'
import { unnest } from '../../operators/unnest.ts'
import { operatorContract } from '../contract/operator.ts'
import { withBarriers } from './arbitrary.ts'

const items = fc.oneof(fc.array(fc.integer(), { maxLength: 3 }), fc.constant('none'), fc.constant(null))

const test = operatorContract(unnest, {
  poison: { order: 1, items: 'no list' },
  twin: {
    input: withBarriers(fc.record({ order: fc.integer(), items })),
    options: { field: 'items' },
    answer: rows => ({
      ports: {
        main: rows.flatMap(row =>
          Array.isArray(row['items']) ? row['items'].map(item => ({ order: row['order'], items: item as number })) : [],
        ),
      },
      dead: [...rows.entries()].flatMap(([order, row]) => (row['items'] === 'none' ? [order] : [])),
    }),
  },
})

test.run()
