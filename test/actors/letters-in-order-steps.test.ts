/** Steps of every kind that keep their dead letters in order: the same at any page size and after restarts, and what does not count as a row of the key. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { GivenUpRow } from '../../actors/dead-letter.ts'
import type { Fragment } from '../../actors/fragment.ts'
import { heldMax } from '../../actors/key-lines.ts'
import { isEventStoreError } from '../../event/error.ts'
import type { Page, Row } from '../../operators/flow.ts'
import { operators } from '../../operators/index.ts'
import { onPage } from '../../operators/lift.ts'
import type { AnyOperator, Operator } from '../../operators/operator.ts'
import { aliveRows, gather, selectRows } from '../../operators/page.ts'
import { topology } from '../../topology/pipeline.ts'
import { type Plan, planTopology } from '../../topology/plan.ts'
import { build, Outside, page, planOf } from './outside.ts'

const functions: Readonly<Record<string, (row: never) => unknown>> = {
  '#isFine': ({ n }: { n: number }) => {
    if (n < 0) throw new RangeError('negative')
    return true
  },
  '#split': ({ key, n, at }: { key: unknown; n: number; at: number }) => {
    if (n === 7) throw new RangeError('seven')
    return [{ key, n, at }, { key, n: n - 4, at }, { key: 'other', n, at }] // prettier-ignore
  },
}

const inOrder = (plan: Plan, columns: readonly string[], ...ids: string[]): Plan => ({
  ...plan,
  steps: plan.steps.map(step => (ids.includes(step.id) ? { ...step, inOrder: columns } : step)),
})

const brief = ({ step, row, waits, turn, attempts }: GivenUpRow): unknown => [step, row['n'], waits ?? false, turn, attempts]

/** All that a graph makes of rows, with a barrier and sometimes a new life behind each of these numbers of rows. */
async function results(
  plan: Plan,
  rows: readonly Row[],
  { pageRows, barriers = [], isRestarting = false }: { pageRows: number; barriers?: readonly number[]; isRestarting?: boolean },
): Promise<unknown> {
  const outside = new Outside(functions)
  let fragment = await build(plan, outside)
  for (let start = 0, epoch = 1; start < rows.length;) {
    const stop = Math.min(rows.length, start + pageRows, ...barriers.filter(barrier => barrier > start))
    fragment.push(page(rows.slice(start, stop), start))
    start = stop
    if (!barriers.includes(start)) continue
    fragment.push({ kind: 'barrier', epoch: epoch++ })
    if (!isRestarting) continue
    fragment.close()
    fragment = await build(plan, outside)
  }
  fragment.push({ kind: 'end' })
  fragment.push({ kind: 'barrier', epoch: 1000 })
  return [outside.results, outside.deadRows.map(brief)]
}

/** Made by the builder, so that what it makes of `inOrder` is tried as well. */
async function everyKind(): Promise<Plan> {
  const made = topology('t', { version: 1 })
  type Made = { key: unknown; n: number; at: number }
  const timed = made.follow<Made>().eventTime({ id: 'time', field: 'at', lag: 30, inOrder: ['key'] })
  const fine = timed.filter('#isFine', { id: 'fine', inOrder: ['key'] })
  const split = timed.flatMap<Made>({ id: 'split', to: '#split', inOrder: ['key'] })
  const halves = split.merge(fine).map({ half: '12 / (n - 3)' }, { id: 'half', inOrder: ['key'] })
  halves.projection({ id: 'rows', name: 'rows', key: ['key'], value: ['n', 'half'], inOrder: ['key', 'n'] })
  halves
    .keyBy('key')
    .tumble({ id: 'w', size: 100, aggregate: { n: { aggregate: 'sum', field: 'n' } as never }, inOrder: ['key'] })
    .append({ id: 'out', stream: 'out', type: 'o' })
  fine
    .enrich({
      id: 'looked',
      table: { projection: 'rows' } as never,
      match: 'key',
      take: { seen: 'half' },
      missing: 'deadLetter',
      inOrder: ['key'],
    })
    .append({ id: 'seen', stream: 'seen', type: 's' })
  halves
    .fold({ id: 'f', by: ['key'], initial: { n: 0 }, with: '#fold', inOrder: ['key'] })
    .append({ id: 'folded', stream: 'folded', type: 'f' })
  return planTopology(made.definition)
}

