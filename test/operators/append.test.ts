/** `append` against the contract. */
import * as fc from 'fast-check'
import { append } from '../../operators/append.ts'
import { operatorContract } from '../contract/operator.ts'
import { airports, withBarriers } from './arbitrary.ts'

const test = operatorContract(append, {
  poison: { origin: null, delay: 1 },
  twin: {
    input: withBarriers(fc.record({ origin: airports, delay: fc.integer() })),
    options: { stream: 'a{{{origin}-{delay}', type: 'late', data: ['delay'] },
    answer: rows => ({
      outbox: rows
        .filter(row => row['origin'] !== null)
        .map(row => [`a{${String(row['origin'])}-${String(row['delay'])}`, { type: 'late', data: { delay: row['delay'] } }] as const),
      dead: [...rows.entries()].flatMap(([order, row]) => (row['origin'] === null ? [order] : [])),
    }),
  },
})

test.run()
