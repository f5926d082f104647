/** `processingTime` against the contract; its twin is a clock that only goes forward. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { processingTime } from '../../operators/processingTime.ts'
import { operatorContract, type Twin } from '../contract/operator.ts'
import { runOperator } from '../contract/operator-run.ts'
import { withBarriers } from './arbitrary.ts'

/** The order stands for when a row was recorded, as stamps tell it. */
const twin: Twin = {
  input: withBarriers(fc.record({ gap: fc.integer({ min: 0, max: 3 }) })).map(input => {
    let order = 0
    return input.map(one => (typeof one === 'string' ? one : { ...one, $order: (order += one['gap'] as number) }))
  }),
  options: { as: 'at' },
  answer(list) {
    let before = -Infinity
    const main = list.map(({ $order: at, ...row }) => {
      const out = { ...row, at, $eventTime: at, $watermark: before }
      before = Math.max(before, at as number)
      return out
    })
    return { ports: { main } }
  },
}
const test = operatorContract(processingTime, { poison: { skip: 'each row was recorded some time' }, twin })

test('no column is written without a name for it', async () => {
  const { ports } = await runOperator(processingTime, { options: {}, input: [{ size: 1, $order: 7 }], pageRows: 1 })
  assert.equal(ports['main'], [{ size: 1, $eventTime: 7, $watermark: -Infinity }])
})

test.run()
