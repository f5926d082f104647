/** A planned topology run in memory: the graph, its counters, its failures, and results that depend on nothing but the rows. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createFragment, type Fragment, type FragmentContext } from '../../actors/fragment.ts'
import type { Flow, Row } from '../../operators/flow.ts'
import type { DeadRow } from '../../operators/operator.ts'
import { pageOf } from '../../operators/page.ts'
import { argMax, columns, count, percentile, sum, topology, type TopologyBuilder } from '../../topology/pipeline.ts'
import { planTopology } from '../../topology/plan.ts'
import { MemoryState } from '../contract/operator-run.ts'

/** The outside of a fragment, in memory. */
class Outside implements FragmentContext {
  readonly module = import.meta.url
  readonly states = new Map<string, MemoryState>()
  readonly projected: [string, readonly unknown[], unknown][] = []
  readonly appended: [string, unknown][] = []
  readonly deadRows: DeadRow[] = []
  readonly functions: Readonly<Record<string, unknown>>

  constructor(functions: Readonly<Record<string, unknown>> = {}) {
    this.functions = functions
  }

  state(step: string): MemoryState {
    const state = this.states.get(step) ?? new MemoryState()
    this.states.set(step, state)
    return state
  }

  projection(name: string): ReturnType<FragmentContext['projection']> {
    return { put: (key, value) => void this.projected.push([name, key, value]), delete: () => {} }
  }

  outbox(): ReturnType<FragmentContext['outbox']> {
    return { append: (stream, { data }) => void this.appended.push([stream, data]) }
  }

  dead(row: DeadRow): void {
    this.deadRows.push(row)
  }

  resolve(reference: string): Promise<unknown> {
    return Promise.resolve(this.functions[reference])
  }

  get results(): unknown {
    const byName = (list: readonly (readonly [string, ...unknown[]])[]): unknown => Map.groupBy(list, ([name]) => name)
    const deadByStep = Map.groupBy(this.deadRows, ({ step }) => step)
    return [byName(this.projected), byName(this.appended), deadByStep]
  }
}

async function build(made: TopologyBuilder, outside: Outside): Promise<Fragment> {
  return createFragment(await planTopology(made.definition), outside)
}

function page(rows: readonly Row[], from: number): Flow {
  return pageOf(rows, { order: Float64Array.from(rows, (_, i) => from + i) })
}

interface Reading {
  at: number
  sensor: string
  value: number
}

/** Two windows over the same rows, whose rows and late rows go to one stream each, with a filter that chokes. */
function readings(): TopologyBuilder {
  const made = topology('readings', { version: 1 })
  const timed = made
    .follow<Reading>()
    .filter('f#notNegative')
    .eventTime({ field: 'at', lag: 50, maxFuture: { allow: 900, of: 'came' } })
  const some = timed.filter('f#small').keyBy('sensor')
  const short = some.tumble({
    id: 'short',
    size: 100,
    aggregate: { n: count(), sum: sum('value'), p: percentile('value', 0.5), top: argMax('value', ['at']) },
  })
  const long = timed.tumble({ id: 'long', size: 300, aggregate: { n: count() } })
  const later = short
    .eventTime({ id: 'again', field: 'windowEnd', lag: 0 })
    .tumble({ id: 'later', size: 200, aggregate: { windows: count() } })
  short.late.merge(long.late).append({ stream: 'late', type: 'late', data: ['at', 'value'] })
  short.projection({ name: 'short', key: ['sensor', 'windowStart'] })
  short.unnest('top').append({ stream: 'top', type: 'top', data: ['at'] })
  long.merge(short.port('main')).append({ stream: 'windows', type: 'window' })
  return later.projection({ name: 'later', key: ['windowStart'] })
}

const functions = {
  'f#notNegative': ({ value }: Reading) => {
    if (value < 0) throw new RangeError('negative')
    return true
  },
  'f#small': ({ value }: Reading) => value < 8,
}
const reading = fc.record({
  at: fc.integer({ min: 0, max: 900 }),
  sensor: fc.constantFrom('a', 'b'),
  value: fc.integer({ min: -1, max: 9 }),
  came: fc.constantFrom(null, 5, 'text'),
})

async function fold(rows: readonly Row[], pageRows: number, restartAt = -1): Promise<unknown> {
  const outside = new Outside(functions)
  let fragment = await build(readings(), outside)
  let epoch = 0
  for (let at = 0; at < rows.length; at += pageRows) {
    fragment.push(page(rows.slice(at, at + pageRows), at))
    if (restartAt < at || restartAt >= at + pageRows) continue
    fragment.push({ kind: 'barrier', epoch: ++epoch })
    fragment.close()
    fragment = await build(readings(), outside)
  }
  fragment.push({ kind: 'end' })
  fragment.push({ kind: 'barrier', epoch: ++epoch })
  return outside.results
}

test('results do not depend on pages and restarts', async () => {
  const property = fc.asyncProperty(
    fc.array(reading, { maxLength: 60 }),
    fc.constantFrom(1, 2, 7),
    fc.nat(60),
    async (list, pageRows, restartAt) => {
      const rows = list.map(row => ({ ...row }))
      assert.equal(await fold(rows, pageRows, restartAt), await fold(rows, 4096))
    },
  )
  await fc.assert(property, { seed: 4, numRuns: 60 })
})

