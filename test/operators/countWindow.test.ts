/** `countWindow` against the contract; its twin holds the rows of each key. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { countWindow } from '../../operators/countWindow.ts'
import type { Row } from '../../operators/flow.ts'
import type { ExampleFlow } from '../../operators/operator.ts'
import { compareKeys } from '../../operators/windows/window-keys.ts'
import { runOperator } from '../contract/operator-run.ts'
import { operatorContract } from '../contract/operator.ts'
import { aggregate, keyOf, resultsOf, stampOf, timedRows, timeOf } from './window-inputs.ts'
import { runChain } from './window-run.ts'

function answer(rows: readonly Row[], options: Readonly<Record<string, unknown>>): { ports: Record<string, Row[]> } {
  const { size, every = size } = options as { size: number; every?: number }
  const main: Row[] = []
  const ofKey = new Map<unknown, Row[]>()
  for (const one of rows) {
    const known = ofKey.get(keyOf(one)) ?? []
    ofKey.set(keyOf(one), known)
    known.push(one)
    const isFull = known.length >= size && (known.length - size) % every === 0
    if (isFull) main.push({ origin: keyOf(one), ...resultsOf(known.slice(-size)), $eventTime: timeOf(one), $watermark: stampOf(one) })
  }
  if (options['flushAtEnd'] === true) main.push(...unfilled(ofKey, { size, every }))
  return { ports: { main } }
}

/** What is begun at the end: by key, the older first. */
function unfilled(ofKey: ReadonlyMap<unknown, readonly Row[]>, { size, every }: { size: number; every: number }): Row[] {
  const sorted = [...ofKey].sort(([a], [b]) => compareKeys([a], [b]))
  return sorted.flatMap(([origin, rows]) => {
    const starts = Array.from({ length: Math.ceil(rows.length / every) }, (_, i) => i * every)
    return starts.filter(start => start + size > rows.length).map(start => ({ origin, ...resultsOf(rows.slice(start)) }))
  })
}

const by = ['origin']
const test = operatorContract(countWindow, {
  poison: { sensor: 'a', heat: 'warm' },
  twin: {
    input: timedRows,
    options: fc.constantFrom(
      { size: 1, by, aggregate },
      { size: 3, by, aggregate },
      { size: 4, every: 1, by, aggregate },
      { size: 5, every: 2, by, aggregate },
      { size: 3, every: 3, by, aggregate },
      { size: 4, by, aggregate, flushAtEnd: true },
      { size: 5, every: 2, by, aggregate, flushAtEnd: true },
    ),
    answer,
    numRuns: 250,
  },
})

test('it needs no event time, and without a key all rows are counted together', async () => {
  const input = Array.from({ length: 10_000 }, (_, i) => ({ n: i }))
  const options = { size: 1000, every: 500, aggregate: { sum: { aggregate: 'sum', field: 'n' } } }
  const { rows, flows } = await runChain([{ operator: countWindow, options }], { input })
  const sumFrom = (from: number): number => (1000 * (2 * from + 999)) / 2
  assert.equal(
    rows,
    Array.from({ length: 19 }, (_, i) => ({ sum: sumFrom(500 * i) })),
  )
  for (const flow of flows) if (flow.kind === 'page') assert.is(flow.eventTime, undefined)
})

test('what is not full at the end is never before the watermark, and the same after a restart right before the end', async () => {
  const input: ExampleFlow[] = [
    { k: 'b', $eventTime: 5, $watermark: -Infinity },
    { k: 'a', $eventTime: 90, $watermark: 5 },
    'watermark 50',
    'barrier',
    'end',
    'barrier',
  ]
  const options = { size: 2, by: ['k'], aggregate: { n: { aggregate: 'count' } }, flushAtEnd: true }
  for (const restartAfter of [[], [1]]) {
    const { ports } = await runOperator(countWindow, { options, input, pageRows: 1, restartAfter })
    assert.equal(ports['main'], [
      { k: 'a', n: 1, $eventTime: 90, $watermark: 50 },
      { k: 'b', n: 1, $eventTime: 50, $watermark: 50 },
    ])
  }
})

test('windows that would leave rows out are INVALID', () => {
  const input = { fields: {}, isOpen: true, key: [], isTimed: false }
  for (const [size, every] of [
    [2, 3],
    [5000, 1],
  ] as const)
    assert.throws(
      () => countWindow.types?.({ size, every, aggregate: { n: { aggregate: 'count' } } }, input, () => undefined),
      (error: { code?: unknown }) => error.code === 'INVALID',
    )
})

test.run()
