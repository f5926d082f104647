/** A planned topology run in memory: the graph, its counters, its failures, and results that depend on nothing but the rows. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Merge } from '../../actors/merge.ts'
import type { Flow, Row } from '../../operators/flow.ts'
import { operators } from '../../operators/index.ts'
import { onPage } from '../../operators/lift.ts'
import type { AnyOperator } from '../../operators/operator.ts'
import { aliveRows, pageOf } from '../../operators/page.ts'
import { chainsOf } from '../../topology/chains.ts'
import { argMax, columns, count, percentile, sum, topology, type TopologyBuilder } from '../../topology/pipeline.ts'
import { build, Outside, page, planOf } from './outside.ts'

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
  const broken: AnyOperator = {
    spec: { name: 'broken', kind: 'stateless', summary: '', options: {}, ports: { main: '' } },
    example: { title: '', options: {}, input: [], output: {} },
    needs: () => new Set(),
    create: () =>
      onPage(() => {
        throw new Error('broken')
      }),
  }
  const added = operators as Record<string, AnyOperator>
  added['broken'] = broken
  const steps = [['x', 'broken', {}, 'log.main'], ['y', 'broken', {}, 'x.main']] as const // prettier-ignore
  for (const inChain of [steps, steps.slice(0, 1)]) {
    const fragment = await build(planOf(...inChain), new Outside())
    assert.throws(() => fragment.push(page([{ a: 1 }], 0)), /broken/)
    assert.throws(() => fragment.push({ kind: 'end' }), /broken/)
  }
  delete added['broken']
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

test('a merge sends rows in their order, with the number of the input each came by', () => {
  const sent: (readonly [number, number])[] = []
  const merge = new Merge(2, flow => {
    if (flow.kind === 'page') for (const row of aliveRows(flow)) sent.push([flow.input, flow.order[row] as number])
  })
  const at = (...order: number[]): Flow => pageOf(order.map(() => ({})), { order: Float64Array.from(order) }) // prettier-ignore
  merge.receive(1, at(2, 3, 7))
  merge.receive(0, at(1, 3, 5))
  merge.receive(0, at(6))
  merge.flush()
  assert.equal(sent, [[0, 1], [1, 2], [0, 3], [1, 3], [0, 5], [0, 6], [1, 7]]) // prettier-ignore
})

/** Windows over two clocks: they close when both have passed. */
const twoClocks = planOf(
  ['fast', 'filter', { where: '#isFast' }, 'log.main'],
  ['slow', 'filter', { where: '#isSlow' }, 'log.main'],
  ['fast-time', 'eventTime', { field: 'at', lag: 0 }, 'fast.main'],
  ['slow-time', 'eventTime', { field: 'at', lag: 0 }, 'slow.main'],
  ['w', 'tumble', { size: 100, aggregate: { n: { aggregate: 'count' } } }, 'fast-time.main', 'slow-time.main'],
  ['out', 'append', { stream: 'out', type: 'w' }, 'w.main'],
)

test('a restart does not forget what each input of a merge has seen', async () => {
  const rows = [[1, 10], [0, 20], [1, 450], [0, 130], [0, 260], [1, 460], [0, 390]].map(([fast, at]) => ({ fast, at })) // prettier-ignore
  const run = async (restartBehind: number): Promise<number[]> => {
    const outside = new Outside({
      '#isFast': ({ fast }: { fast: number }) => fast === 1,
      '#isSlow': ({ fast }: { fast: number }) => fast === 0,
    })
    let fragment = await build(twoClocks, outside)
    const closed: number[] = []
    for (const [i, row] of rows.entries()) {
      fragment.push(page([row], i))
      closed.push(outside.appended.length)
      if (i !== restartBehind) continue
      fragment.push({ kind: 'barrier', epoch: 1 })
      fragment.close()
      fragment = await build(twoClocks, outside)
    }
    return closed
  }
  const whole = await run(-1)
  assert.equal(whole, [0, 0, 0, 1, 2, 2, 3])
  for (const restart of rows.keys()) assert.equal(await run(restart), whole, `restart behind ${restart}`)
})

test('rows of several taps reach who wants them, and who wants several in the order of the log', async () => {
  const plan = planOf(
    ['even', 'append', { stream: 'even', type: 'n', data: ['n'] }, 'log.evens'],
    ['both', 'append', { stream: 'both', type: 'n', data: ['n'] }, 'log.thirds', 'log.evens'],
  )
  const outside = new Outside()
  const fragment = await build(plan, outside)
  const whole = page([0, 1, 2, 3, 4, 5, 6].map(n => ({ n })), 10) // prettier-ignore
  const taps = [
    { port: 'evens', selection: Int32Array.of(0, 2, 4, 6) },
    { port: 'thirds', selection: Int32Array.of(0, 3, 6) },
    { port: 'nobody' },
  ]
  fragment.push({ ...whole, taps })
  const seen = (stream: string): unknown[] => outside.appended.flatMap(([to, data]) => (to === stream ? [(data as { n: number }).n] : []))
  assert.equal(seen('even'), [0, 2, 4, 6])
  assert.equal(seen('both'), [0, 0, 2, 3, 4, 6, 6])
  assert.is(fragment.counters.get('both')?.in, 7)
  fragment.push({ ...whole, taps: [{ port: 'evens', selection: new Int32Array(0) }, { port: 'thirds' }] })
  assert.is(fragment.counters.get('even')?.in, 4, 'nothing came for it')
  assert.is(fragment.counters.get('both')?.in, 14)
})

test('steps of a chain count, note and give up as they do alone', async () => {
  const steps = [
    ['a', 'filter', { where: '#odd' }, 'log.main'],
    ['b', 'map', { to: '#doubled' }, 'a.main'],
    ['c', 'filter', { where: '#small' }, 'b.main'],
    ['out', 'append', { stream: 'out', type: 'n' }, 'c.main'],
  ] as const
  const watch = ['a', 'b'].map(id => [`of-${id}`, 'filter', { where: '#none' }, `${id}.main`] as const)
  const run = async (plan: ReturnType<typeof planOf>): Promise<unknown> => {
    const noted: unknown[] = []
    const outside = Object.assign(
      new Outside({
        '#odd': ({ n }: { n: number }) => {
          if (n === 3) throw new Error('three')
          return n % 2 === 1
        },
        '#doubled': ({ n }: { n: number }) => (n === 5 ? null : { n: 2 * n }),
        '#small': ({ n }: { n: number }) => {
          if (n === 14) throw new Error('fourteen')
          return n < 20
        },
        '#none': () => false,
      }),
      { beforeCall: (step: string, order: number) => void (step.startsWith('of-') || noted.push([step, order])) },
    )
    const fragment = await build(plan, outside)
    for (const start of [0, 6]) fragment.push(page([0, 1, 2, 3, 4, 5].map(n => ({ n: n + start })), start)) // prettier-ignore
    fragment.push({ kind: 'watermark', time: 7 })
    fragment.push({ kind: 'barrier', epoch: 1 })
    fragment.push({ kind: 'end' })
    const counters = [...fragment.counters].filter(([id]) => !id.startsWith('of-'))
    const byStep = Map.groupBy(noted as [string, number][], ([step]) => step)
    return [counters, [...byStep], outside.appended, outside.deadRows]
  }
  const chained = planOf(...steps)
  const alone = planOf(...steps, ...watch)
  assert.equal(chainsOf(chained), [['a', 'b', 'c']])
  assert.equal(chainsOf(alone), [])
  assert.equal(await run(chained), await run(alone))
})

test.run()
