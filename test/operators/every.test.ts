/** `every` against the contract; its twin counts instants one by one. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { every } from '../../operators/every.ts'
import { anyRow } from '../../operators/expressions/types.ts'
import type { Row } from '../../operators/flow.ts'
import { operatorContract, type Twin } from '../contract/operator.ts'
import { withBarriers } from './arbitrary.ts'

/** The order stands for when a row was recorded, as stamps tell it. */
const twin: Twin = {
  input: withBarriers(fc.record({ gap: fc.integer({ min: 0, max: 45 }) })).map(input => {
    let order = 0
    return input.map(one => (typeof one === 'string' ? one : { ...one, $order: (order += one['gap'] as number) }))
  }),
  options: { interval: 20, offset: 5 },
  answer(list) {
    const main: Row[] = []
    let clock = list[0]?.['$order'] as number
    for (const { $order: time } of list) {
      const passed: number[] = []
      while (clock < (time as number)) if (++clock % 20 === 5) passed.push(clock)
      if (passed.length > 0) main.push({ at: passed.at(-1), missed: passed.length - 1 })
    }
    return { ports: { main } }
  },
}
const test = operatorContract(every, { poison: { skip: 'it does not look at what rows hold' }, twin })

test('lengths that make no sense are refused', () => {
  for (const options of [{ interval: '9ms' }, { interval: '1s', offset: '1s' }, { interval: 'often' }])
    assert.throws(() => every.types?.(options, anyRow, () => undefined), (error: unknown) => isEventStoreError(error, 'INVALID')) // prettier-ignore
})

test.run()
