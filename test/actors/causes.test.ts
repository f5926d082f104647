/**
 * What leaves a step has the order of the row that is its cause, and so stands where it would stand if each row were a page: at any page size,
 * and after any restart.
 */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Row } from '../../operators/flow.ts'
import { count, topology } from '../../topology/pipeline.ts'
import { type Plan, planTopology } from '../../topology/plan.ts'
import { build, Outside, page, planOf } from './outside.ts'

const functions: Readonly<Record<string, (row: never) => unknown>> = {
  '#isFast': ({ fast }: { fast?: boolean }) => fast === true,
  '#isSlow': ({ fast }: { fast?: boolean }) => fast !== true,
  '#dies': () => {
    throw new Error('dies')
  },
  '#text': (row: Row) => ({ text: JSON.stringify(row) }),
}

interface Cut {
  readonly pageRows: number
  /** A barrier and a new life before the page that begins with this row, or later. */
  readonly restartAt?: number
}

async function run(plan: Plan, rows: readonly Row[], { pageRows, restartAt = Infinity }: Cut): Promise<Outside> {
  const outside = new Outside(functions)
  let fragment = await build(plan, outside)
  let isBefore = true
  for (let at = 0; at <= rows.length; at += pageRows) {
    if (isBefore && restartAt <= at) {
      isBefore = false
      fragment.push({ kind: 'barrier', epoch: 1 })
      fragment.close()
      fragment = await build(plan, outside)
    }
    if (at < rows.length) fragment.push(page(rows.slice(at, at + pageRows), at))
  }
  fragment.push({ kind: 'end' })
  fragment.push({ kind: 'barrier', epoch: 2 })
  return outside
}

/** What the plan makes of the rows, which is the same however they are cut. */
async function always(plan: Plan, rows: readonly Row[]): Promise<Outside> {
  const whole = await run(plan, rows, { pageRows: 4096 })
  for (const pageRows of [1, 2, 3, 5]) assert.equal((await run(plan, rows, { pageRows })).results, whole.results, `pages of ${pageRows}`)
  for (const restartAt of rows.keys())
    assert.equal((await run(plan, rows, { pageRows: 1, restartAt: restartAt + 1 })).results, whole.results, `restart behind ${restartAt}`)
  return whole
}

const out = (outside: Outside): unknown[] => outside.appended.map(([, data]) => data)
const n = { n: { aggregate: 'count' } }
const times = (...list: number[]): Row[] => list.map(at => ({ at }))

test('a window behind a window closes at the row that moves the watermark, not at the last result that came to it', async () => {
  const plan = planOf(
    ['time', 'eventTime', { field: 'at', lag: 0 }, 'log.main'],
    ['first', 'tumble', { size: 100, aggregate: n }, 'time.main'],
    ['second', 'tumble', { size: 100, offset: 50, aggregate: n }, 'first.main'],
    ['out', 'append', { stream: 'out', type: 't' }, 'second.main', 'time.main'],
  )
  const window = (windowStart: number): Row => ({ windowStart, windowEnd: windowStart + 100, n: 1 })
  assert.equal(out(await always(plan, times(10, 120, 130, 160, 170, 300))), [
    ...times(10, 120, 130), window(50), ...times(160, 170), window(150), ...times(300), window(350),
  ]) // prettier-ignore
})

const twoClocks = [
  ['fast', 'filter', { where: '#isFast' }, 'log.main'],
  ['slow', 'filter', { where: '#isSlow' }, 'log.main'],
  ['fast-time', 'eventTime', { field: 'at', lag: 0 }, 'fast.main'],
  ['slow-time', 'eventTime', { field: 'at', lag: 0 }, 'slow.main'],
] as const
const clocks = (...list: readonly (readonly [fast: boolean, at: number])[]): Row[] => list.map(([fast, at]) => ({ fast, at }))

