/** `projection` against the contract. */
import * as fc from 'fast-check'
import { projection } from '../../operators/projection.ts'
import type { Row } from '../../operators/flow.ts'
import { operatorContract } from '../contract/operator.ts'
import { airports, withBarriers } from './arbitrary.ts'

const withoutNulls = (row: Row): Row => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))

const test = operatorContract(projection, {
  poison: { sensor: 'c', value: 3n },
  twin: {
    input: withBarriers(fc.record({ origin: airports, delay: fc.integer(), note: fc.string() }, { requiredKeys: ['origin', 'delay'] })),
    options: fc.constantFrom({ name: 'delays', key: ['origin'], value: { late: 'delay' } }, { name: 'delays', key: ['origin'] }),
    answer: (rows, { value }) => ({
      projection: rows.map(row => [[row['origin']], value === undefined ? withoutNulls(row) : { late: row['delay'] }] as const),
    }),
  },
})

test.run()