Object.assign(functions, {
  '#fold': (state: { n: number }, { n }: { n: number }) => {
    if (n === 5) throw new RangeError('five')
    return { n: state.n + n }
  },
})

test('every kind of step is the same at any page size, wherever barriers and restarts are', async () => {
  const plan = await everyKind()
  assert.ok(plan.steps.filter(step => step.inOrder).length >= 7)
  const row = fc.record({
    key: fc.constantFrom<unknown>('a', 'b', 'c', null, '\ud800'),
    n: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: -1, max: 9 }) }, { weight: 1, arbitrary: fc.constant('text' as unknown) }),
    at: fc.oneof({ weight: 9, arbitrary: fc.nat(900) }, { weight: 1, arbitrary: fc.constant('no time' as unknown) }),
  })
  const property = fc.asyncProperty(
    fc.array(row, { maxLength: 60 }),
    fc.constantFrom(1, 3, 64),
    fc.array(fc.nat(60), { maxLength: 5 }),
    async (list, pageRows, barriers) => {
      const rows = list.map(one => ({ ...one }))
      const expected = await results(plan, rows, { pageRows: 4096 })
      assert.equal(await results(plan, rows, { pageRows, barriers, isRestarting: true }), expected)
      assert.equal(await results(plan, rows, { pageRows, barriers }), expected)
    },
  )
  await fc.assert(property, { seed: 3, numRuns: 120 })
})

test('rows wait across the inputs of a step, and those that are only looked up do not', async () => {
  const outside = new Outside(functions)
  const two = inOrder(
    planOf(['pass', 'filter', { where: 'n <> 100' }, 'log.main'], ['x', 'filter', { where: '#isFine' }, 'log.main', 'pass.main']),
    ['key'],
    'x',
  )
  const fragment = await build(two, outside)
  fragment.push(page([{ key: 'a', n: -1 }, { key: 'b', n: 1 }, { key: 'a', n: 2 }], 0)) // prettier-ignore
  assert.equal(
    outside.deadRows.map(({ input, row, waits }) => [input, row['n'], waits ?? false]),
    [
      [0, -1, false],
      [1, -1, true],
      [0, 2, true],
      [1, 2, true],
    ],
  )
  assert.equal(fragment.counters.get('x'), { in: 6, out: 2, late: 0, suspect: 0, dead: 4 })
})

/** Keeps all rows, and gives them up at the barrier; gives up a row of zero twice. */
const hoarding: Operator<Record<string, never>> = {
  spec: { summary: '', options: {}, ports: { main: '' }, name: 'hoarding', kind: 'stateful' },
  needs: () => new Set(['*']),
  example: { title: '', options: {}, input: [], output: {} },
  create(_, context) {
    let kept: Page[] = []
    return onPage({
      page(one) {
        const isFirst = (row: number): boolean => one.order[row] === 0
        for (const row of aliveRows(one).filter(isFirst)) {
          context.dead(one, row, 'once')
          context.dead(gather(one, Int32Array.of(row)), 0, 'twice')
        }
        kept.push(
          selectRows(
            one,
            aliveRows(one).filter(row => !isFirst(row)),
          ),
        )
      },
      barrier() {
        for (const one of kept) for (const row of aliveRows(one)) context.dead(one, row, 'late')
        kept = []
      },
    })
  },
}

