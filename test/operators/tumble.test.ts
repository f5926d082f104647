/** `tumble` against the contract; its twin keeps every row of every window, another what late rows and updates change. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { Row } from '../../operators/flow.ts'
import { tumble } from '../../operators/tumble.ts'
import { compareKeys } from '../../operators/windows/window-keys.ts'
import { operatorContract, type Twin } from '../contract/operator.ts'
import { equalInLanes } from '../contract/operator-lanes.ts'
import { runOperator } from '../contract/operator-run.ts'
import { airports, stamped, withBarriers } from './arbitrary.ts'
import { aggregate as ordered, alignedAnswer, bare, timedRows } from './window-inputs.ts'

const row = fc.record({
  at: fc.integer({ min: 0, max: 500 }),
  origin: airports,
  gate: fc.constantFrom(1, 2, '1'),
  delay: fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constant(null)),
})

/** In the plainest words: rows by (window, key), computed whole at the end. */
function answer(rows: readonly Row[], options: Readonly<Record<string, unknown>>): { ports: Record<string, Row[]>; dead: number[] } {
  const [size, offset] = [options['size'] as number, (options['offset'] as number | undefined) ?? 0]
  const cells = new Map<string, { end: number; key: unknown[]; delays: number[]; rows: Row[] }>()
  const late: Row[] = []
  for (const one of rows) {
    const end = Math.floor(((one['$eventTime'] as number) - offset) / size) * size + offset + size
    if ((one['$watermark'] as number) >= end) {
      late.push({ at: one['at'], origin: one['origin'], gate: one['gate'], delay: one['delay'] })
      continue
    }
    const key = [one['origin'], one['gate']]
    const name = JSON.stringify([end, key])
    const cell = cells.get(name) ?? { end, key, delays: [], rows: [] }
    cells.set(name, cell)
    cell.rows.push(one)
    if (one['delay'] !== null) cell.delays.push(one['delay'] as number)
  }
  const sorted = [...cells.values()].sort((a, b) => a.end - b.end || compareKeys(a.key, b.key))
  return { ports: { main: sorted.map(cell => rowOf(cell, size)), late }, dead: [] }
}

function rowOf({ end, key, delays, rows }: { end: number; key: unknown[]; delays: number[]; rows: Row[] }, size: number): Row {
  const ordered = [...delays].sort((a, b) => a - b)
  const n = ordered.length
  const sum = delays.reduce((total, delay) => total + delay, 0)
  const top = ordered.at(-1)
  return {
    origin: key[0],
    gate: key[1],
    windowStart: end - size,
    windowEnd: end,
    rows: rows.length,
    delays: n,
    sum: n === 0 ? null : sum,
    mean: n === 0 ? null : sum / n,
    min: ordered[0] ?? null,
    max: top ?? null,
    p30: ordered[Math.ceil((3000 * n) / 10_000) - 1] ?? null,
    top: rows.filter(one => one['delay'] !== null && one['delay'] === top).map(one => ({ at: one['at'] })),
  }
}

const delay = { field: 'delay' }
const aggregate = {
  rows: { aggregate: 'count' },
  delays: { aggregate: 'count', ...delay },
  sum: { aggregate: 'sum', ...delay },
  mean: { aggregate: 'mean', ...delay },
  min: { aggregate: 'min', ...delay },
  max: { aggregate: 'max', ...delay },
  p30: { aggregate: 'percentile', ...delay, p: 0.3 },
  top: { aggregate: 'argMax', ...delay, take: ['at'] },
}
const twin: Twin = {
  input: withBarriers(row, 120).map(input => [...stamped(input, 60), 'end', 'barrier']),
  options: fc.constantFrom({ size: 100, aggregate }, { size: 70, offset: 13, aggregate }),
  key: ['origin', 'gate'],
  answer,
  numRuns: 120,
}
const test = operatorContract(tumble, { poison: { origin: 'JFK', delay: 'long' }, twin })

test('late rows that are allowed, and updates, equal a twin that decides by the stamps', async () => {
  const by = ['origin']
  const options = fc.constantFrom<Readonly<Record<string, unknown>>>(
    { size: 40, by, aggregate: ordered },
    { size: 40, allowedLateness: 20, by, aggregate: ordered },
    { size: 30, offset: 7, allowedLateness: 500, by, aggregate: ordered },
    { size: 50, by, aggregate: ordered, emit: 'onUpdate' },
    { size: 50, allowedLateness: 35, by, aggregate: ordered, emit: 'onUpdate' },
    { size: 50, by, aggregate: ordered, emit: { every: 15 } },
    { size: 90, allowedLateness: 35, by, aggregate: ordered, emit: { every: 30 } },
  )
  const property = fc.asyncProperty(timedRows, options, fc.constantFrom(1, 2, 5, 4096), async (input, chosen, pageRows) => {
    const run = { options: chosen, input, pageRows, restartAfter: [1, 3] }
    const outcome = await runOperator(tumble, run)
    assert.ok(await equalInLanes(tumble, run, outcome))
    const { ports } = outcome
    const { main, late } = alignedAnswer(
      input.filter(one => typeof one === 'object'),
      chosen,
    ).ports
    assert.equal(ports['main'] ?? [], main)
    assert.equal((ports['late'] ?? []).map(bare), late)
  })
  await fc.assert(property, { seed: 4, numRuns: 300 })
})

test('a page that holds a row, one that moves the watermark, and one that is late but allowed', async () => {
  const input = [
    { k: 'a', $eventTime: 5, $watermark: -Infinity },
    { k: 'b', $eventTime: 15, $watermark: 5 },
    { k: 'a', $eventTime: 6, $watermark: 12 },
    { k: 'c', $eventTime: 7, $watermark: 19 },
    { k: 'a', $eventTime: 8, $watermark: 20 },
  ]
  const options = { size: 10, allowedLateness: 10, by: ['k'], aggregate: { rows: { aggregate: 'count' } } }
  for (const pageRows of [1, 2, 3, 5]) {
    const { ports } = await runOperator(tumble, { options, input: [...input, 'end'], pageRows })
    const main = (ports['main'] ?? []).map(row => [row['k'], row['windowStart'], row['rows']])
    assert.equal(main, [
      ['a', 0, 1],
      ['a', 0, 2],
      ['c', 0, 1],
      ['b', 10, 1],
    ])
    assert.is(ports['late']?.length, 1)
  }
})

test.run()
