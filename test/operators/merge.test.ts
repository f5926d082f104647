/** `merge` against the contract. What comes by which input is the work of the runtime. */
import * as fc from 'fast-check'
import { merge } from '../../operators/merge.ts'
import { operatorContract } from '../contract/operator.ts'
import { everyRow, sameInOtherPages } from './selected.ts'

const test = operatorContract(merge, {
  poison: { skip: 'it looks at no row' },
  twin: { input: everyRow, options: {}, answer: rows => ({ ports: { main: [...rows] }, dead: [] }) },
})

sameInOtherPages(test, merge, { options: fc.constant({}) })

test.run()
