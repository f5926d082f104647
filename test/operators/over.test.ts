/** `over` against the contract; its twin sorts the rows and looks at the frame of each anew. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { Row } from '../../operators/flow.ts'
import { over } from '../../operators/over.ts'
import { compareKeys } from '../../operators/windows/window-keys.ts'
import { operatorContract } from '../contract/operator.ts'
import { MemoryState, runOperator } from '../contract/operator-run.ts'
import { aggregate, bare, keyOf, mergedRows, resultsOf, stampOf, timedRows, timeOf } from './window-inputs.ts'
import { brokenPromises, runChain } from './window-run.ts'

const by = ['origin']

function answer(input: readonly Row[], options: Readonly<Record<string, unknown>>): { ports: Record<string, Row[]> } {
  const { rows = Infinity, range, order } = options as { rows?: number; range?: number; order?: string }
  const isLate = (one: Row): boolean => order !== 'arrival' && stampOf(one) > timeOf(one)
  const inTime = input.filter(one => !isLate(one))
  const sorted = order === 'arrival' ? inTime : inTime.toSorted((a, b) => timeOf(a) - timeOf(b) || compareKeys([keyOf(a)], [keyOf(b)]))
  const main = sorted.map((one, at) => {
    const before = sorted.slice(0, at + 1).filter(other => keyOf(other) === keyOf(one))
    const peers = sorted.slice(at + 1).filter(other => keyOf(other) === keyOf(one) && timeOf(other) === timeOf(one))
    const frame =
      range === undefined
        ? before.slice(-Math.min(rows + 1, before.length))
        : [...before, ...peers].filter(other => timeOf(other) >= timeOf(one) - range)
    const stamps = order === 'arrival' ? { $watermark: stampOf(one) } : { $watermark: timeOf(one) }
    return { ...bare(one), ...resultsOf(frame), $eventTime: timeOf(one), ...stamps }
  })
  return { ports: { main, late: input.filter(isLate).map(bare) } }
}

const options = fc.constantFrom<Readonly<Record<string, unknown>>>(
  { rows: 0, by, aggregate },
  { rows: 1, by, aggregate },
  { rows: 4, by, aggregate },
  { range: 0, by, aggregate },
  { range: 10, by, aggregate },
  { range: 60, by, aggregate },
  { by, aggregate },
  { rows: 3, by, aggregate, order: 'arrival' },
  { by, aggregate, order: 'arrival' },
)
const test = operatorContract(over, {
  poison: { symbol: 'A', price: 'dear' },
  twin: { input: timedRows, options, answer, numRuns: 400 },
})

test('stamps that fall, as where streams were merged, lose nothing and decide alone', async () => {
  const property = fc.asyncProperty(mergedRows, options, async (input, chosen) => {
    const { ports } = await runOperator(over, { options: chosen, input, pageRows: 4096, restartAfter: [1, 3] })
    const wanted = answer(
      input.filter(one => typeof one === 'object'),
      chosen,
    ).ports
    assert.equal(ports['main'] ?? [], wanted['main'])
    assert.equal((ports['late'] ?? []).map(bare), wanted['late'])
  })
  await fc.assert(property, { seed: 4, numRuns: 150 })
})

test('every stamp and watermark that leaves holds, and what a range keeps is gone when it is over', async () => {
  const property = fc.asyncProperty(timedRows, fc.constantFrom(1, 3, 4096), async (input, pageRows) => {
    const state = new MemoryState()
    const step = { operator: over, options: { range: 30, by, aggregate: { n: { aggregate: 'count' } } }, state }
    assert.equal(brokenPromises((await runChain([step], { input, pageRows })).flows), [])
    assert.ok(state.rowsByKey.size <= 1)
  })
  await fc.assert(property, { seed: 4, numRuns: 100 })
})

test('a long frame gives the same as a short one would, at once: sums of wholes and of parts, over restarts', async () => {
  const row = fc.record({ at: fc.integer({ min: 0, max: 400 }), x: fc.double({ noNaN: true, noDefaultInfinity: true }) })
  const property = fc.asyncProperty(
    fc.array(row, { maxLength: 80, size: 'max' }),
    fc.constantFrom({ rows: 7 }, { range: 40 }),
    async (some, frame) => {
      const rows = some.toSorted((a, b) => a.at - b.at)
      const input = rows.flatMap(({ at, x }, i) => [
        { x, k: i % 2, $eventTime: at, $watermark: at - 10 },
        ...(i % 5 === 0 ? (['barrier'] as const) : []),
      ])
      const chosen = { ...frame, by: ['k'], aggregate: { sum: { aggregate: 'sum', field: 'x' } } }
      const run = async (pageRows: number, restartAfter: number[]): Promise<unknown> =>
        (await runOperator(over, { options: chosen, input: [...input, 'end'], pageRows, restartAfter })).ports
      assert.equal(await run(1, [1, 2, 4, 7]), await run(4096, []))
    },
  )
  await fc.assert(property, { seed: 4, numRuns: 80 })
})

test('rows come back whole after a restart, and those that can not are given up when they come', async () => {
  const circle: { self?: unknown } = {}
  circle.self = circle
  const odd = { bytes: Uint8Array.of(1, 2), when: new Date(5), big: 7n, list: [1, { a: null }], nothing: null, text: 'é' }
  const input = [
    { k: 1, ...odd, $eventTime: 5, $watermark: 0 },
    { k: 1, circle, $eventTime: 6, $watermark: 0 },
    'barrier' as const,
    { k: 2, $eventTime: 4, $watermark: 0 },
    'end' as const,
  ]
  const run = async (restartAfter: number[]): Promise<unknown> => {
    const chosen = { rows: 1, by: ['k'], aggregate: { n: { aggregate: 'count' } } }
    const { ports, dead } = await runOperator(over, { options: chosen, input, pageRows: 4096, restartAfter })
    return [ports['main'], dead]
  }
  const [main, dead] = (await run([])) as [Row[], number[]]
  assert.equal(dead, [1])
  assert.equal(main.map(bare)[1]?.['bytes'], odd.bytes)
  assert.equal(await run([1]), [main, dead])
})

test('rows and range together, and a range in the order of arrival, are INVALID', () => {
  const input = { fields: {}, isOpen: true, key: [], isTimed: true }
  for (const [option, more, row] of [
    ['range', { rows: 1, range: 5 }, input],
    ['order', { range: 5, order: 'arrival' }, input],
    ['order', { rows: 5 }, { ...input, isTimed: false }],
    ['aggregate.k', { rows: 1, by: ['k'], aggregate: { k: { aggregate: 'count' } } }, input],
  ] as const)
    assert.throws(
      () => over.types?.({ aggregate: { n: { aggregate: 'count' } }, ...more } as never, row, () => undefined),
      (error: { code?: unknown; details?: { option?: unknown } }) => error.code === 'INVALID' && error.details?.option === option,
    )
})

test.run()
