/** `hop` against the contract; its twin holds every row. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { Row } from '../../operators/flow.ts'
import { hop } from '../../operators/hop.ts'
import type { ExampleFlow } from '../../operators/operator.ts'
import { compareKeys } from '../../operators/windows/window-keys.ts'
import { operatorContract } from '../contract/operator.ts'
import { equalInLanes } from '../contract/operator-lanes.ts'
import { runOperator } from '../contract/operator-run.ts'
import { aggregate, alignedAnswer, keyOf, mergedRows, resultsOf, stampOf, timedRows, timeOf } from './window-inputs.ts'
import { runChain } from './window-run.ts'

const by = ['origin']
const options = fc.constantFrom<Readonly<Record<string, unknown>>>(
  { size: 100, every: 50, by, aggregate },
  { size: 100, every: 30, by, aggregate },
  { size: 70, every: 25, offset: 13, by, aggregate },
  { size: 50, every: 50, by, aggregate },
  { size: 300, every: 10, by, aggregate },
  { size: 305, every: 15, offset: 4, by, aggregate },
  { size: 60, every: 20, allowedLateness: 40, by, aggregate },
  { size: 70, every: 30, by, aggregate, emit: 'onUpdate' },
  { size: 50, every: 40, allowedLateness: 500, by, aggregate, emit: 'onUpdate' },
  { size: 70, every: 30, by, aggregate, emit: { every: 10 } },
  { size: 60, every: 20, allowedLateness: 40, by, aggregate, emit: { every: 25 } },
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

/** Windows that give their results once: the rows of each that it was open for, by the stamps beside them. */
function closedAnswer(rows: readonly Row[], { size, every, offset = 0 }: { size: number; every: number; offset?: number }): Row[] {
  const starts = Array.from({ length: 500 }, (_, i) => (i - 200) * every + offset)
  const holds = (start: number, one: Row): boolean => start <= timeOf(one) && timeOf(one) < start + size && stampOf(one) < start + size
  return starts.flatMap(start => {
    const held = rows.filter(one => holds(start, one))
    const keys = [...new Set(held.map(keyOf))].sort((a, b) => compareKeys([a], [b]))
    return keys.map(origin => ({
      origin,
      windowStart: start,
      windowEnd: start + size,
      ...resultsOf(held.filter(one => keyOf(one) === origin)),
      $eventTime: start + size - 1,
      $watermark: start + size - 1,
    }))
  })
}

test('slices hold a row for the windows that were open at its stamp, also where stamps fall', async () => {
  const lengths = fc.constantFrom(
    { size: 100, every: 30 },
    { size: 60, every: 20 },
    { size: 150, every: 5 },
    { size: 70, every: 25, offset: 13 },
  )
  const property = fc.asyncProperty(mergedRows, lengths, fc.constantFrom(1, 3, 4096), async (input, chosen, pageRows) => {
    // A barrier behind each row cuts pages without a watermark in band, which may be above no stamp to come.
    const flows = pageRows === 4096 ? input : input.flatMap((one): ExampleFlow[] => (typeof one === 'string' ? [one] : [one, 'barrier']))
    const run = { options: { ...chosen, by, aggregate }, input: flows, pageRows, restartAfter: [1, 3, 8] }
    const outcome = await runOperator(hop, run)
    assert.ok(await equalInLanes(hop, run, outcome))
    const { ports } = outcome
    const rows = input.filter(one => typeof one === 'object')
    assert.equal(ports['main'] ?? [], closedAnswer(rows, chosen))
    const isLate = (one: Row): boolean => {
      const { size, every, offset = 0 } = chosen as { size: number; every: number; offset?: number }
      return stampOf(one) >= Math.floor((timeOf(one) - offset) / every) * every + offset + size
    }
    assert.is(ports['late']?.length ?? 0, rows.filter(isLate).length)
  })
  await fc.assert(property, { seed: 4, numRuns: 200 })
})

test('sums of numbers that are not whole are the same at any page size and after a restart', async () => {
  const row = fc.record({ at: fc.integer({ min: 0, max: 300 }), x: fc.double({ noNaN: true, noDefaultInfinity: true }) })
  const property = fc.asyncProperty(fc.array(row, { maxLength: 60, size: 'max' }), async some => {
    const input: ExampleFlow[] = some
      .toSorted((a, b) => a.at - b.at)
      .flatMap(({ at, x }, i) => [{ x, $eventTime: at, $watermark: at - 40 }, ...(i % 7 === 0 ? (['barrier'] as const) : [])])
    const options = { size: 120, every: 5, aggregate: { sum: { aggregate: 'sum', field: 'x' } } }
    const run = async (pageRows: number, restartAfter: number[]): Promise<unknown> =>
      (await runOperator(hop, { options, input: [...input, 'end'], pageRows, restartAfter })).ports
    assert.equal(await run(1, [1, 2, 5]), await run(4096, []))
  })
  await fc.assert(property, { seed: 4, numRuns: 60 })
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