test('what is given up twice, or long after it came, has places of its own', async () => {
  Object.assign(operators as Record<string, AnyOperator>, { hoarding })
  const outside = new Outside()
  const fragment = await build(inOrder(planOf(['x', 'hoarding', {}, 'log.main']), ['key'], 'x'), outside)
  delete (operators as Record<string, AnyOperator>)['hoarding']
  fragment.push(page([{ key: 'a', n: 0 }, { key: 'b', n: 1 }, { key: 'b', n: 2 }, { key: 'a', n: 3 }], 0)) // prettier-ignore
  fragment.push({ kind: 'barrier', epoch: 1 })
  fragment.push(page([{ key: 'b', n: 4 }], 9))
  assert.equal(outside.deadRows.map(brief), [
    ['x', 0, false, { line: 1, place: 0 }, 1],
    ['x', 0, false, { line: 1, place: 1 }, 1],
    ['x', 3, true, { line: 1, place: 2 }, 0],
    ['x', 1, false, { line: 2, place: 0 }, 1],
    ['x', 2, false, { line: 2, place: 1 }, 1],
    ['x', 4, true, { line: 2, place: 2 }, 0],
  ])
})

test('where rows are caught none waits', async () => {
  const outside = new Outside(functions)
  const plan = planOf(['x', 'filter', { where: '#isFine' }, 'log.main'], ['c', 'catch', {}, 'x.dead'])
  const fragment = await build(inOrder(plan, ['key'], 'x'), outside)
  fragment.push(page([{ key: 'a', n: -1 }, { key: 'a', n: 1 }], 0)) // prettier-ignore
  assert.equal([outside.deadRows, fragment.counters.get('x')?.out, fragment.counters.get('c')?.in], [[], 1, 1])
})

test('a letter put away lets the next one go first; one that is not there changes nothing', async () => {
  const outside = new Outside(functions)
  const fragment = await build(inOrder(planOf(['x', 'filter', { where: '#isFine' }, 'log.main']), ['key'], 'x'), outside)
  const putAway = (step: string, line: number, place: number): void =>
    fragment.push({
      kind: 'page',
      port: 'main',
      input: 0,
      count: 1,
      columns: new Map(),
      order: Float64Array.of(50),
      putAway: { step, turn: { line, place } },
    })
  const again = (n: number, place: number): void =>
    fragment.push({ ...page([{ key: 'a', n }], 60), replay: { step: 'x', input: 0, turn: { line: 1, place } } })
  fragment.push(page([{ key: 'a', n: -1 }, { key: 'a', n: 1 }, { key: 'a', n: 2 }], 0)) // prettier-ignore
  for (const [step, line, place] of [
    ['x', 9, 0],
    ['x', 1, 3],
    ['x', 1, -1],
    ['x', 1, 0.5],
    ['y', 1, 0],
    ['x', NaN, 0],
  ] as const)
    putAway(step, line, place)
  again(1, 1)
  assert.is(outside.deadRows.at(-1)?.waits, true)
  putAway('x', 1, 0)
  putAway('x', 1, 0)
  again(1, 1)
  again(2, 2)
  fragment.push(page([{ key: 'a', n: 3 }], 70))
  assert.equal([outside.deadRows.length, fragment.counters.get('x')?.out], [4, 3])
})

test('too many keys end the topology and say which step it is', async () => {
  const fragment: Fragment = await build(
    inOrder(planOf(['x', 'filter', { where: '#isFine' }, 'log.main']), ['key'], 'x'),
    new Outside(functions),
  )
  const push = (from: number, count: number): void =>
    fragment.push(
      page(
        Array.from({ length: count }, (_, i) => ({ key: from + i, n: -1 })),
        from,
      ),
    )
  for (let from = 0; from < heldMax; from += 4000) push(from, 4000)
  assert.throws(
    () => push(heldMax, 1),
    (error: unknown) => isEventStoreError(error, 'TOO_LARGE') && error.details['step'] === 'x',
  )
})

test.run()
