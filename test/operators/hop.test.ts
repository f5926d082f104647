/** `hop` against the contract; its twin holds every row. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { hop } from '../../operators/hop.ts'
import { operatorContract } from '../contract/operator.ts'
import { aggregate, alignedAnswer, timedRows } from './window-inputs.ts'
import { runChain } from './window-run.ts'

const by = ['origin']
const test = operatorContract(hop, {
  poison: { skip: 'the example only counts rows; tumble shows it for numbers' },
  twin: {
    input: timedRows,
    options: fc.constantFrom(
      { size: 100, every: 50, by, aggregate },
      { size: 100, every: 30, by, aggregate },
      { size: 70, every: 25, offset: 13, by, aggregate },
      { size: 50, every: 50, by, aggregate },
      { size: 60, every: 20, allowedLateness: 40, by, aggregate },
      { size: 70, every: 30, by, aggregate, emit: 'onUpdate' },
      { size: 50, every: 40, allowedLateness: 500, by, aggregate, emit: 'onUpdate' },
    ),
    answer: alignedAnswer,
    numRuns: 250,
  },
})

test('a row that is in many windows, and windows that are as long as they start apart', async () => {
  const input = [{ at: 0, $eventTime: 0, $watermark: -Infinity }, 'end' as const]
  const rows = async (size: number, every: number): Promise<number> =>
    (await runChain([{ operator: hop, options: { size, every, aggregate: { n: { aggregate: 'count' } } } }], { input })).rows.length
  assert.is(await rows(1000, 1), 1000)
  assert.is(await rows(999, 500), 2)
  assert.is(await rows(7, 7), 1)
})

test('windows that would leave rows out, or too many of them, are INVALID', () => {
  const input = { fields: {}, isOpen: true, key: [], isTimed: true }
  for (const [size, every] of [
    [10, 11],
    [10, 0],
    [0, 1],
    ['1d', '1s'],
  ] as const)
    assert.throws(
      () => hop.types?.({ size, every, aggregate: { n: { aggregate: 'count' } } }, input, () => undefined),
      (error: { code?: unknown }) => error.code === 'INVALID',
      `${size} ${every}`,
    )
})

test.run()