test('a window over two clocks closes at the row that moves the slower one', async () => {
  const plan = planOf(
    ...twoClocks,
    ['w', 'tumble', { size: 100, aggregate: n }, 'fast-time.main', 'slow-time.main'],
    ['out', 'append', { stream: 'out', type: 't' }, 'w.main', 'fast-time.main', 'slow-time.main'],
  )
  const rows = clocks([true, 10], [false, 20], [true, 450], [true, 460], [false, 130], [true, 470], [false, 260])
  const ats = out(await always(plan, rows)).map(row => (row as Row)['windowEnd'] ?? (row as Row)['at'])
  assert.equal(ats, [10, 20, 450, 460, 100, 130, 470, 200, 260, 300, 500])
})

test('where the stamp of a row is ahead of the slower clock, what it demands leaves with that row', async () => {
  for (const options of [{ size: 100, allowedLateness: 50 }, { size: 100, allowedLateness: 20, emit: 'onUpdate' }, { gap: 30 }]) {
    const plan = planOf(
      ...twoClocks,
      ['w', 'gap' in options ? 'session' : 'tumble', { ...options, aggregate: n }, 'slow-time.main', 'fast-time.main'],
      ['out', 'append', { stream: 'out', type: 't' }, 'w.main', 'w.late', 'fast-time.main', 'slow-time.main'],
    )
    const row = fc.record({ fast: fc.boolean(), at: fc.integer({ min: 0, max: 400 }) })
    const property = fc.asyncProperty(fc.array(row, { maxLength: 12 }), async rows => {
      await always(
        plan,
        rows.map(one => ({ ...one })),
      )
    })
    await fc.assert(property, { seed: 4, numRuns: 25 })
  }
})

test('what leaves at the end has the order of the last row, also when there was a restart in between', async () => {
  const plan = planOf(
    ['time', 'eventTime', { field: 'at', lag: 0 }, 'log.main'],
    ['w', 'tumble', { size: 100, aggregate: n }, 'time.main'],
    ['s', 'session', { gap: 10, aggregate: n }, 'time.main'],
    ['top', 'topN', { n: 1, order: ['n'], per: 'end' }, 'w.main', 's.main'],
    ['all', 'total', { aggregate: n }, 'time.main'],
    ['dies', 'map', { to: '#dies' }, 'w.main', 's.main', 'top.main', 'all.main'],
  )
  const { deadRows } = await always(plan, times(10, 20, 30))
  assert.equal(deadRows.map(({ order }) => order), [2, 2, 2, 2]) // prettier-ignore
})

test('the best of a window leave when the watermark has come, before a row that opens it once more', async () => {
  const plan = planOf(
    ['time', 'eventTime', { field: 'at', lag: 0 }, 'log.main'],
    ['w', 'tumble', { size: 100, aggregate: n }, 'time.main'],
    ['s', 'session', { gap: 50, by: ['key'], aggregate: n }, 'time.main'],
    ['top', 'topN', { n: 3, order: ['-n'], per: 'window' }, 'w.main', 's.main'],
    ['out', 'append', { stream: 'out', type: 't', data: ['windowEnd', 'key', 'rank'] }, 'top.main', 'time.main'],
  )
  const rows = [
    { at: 0, key: 'a' },
    { at: 50, key: 'a' },
    { at: 100, key: 'b' },
    { at: 101, key: 'b' },
    { at: 102, key: 'b' },
  ]
  const left = out(await always(plan, rows)).filter(row => (row as Row)['rank'] !== null)
  assert.equal(left.slice(0, 2), [
    { windowEnd: 100, key: null, rank: 1 },
    { windowEnd: 100, key: 'a', rank: 1 },
  ])
})

