/** `session` against the contract; its twin holds every row, another sorts them and splits where a gap is too long. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { Row } from '../../operators/flow.ts'
import { session } from '../../operators/session.ts'
import { operatorContract } from '../contract/operator.ts'
import { equalInLanes } from '../contract/operator-lanes.ts'
import { runOperator } from '../contract/operator-run.ts'
import { aggregate, bare, byKey, keyOf, mergedRows, resultsOf, sessionAnswer, timedRows, timeOf } from './window-inputs.ts'

const by = ['origin']
const options = fc.constantFrom<Readonly<Record<string, unknown>>>(
  { gap: 10, by, aggregate },
  { gap: 30, by, aggregate },
  { gap: 10, allowedLateness: 30, by, aggregate },
  { gap: 25, allowedLateness: 60, by, aggregate },
  { gap: 20, by, aggregate, emit: 'onUpdate' },
  { gap: 15, allowedLateness: 50, by, aggregate, emit: 'onUpdate' },
  { gap: 25, by, aggregate, emit: { every: 10 } },
  { gap: 20, allowedLateness: 50, by, aggregate, emit: { every: 35 } },
)
const test = operatorContract(session, {
  poison: { skip: 'no aggregate of the example can fail; tumble shows it for numbers' },
  twin: {
    input: timedRows,
    options,
    answer: sessionAnswer,
    numRuns: 400,
  },
})

test('stamps that fall, as where streams were merged, lose nothing and decide alone', async () => {
  const property = fc.asyncProperty(mergedRows, options, async (input, chosen) => {
    const { ports } = await runOperator(session, { options: chosen, input, pageRows: 4096, restartAfter: [1, 3] })
    const wanted = sessionAnswer(
      input.filter(one => typeof one === 'object'),
      chosen,
    ).ports
    assert.equal(ports['main'] ?? [], wanted['main'])
    assert.is(ports['late']?.length ?? 0, wanted['late']?.length)
  })
  await fc.assert(property, { seed: 4, numRuns: 200 })
})

/** Rows in the order of time, cut where the next one is more than a gap away. */
function split(rows: readonly Row[], gap: number): Row[] {
  const sessions: Row[][] = []
  for (const one of rows.toSorted((a, b) => byKey(a, b) || timeOf(a) - timeOf(b))) {
    const last = sessions.at(-1)?.at(-1)
    if (last !== undefined && keyOf(last) === keyOf(one) && timeOf(one) - timeOf(last) <= gap) sessions.at(-1)?.push(one)
    else sessions.push([one])
  }
  const results = sessions.map(inTime => ({
    origin: keyOf(inTime[0] as Row),
    windowStart: timeOf(inTime[0] as Row),
    windowEnd: timeOf(inTime.at(-1) as Row) + gap,
    ...resultsOf(rows.filter(one => inTime.includes(one))),
  }))
  return results.sort((a, b) => a.windowEnd - b.windowEnd || byKey(a, b))
}

test('rows that are all in time give the gaps between them, in whatever order they come', async () => {
  const property = fc.asyncProperty(
    timedRows,
    fc.integer({ min: 1, max: 40 }),
    fc.constantFrom(1, 5, 4096),
    async (input, gap, pageRows) => {
      const early = input.map(one => (typeof one === 'string' ? one : { ...one, $watermark: -Infinity }))
      const rows = early.filter(one => typeof one === 'object')
      const run = { options: { gap, by, aggregate }, input: early, pageRows, restartAfter: [2] }
      const outcome = await runOperator(session, run)
      assert.ok(await equalInLanes(session, run, outcome))
      const { ports } = outcome
      const found = (ports['main'] ?? []).map(bare)
      assert.equal(found, split(rows, gap))
    },
  )
  await fc.assert(property, { seed: 4, numRuns: 150 })
})

test('a gap is passed when it is more than allowed, by the row and by the watermark', async () => {
  const at = (time: number, stamp: number): Row => ({ $eventTime: time, $watermark: stamp })
  const spans = async (...rows: Row[]): Promise<unknown> => {
    const options = { gap: 10, aggregate: { rows: { aggregate: 'count' } } }
    const { ports } = await runOperator(session, { options, input: [...rows, 'end'], pageRows: 1 })
    return [(ports['main'] ?? []).map(row => [row['windowStart'], row['windowEnd'], row['rows']]), ports['late']?.length ?? 0]
  }
  assert.equal(await spans(at(0, -Infinity), at(10, -Infinity)), [[[0, 20, 2]], 0])
  assert.equal(await spans(at(0, -Infinity), at(11, -Infinity)), [
    [
      [0, 10, 1],
      [11, 21, 1],
    ],
    0,
  ])
  assert.equal(await spans(at(0, -Infinity), at(-10, 10)), [[[-10, 10, 2]], 0], 'at its end the session is open')
  assert.equal(await spans(at(0, -Infinity), at(5, -Infinity), at(15, 15)), [[[0, 25, 3]], 0], 'and so it is when it had grown')
  assert.equal(await spans(at(0, -Infinity), at(0, 11)), [[[0, 10, 1]], 1], 'past its end it is closed')
  assert.equal(
    await spans(at(0, -Infinity), at(10, 11)),
    [
      [
        [0, 10, 1],
        [10, 20, 1],
      ],
      0,
    ],
    'what is closed takes nothing',
  )
  assert.equal(await spans(at(0, -Infinity), at(20, -Infinity), at(10, -Infinity)), [[[0, 30, 3]], 0], 'a row between makes one of two')
})

test.run()
