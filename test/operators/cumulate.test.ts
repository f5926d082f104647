/** `cumulate` against the contract; its twin holds every row. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { cumulate } from '../../operators/cumulate.ts'
import type { Row } from '../../operators/flow.ts'
import { compareKeys } from '../../operators/windows/window-keys.ts'
import { operatorContract } from '../contract/operator.ts'
import { runOperator } from '../contract/operator-run.ts'
import { aggregate, bare, keyOf, mergedRows, resultsOf, stampOf, timedRows, timeOf } from './window-inputs.ts'

interface Lengths {
  readonly size: number
  readonly step: number
  readonly offset?: number
}

/** Each window by itself, from all rows that it was open for. */
function answer(rows: readonly Row[], options: Readonly<Record<string, unknown>>): { ports: Record<string, Row[]> } {
  const { size, step, offset = 0 } = options as unknown as Lengths
  const startOf = (one: Row): number => Math.floor((timeOf(one) - offset) / size) * size + offset
  const starts = [...new Set(rows.map(startOf))].sort((a, b) => a - b)
  const main = starts.flatMap(start => {
    const ends = Array.from({ length: size / step }, (_, i) => start + (i + 1) * step)
    return ends.flatMap(end => {
      const held = rows.filter(one => startOf(one) === start && timeOf(one) < end && stampOf(one) < end)
      const keys = [...new Set(held.map(keyOf))].sort((a, b) => compareKeys([a], [b]))
      return keys.map(origin => ({
        origin,
        windowStart: start,
        windowEnd: end,
        ...resultsOf(held.filter(one => keyOf(one) === origin)),
        $eventTime: end - 1,
        $watermark: end - 1,
      }))
    })
  })
  return { ports: { main, late: rows.filter(one => stampOf(one) >= startOf(one) + size).map(bare) } }
}

const by = ['origin']
const options = fc.constantFrom<Readonly<Record<string, unknown>>>(
  { size: 100, step: 25, by, aggregate },
  { size: 60, step: 60, by, aggregate },
  { size: 120, step: 10, offset: 7, by, aggregate },
  { size: 300, step: 5, by, aggregate },
)
const test = operatorContract(cumulate, {
  poison: { skip: 'the example only counts rows; tumble shows it for numbers' },
  twin: { input: timedRows, options, answer, numRuns: 250 },
})

test('stamps that fall, as where streams were merged, lose nothing and decide alone', async () => {
  const property = fc.asyncProperty(mergedRows, options, async (input, chosen) => {
    const { ports } = await runOperator(cumulate, { options: chosen, input, pageRows: 4096, restartAfter: [1, 3] })
    const wanted = answer(
      input.filter(one => typeof one === 'object'),
      chosen,
    ).ports
    assert.equal(ports['main'] ?? [], wanted['main'])
    assert.is(ports['late']?.length ?? 0, wanted['late']?.length)
  })
  await fc.assert(property, { seed: 4, numRuns: 150 })
})

test('steps that do not make up the whole, or are too many, are INVALID', () => {
  const input = { fields: {}, isOpen: true, key: [], isTimed: true }
  for (const [option, size, step] of [
    ['step', 10, 3],
    ['step', 10, 20],
    ['step', 10, 0],
    ['size', 0, 1],
    ['step', '1d', '1s'],
  ] as const)
    assert.throws(
      () => cumulate.types?.({ size, step, aggregate: { n: { aggregate: 'count' } } }, input, () => undefined),
      (error: { code?: unknown; details?: { option?: unknown } }) => error.code === 'INVALID' && error.details?.option === option,
    )
})

test.run()
