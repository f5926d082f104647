/** `keyBy` against the contract. */
import * as fc from 'fast-check'
import { keyBy } from '../../operators/keyBy.ts'
import { operatorContract } from '../contract/operator.ts'
import { airports, withBarriers } from './arbitrary.ts'

const test = operatorContract(keyBy, {
  poison: { skip: 'every value can be a key' },
  twin: {
    input: withBarriers(fc.record({ origin: airports })),
    options: { fields: ['origin'] },
    answer: rows => ({ ports: { main: [...rows] }, dead: [] }),
  },
})

test.run()
