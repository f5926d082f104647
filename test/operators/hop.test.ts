/** `hop` against the contract; its twin holds every row. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { hop } from '../../operators/hop.ts'
import { operatorContract } from '../contract/operator.ts'
import { runOperator } from '../contract/operator-run.ts'
import { aggregate, alignedAnswer, mergedRows, timedRows } from './window-inputs.ts'
import { runChain } from './window-run.ts'

const by = ['origin']
const options = fc.constantFrom<Readonly<Record<string, unknown>>>(
  { size: 100, every: 50, by, aggregate },
  { size: 100, every: 30, by, aggregate },
  { size: 70, every: 25, offset: 13, by, aggregate },
  { size: 50, every: 50, by, aggregate },
  { size: 60, every: 20, allowedLateness: 40, by, aggregate },
  { size: 70, every: 30, by, aggregate, emit: 'onUpdate' },
  { size: 50, every: 40, allowedLateness: 500, by, aggregate, emit: 'onUpdate' },
)
const test = operatorContract(hop, {
  poison: { skip: 'the example only counts rows; tumble shows it for numbers' },
  twin: {
    input: timedRows,
    options,
    answer: alignedAnswer,
    numRuns: 250,
  },
})

test('stamps that fall, as where streams were merged, lose nothing and decide alone', async () => {
  const refiring = options.filter(chosen => 'allowedLateness' in chosen || 'emit' in chosen)
  const property = fc.asyncProperty(mergedRows, refiring, async (input, chosen) => {
    const { ports } = await runOperator(hop, { options: chosen, input, pageRows: 4096, restartAfter: [1, 3] })
    const wanted = alignedAnswer(
      input.filter(one => typeof one === 'object'),
      chosen,
    ).ports
    assert.equal(ports['main'] ?? [], wanted['main'])
    assert.is(ports['late']?.length ?? 0, wanted['late']?.length)
  })
  await fc.assert(property, { seed: 4, numRuns: 200 })
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
