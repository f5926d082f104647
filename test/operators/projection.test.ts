/** `projection` against the contract. */
import * as fc from 'fast-check'
import { projection } from '../../operators/projection.ts'
import { operatorContract } from '../contract/operator.ts'
import { airports, withBarriers } from './arbitrary.ts'

const test = operatorContract(projection, {
  poison: { skip: 'every value can be a key and a value' },
  twin: {
    input: withBarriers(fc.record({ origin: airports, delay: fc.integer() })),
    options: fc.constantFrom({ name: 'delays', key: ['origin'], value: { late: 'delay' } }),
    answer: rows => ({ projection: rows.map(row => [[row['origin']], { late: row['delay'] }] as const) }),
  },
})

test.run()
