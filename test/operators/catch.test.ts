/** `catch` against the contract. What comes to it is the work of the runtime. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { catchRows } from '../../operators/catch.ts'
import { anyRow, typeOfField } from '../../operators/expressions/types.ts'
import { operatorContract } from '../contract/operator.ts'
import { everyRow, sameInOtherPages } from './selected.ts'

const test = operatorContract(catchRows, {
  poison: { skip: 'it looks at no row' },
  twin: { input: everyRow, options: {}, answer: rows => ({ ports: { main: [...rows] }, dead: [] }) },
})

sameInOtherPages(test, catchRows, { options: fc.constant({}) })

test('the columns that say what went wrong are texts, and nobody else must bring them', () => {
  const main =
    catchRows.types?.({}, { ...anyRow, fields: { a: 'number', error: 'json' }, isOpen: false }, () => undefined)['main'] ?? anyRow
  assert.equal(main.fields, { a: 'number', error: 'text', errorCode: 'text', errorStep: 'text' })
  assert.is(typeOfField(main, 'b'), undefined)
  assert.equal(
    catchRows.needs(
      {},
      () => new Set(['a', 'error', 'errorStep', '*']),
      () => undefined,
    ),
    new Set(['a', '*']),
  )
})

test.run()
