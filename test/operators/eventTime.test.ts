/** `eventTime` against the contract; its twin is the rule of the watermark, word by word. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { anyRow } from '../../operators/expressions/types.ts'
import { expressionOf, interpret } from '../../operators/expressions/expression.ts'
import { eventTime } from '../../operators/eventTime.ts'
import type { Row } from '../../operators/flow.ts'
import type { StepContext } from '../../operators/operator.ts'
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

const partitioned: Twin = {
  input: withBarriers(fc.record({ at: fc.integer({ min: 0, max: 300 }), $partition: fc.constantFrom(0, 1, 5) })),
  options: { field: 'at', lag: 20, watermark: 'partition' },
  answer(list) {
    const largest = new Map<unknown, number>()
    let before = -Infinity
    const main = list.map(row => {
      const out = { at: row['at'], $eventTime: row['at'], $watermark: before }
      largest.set(row['$partition'], Math.max(largest.get(row['$partition']) ?? -Infinity, row['at'] as number))
      before = Math.max(before, Math.min(...largest.values()) - 20)
      return out
    })
    return { ports: { main } }
  },
}
const byPartition = operatorContract(eventTime, { poison: { at: 'yesterday', arrived: 1 }, twin: partitioned })

test('what lies too far behind the time of its record is suspect', async () => {
  const input = [
    { at: 1000, $order: 1000 },
    { at: 1300, $order: 1100 },
    { at: 1200, $order: 1100 },
  ]
  const { ports } = await runOperator(eventTime, { options: { field: 'at', lag: 0, maxFuture: { allow: 100 } }, input, pageRows: 5 })
  assert.equal(ports['main']?.map(({ at }) => at), [1000, 1200]) // prettier-ignore
  assert.equal(ports['suspect']?.map(({ at }) => at), [1300]) // prettier-ignore
})

test('a row without its partition is given up where partitions count', async () => {
  const options = { field: 'at', lag: 0, watermark: 'partition' }
  const { ports, dead } = await runOperator(eventTime, { options, input: [{ at: 1, $partition: 1 }, { at: 2 }], pageRows: 5 })
  assert.equal([ports['main']?.length, dead], [1, [1]])
})

test('an idle source goes on with the clock, and says so when a row ends that, also after a restart', async () => {
  for (const restartAfter of [[], [1]]) {
    const { ports, kinds } = await runOperator(eventTime, {
      options: { field: 'at', lag: 10, idle: 50 },
      input: [{ at: 100, $order: 1000 }, 'tick 1049', 'tick 1050', 'tick 1080', 'barrier', { at: 90, $order: 1090 }, 'tick 1100'],
      pageRows: 7,
      restartAfter,
    })
    const stamps = ports['main']?.map(({ $watermark }) => $watermark)
    assert.equal(stamps, [-Infinity, 170])
    const idles = ['tick', 'moves', 'watermark', 'watermark', 'tick', 'moves', 'watermark', 'watermark', 'tick']
    assert.equal(kinds, ['moves', 'page', 'watermark', ...idles, 'barrier', 'moves', 'page', 'watermark', 'tick'])
  }
})

test('options that need a log are refused without one', () => {
  const context = { recordedOf: undefined } as unknown as StepContext
  for (const more of [{ idle: '1s' }, { watermark: 'partition' as const }, { maxFuture: { allow: '1s' } }])
    assert.throws(
      () => eventTime.create({ field: 'at', lag: 0, ...more }, context),
      (error: unknown) => isEventStoreError(error, 'INVALID'),
    )
  const closed = { ...anyRow, isOpen: false, fields: { at: 'timestamp' as const } }
  const byPartition = { field: 'at', lag: 0, watermark: 'partition' as const }
  assert.throws(() => eventTime.types?.(byPartition, closed, () => undefined), (error: unknown) => isEventStoreError(error, 'INVALID')) // prettier-ignore
})

test.run()
byPartition.run()
