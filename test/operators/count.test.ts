/** `count` against the contract. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { count } from '../../operators/count.ts'
import { anyRow } from '../../operators/expressions/types.ts'
import { operatorContract } from '../contract/operator.ts'
import { withBarriers } from './arbitrary.ts'
import { keyName, keys } from './keyed-inputs.ts'

const test = operatorContract(count, {
  poison: { skip: 'any row can be counted' },
  twin: {
    input: withBarriers(fc.record({ key: keys, second: keys, visits: fc.constant('none') })),
    options: fc.constantFrom({ by: ['key'], as: 'visits' }, { by: ['second', 'key'] }, {}),
    key: ['second'],
    answer(rows, { by = ['second'], as = 'count' }) {
      const counts = new Map<string, number>()
      const main = rows.map(row => {
        const name = keyName(row, by as string[])
        counts.set(name, (counts.get(name) ?? 0) + 1)
        return { ...row, [as as string]: counts.get(name) }
      })
      return { ports: { main }, dead: [] }
    },
  },
})

test('the count can not take the place of the key', () => {
  const refused = (error: unknown): boolean => isEventStoreError(error, 'INVALID') && error.details['option'] === 'as'
  const types = (options: object, key: readonly string[]): unknown => count.types?.(options, { ...anyRow, key }, () => undefined)
  assert.throws(() => types({ by: ['count'] }, []), refused)
  assert.throws(() => types({ as: 'guest' }, ['guest']), refused)
  types({ by: ['guest'], as: 'count' }, ['count'])
})

test.run()