test('rows that are caught keep the time they came with, whatever time the step that gave them up makes', async () => {
  const plan = planOf(
    ['time', 'eventTime', { field: 'at', lag: 0 }, 'log.main'],
    ['other', 'eventTime', { field: 'other', lag: 0 }, 'time.main'],
    ['caught', 'catch', {}, 'other.dead'],
    ['w', 'tumble', { size: 100, aggregate: n }, 'caught.main'],
    ['out', 'append', { stream: 'out', type: 't' }, 'w.main', 'other.main'],
  )
  const rows = [{ at: 10 }, { at: 20, other: 1e6 }, { at: 30 }, { at: 40, other: 2e6 }, { at: 130, other: 1 }]
  const left = out(await always(plan, rows)) as Row[]
  assert.equal(left.map(row => row['n'] ?? row['at']), [20, 40, 2, 130]) // prettier-ignore
})

test('of what several steps put under a key the last row stays, not the last step', async () => {
  const plan = planOf(
    ['fast', 'filter', { where: '#isFast' }, 'log.main'],
    ['slow', 'filter', { where: '#isSlow' }, 'log.main'],
    ['of-fast', 'projection', { name: 'p', key: ['key'] }, 'fast.main'],
    ['of-slow', 'projection', { name: 'p', key: ['key'] }, 'slow.main'],
    ['of-all', 'projection', { name: 'p', key: ['key'], value: { last: 'at' } }, 'log.main'],
  )
  const rows = [true, false, true, false].flatMap((fast, at) => [
    { fast, at: at * 2, key: at % 3 },
    { fast: !fast, at: at * 2 + 1, key: 7 },
  ])
  const last = async (cut: Cut): Promise<unknown> => {
    const { projected } = await run(plan, rows, cut)
    return Object.fromEntries(projected.map(([, key, value]) => [String(key), value]))
  }
  const whole = await last({ pageRows: 4096 })
  assert.equal(whole, { 0: { last: 6 }, 1: { last: 2 }, 2: { last: 4 }, 7: { last: 7 } })
  for (const pageRows of [1, 3]) assert.equal(await last({ pageRows }), whole)
})

test('rows with a key and rows without one have none together', async () => {
  const log = topology('t', { version: 1 }).follow<{ at: number; key: string }>()
  const keyed = log.keyBy('key').merge(log)
  const made = keyed.step('countWindow', { id: 'c', size: 3, aggregate: { n: count() } }).append({ stream: 'out', type: 't' })
  const rows = ['a', 'b', 'c'].map(key => ({ key }))
  assert.equal(out(await always(await planTopology(made.definition), rows)), [{ n: 3 }, { n: 3 }])
})

test('dead letters of a row lie in the order of the steps', async () => {
  const plan = planOf(
    ['time', 'eventTime', { field: 'at', lag: 0 }, 'log.main'],
    ['w', 'tumble', { size: 100, allowedLateness: 10, aggregate: n }, 'time.main'],
    ['second', 'map', { to: '#dies' }, 'time.main'],
    ['first', 'map', { to: '#dies' }, 'w.main'],
  )
  const letters = async (pageRows: number): Promise<unknown> =>
    (await run(plan, times(10, 120, 20, 230), { pageRows })).deadRows.map(({ step, order }) => [step, order])
  const whole = await letters(4096)
  assert.equal(whole, [['second', 0], ['second', 1], ['first', 1], ['second', 2], ['second', 3], ['first', 3], ['first', 3]]) // prettier-ignore
  for (const pageRows of [1, 2, 3]) assert.equal(await letters(pageRows), whole)
})

test('a function is given the fields of a row in one order, whatever rows came before', async () => {
  const plan = planOf(['text', 'map', { to: '#text' }, 'log.main'], ['out', 'append', { stream: 'out', type: 't' }, 'text.main'])
  assert.equal(out(await always(plan, [{ b: 1, a: 2 }, { c: 3 }, { a: 4, c: 5, b: 6 }])), [
    { text: '{"a":2,"b":1}' },
    { text: '{"c":3}' },
    { text: '{"a":4,"b":6,"c":5}' },
  ])
})

test.run()