test('counters say what entered and where it left', async () => {
  const outside = new Outside(functions)
  const fragment = await build(readings(), outside)
  const rows = [1, 500, 2, 3].map(at => ({ at, sensor: 'a', value: at === 3 ? -1 : 1 }))
  fragment.push(page(rows, 0))
  fragment.push({ kind: 'end' })
  assert.equal(fragment.counters.get('filter'), { in: 4, out: 3, late: 0, suspect: 0, dead: 1 })
  assert.equal(fragment.counters.get('short'), { in: 3, out: 2, late: 1, suspect: 0, dead: 0 })
  assert.equal(fragment.counters.get('append-late'), { in: 2, out: 2, late: 0, suspect: 0, dead: 0 })
  assert.is(fragment.watermark, 450)
  const [dead] = outside.deadRows
  assert.equal([dead?.step, dead?.order, dead?.row['at'], dead?.attempts], ['filter', 3, 3, 1])
})

test('a broken step breaks push, and stays broken', async () => {
  const outside = new Outside({ 'f#any': () => true })
  const fail = (): never => {
    throw new Error('broken')
  }
  const broken = Object.assign(outside, {
    outbox: () => ({ append: () => {} }),
    projection: () => ({ put: fail, delete: () => {} }),
  })
  const fragment = await build(
    topology('t', { version: 1 })
      .follow()
      .filter('f#any')
      .projection({ name: 'p', key: ['a'] }),
    broken,
  )
  assert.throws(() => fragment.push(page([{ a: 1 }], 0)), /broken/)
  assert.throws(() => fragment.push({ kind: 'end' }), /broken/)
})

test('a function over columns is noted by page, and by row when it fails', async () => {
  const large = columns({ reads: { n: 'number' }, writes: { keep: 'boolean' } }, ({ n }, { keep }, rowCount) => {
    for (let i = 0; i < rowCount; i++) {
      if (n.values[i] === 2) throw new Error('two')
      keep.values[i] = 1
    }
  })
  const outside = new Outside({ '#large': large })
  const noted: (readonly [string, number])[] = []
  const context = Object.assign(outside, { beforeCall: (step: string, order: number) => void noted.push([step, order]) })
  const made = topology('t', { version: 1 }).follow().filter('#large')
  const fragment = await build(made.projection({ name: 'p', key: ['n'] }), context)
  fragment.push(page([{ n: 1 }, { n: 3 }], 5))
  assert.equal(noted.splice(0), [['filter', -6]])
  fragment.push(page([{ n: 1 }, { n: 2 }, { n: 3 }], 7))
  assert.equal(
    noted.map(([, order]) => order),
    [-8, 7, 8, 9],
  )
  assert.equal(
    outside.deadRows.map(({ order }) => order),
    [8],
  )
  assert.equal(fragment.counters.get('filter'), { in: 5, out: 4, late: 0, suspect: 0, dead: 1 })
})

test('the state of a window is written only while it is open', async () => {
  const outside = new Outside()
  const made = topology('t', { version: 1 }).follow<Reading>().eventTime({ field: 'at', lag: 0 })
  const windows = made.tumble({ id: 'w', size: 100, aggregate: { p: percentile('value', 0.5) } })
  const fragment = await build(windows.projection({ name: 'p', key: ['windowStart'] }), outside)
  fragment.push(
    page(
      [1, 150, 250].map(at => ({ at, value: at })),
      0,
    ),
  )
  fragment.push({ kind: 'barrier', epoch: 1 })
  assert.is(outside.states.get('w')?.rowsByKey.size, 2, 'what the windows are, and the open one')
  const many = Array.from({ length: 5000 }, () => ({ at: 260, value: 1 }))
  fragment.push(page(many, 3))
  fragment.push({ kind: 'barrier', epoch: 2 })
  const puts = outside.states.get('w')?.puts ?? 0
  fragment.push(page([{ at: 270, value: 2 }], 5003))
  fragment.push({ kind: 'barrier', epoch: 3 })
  assert.is(outside.states.get('w')?.puts, puts + 1, 'full chunks are not written again')
  fragment.push({ kind: 'end' })
  fragment.push({ kind: 'barrier', epoch: 4 })
  assert.is(outside.states.get('w')?.rowsByKey.size, 1, 'closed windows leave nothing')
})

test('state computed with other options is INCOMPATIBLE', async () => {
  const outside = new Outside()
  const made = (size: number): TopologyBuilder => {
    const timed = topology('t', { version: 1 }).follow<Reading>().eventTime({ field: 'at', lag: 0 })
    return timed.tumble({ id: 'w', size, aggregate: { n: count() } }).projection({ name: 'p', key: ['windowStart'] })
  }
  const fragment = await build(made(100), outside)
  fragment.push(page([{ at: 1 }], 0))
  fragment.push({ kind: 'barrier', epoch: 1 })
  await build(made(100), outside)
  let code: unknown
  await build(made(200), outside).catch((error: { code: unknown }) => (code = error.code))
  assert.is(code, 'INCOMPATIBLE')
})

test.run()
