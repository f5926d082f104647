/** `eventTime` against the contract; its twin is the rule of the watermark, word by word. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { expressionOf, interpret } from '../../operators/expressions/expression.ts'
import { eventTime } from '../../operators/eventTime.ts'
import type { Row } from '../../operators/flow.ts'
import { operatorContract, type Twin } from '../contract/operator.ts'
import { runOperator } from '../contract/operator-run.ts'
import { withBarriers } from './arbitrary.ts'

const twin: Twin = {
  input: withBarriers(
    fc.record({
      at: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 300 }) }, fc.constant(null)),
      arrived: fc.oneof(
        { weight: 9, arbitrary: fc.integer({ min: 0, max: 300 }) },
        fc.constantFrom(null, 'text', '1970-01-01T00:00:00.100'),
      ),
    }),
  ),
  options: { field: 'at', lag: 60, maxFuture: { allow: 100, of: 'arrived' } },
  answer(list) {
    let max = -Infinity
    const [main, suspect]: [Row[], Row[]] = [[], []]
    for (const row of list) {
      const at = row['at'] as number | null
      const arrived = row['arrived'] === null ? NaN : row['arrived'] === '1970-01-01T00:00:00.100' ? 100 : row['arrived']
      if (at === null || typeof arrived !== 'number') continue
      const out = { ...row, $eventTime: at, $watermark: max - 60 }
      if (at - arrived > 100) suspect.push(out)
      else {
        main.push(out)
        max = Math.max(max, at)
      }
    }
    return {
      ports: { main, suspect },
      dead: [...list.entries()].flatMap(([order, row]) => (row['at'] === null || row['arrived'] === 'text' ? [order] : [])),
    }
  },
}
const test = operatorContract(eventTime, { poison: { at: 'yesterday', arrived: 1 }, twin })

const times: readonly unknown[] = [
  '2026-03-02',
  '2026-03-02T08:05:00Z',
  '2026-03-02 08:05:00.1239+01:00',
  '2026-03-02T08:05',
  '20:05',
  '02.03.2026',
  '3/2/2026',
  'Mar 2, 2026 08:00',
  'Mon, 02 Mar 2026 08:00:00 GMT',
  '2026',
  '1772438700000',
  '2026-02-30',
  '2026-03-02T25:00:00Z',
  '',
  1_772_438_700_000,
  true,
  {},
]

test('only ISO 8601 and milliseconds are times, as in expressions', async () => {
  const asTimestamp = expressionOf('at::timestamp')
  const expected = times.flatMap(at => {
    try {
      return [interpret(asTimestamp, { at })]
    } catch {
      return []
    }
  })
  const { ports, dead } = await runOperator(eventTime, { options: { field: 'at', lag: 0 }, input: times.map(at => ({ at })), pageRows: 5 })
  assert.equal(
    ports['main']?.map(row => row['$eventTime']),
    expected,
  )
  assert.equal(dead, [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16])
})

test.run()
