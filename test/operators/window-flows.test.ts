/** Windows behind windows: watermarks that hold, nothing late behind them, the same at any page size; and their state over restarts. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { countWindow } from '../../operators/countWindow.ts'
import { cumulate } from '../../operators/cumulate.ts'
import { hop } from '../../operators/hop.ts'
import type { AnyOperator, ExampleFlow } from '../../operators/operator.ts'
import { session } from '../../operators/session.ts'
import { total } from '../../operators/total.ts'
import { tumble } from '../../operators/tumble.ts'
import { MemoryState } from '../contract/operator-run.ts'
import { timedRows } from './window-inputs.ts'
import { brokenPromises, type ChainStep, runChain } from './window-run.ts'

const by = ['origin']
const aggregate = { rows: { aggregate: 'count' }, first: { aggregate: 'first', field: 'at' } }

/** Each operator with each of its ways to give results. */
const windows: readonly ChainStep[] = [
  { operator: tumble, options: { size: 40, by, aggregate } },
  { operator: tumble, options: { size: 40, by, aggregate, allowedLateness: 30 } },
  { operator: tumble, options: { size: 40, by, aggregate, emit: 'onUpdate' } },
  { operator: tumble, options: { size: 40, by, aggregate, allowedLateness: 10, emit: { every: 15 } } },
  { operator: session, options: { gap: 15, by, aggregate, allowedLateness: 20, emit: { every: 10 } } },
  { operator: hop, options: { size: 50, every: 20, by, aggregate } },
  { operator: cumulate, options: { size: 80, step: 20, by, aggregate } },
  { operator: hop, options: { size: 120, every: 10, by, aggregate } },
  { operator: hop, options: { size: 50, every: 20, by, aggregate, allowedLateness: 25 } },
  { operator: hop, options: { size: 50, every: 20, by, aggregate, allowedLateness: 25, emit: 'onUpdate' } },
  { operator: session, options: { gap: 15, by, aggregate } },
  { operator: session, options: { gap: 15, by, aggregate, allowedLateness: 45 } },
  { operator: session, options: { gap: 15, by, aggregate, emit: 'onUpdate' } },
]
const behind: readonly ChainStep[] = [
  ...windows.map(({ operator, options }) => ({
    operator,
    options: { ...options, aggregate: { rows: { aggregate: 'sum', field: 'rows' } } },
  })),
  { operator: countWindow, options: { size: 2, by, aggregate: { rows: { aggregate: 'sum', field: 'rows' } } } },
]

const nameOf = ({ operator, options }: ChainStep): string =>
  `${operator.spec.name} ${JSON.stringify({ ...options, by: undefined, aggregate: undefined })}`

for (const step of windows) {
  test(`${nameOf(step)}: every stamp and watermark that leaves holds for all behind it`, async () => {
    const property = fc.asyncProperty(timedRows, fc.constantFrom(1, 3, 4096), async (input, pageRows) => {
      assert.equal(brokenPromises((await runChain([step], { input, pageRows })).flows), [])
    })
    await fc.assert(property, { seed: 4, numRuns: 100 })
  })

  test(`${nameOf(step)}: windows behind it find nothing late, and give the same at any page size`, async () => {
    const property = fc.asyncProperty(timedRows, fc.constantFrom(...behind), async (input, next) => {
      const whole = await runChain([step, next], { input })
      assert.is(whole.others['1.late'] ?? 0, 0, nameOf(next))
      for (const pageRows of [1, 2, 7]) assert.equal((await runChain([step, next], { input, pageRows })).rows, whole.rows, nameOf(next))
    })
    await fc.assert(property, { seed: 4, numRuns: 100 })
  })

  test(`${nameOf(step)}: what it kept is gone when all has closed`, async () => {
    const property = fc.asyncProperty(timedRows, fc.constantFrom(1, 4096), async (input, pageRows) => {
      const state = new MemoryState()
      await runChain([{ ...step, state }], { input, pageRows })
      assert.ok(state.rowsByKey.size <= 1, `${state.rowsByKey.size} rows`)
    })
    await fc.assert(property, { seed: 4, numRuns: 60 })
  })
}

test('a day behind an hour gets the results that late rows changed, and none is late', async () => {
  const row = (at: number, $watermark: number): ExampleFlow => ({ origin: 'JFK', $eventTime: at, $watermark })
  const input = [row(5, -Infinity), row(24, 5), row(6, 22), row(61, 24), row(7, 55), 'end' as const]
  const hour = { operator: tumble, options: { size: 10, by, allowedLateness: 60, aggregate: { n: { aggregate: 'count' } } } }
  const day = { operator: tumble, options: { size: 50, by, aggregate: { newest: { aggregate: 'max', field: 'n' } } } }
  for (const pageRows of [1, 2, 5]) {
    const { rows, others } = await runChain([hour, day], { input, pageRows })
    assert.equal(
      rows.map(one => [one['windowStart'], one['newest']]),
      [
        [0, 3],
        [50, 1],
      ],
    )
    assert.equal(others, {})
  }
})

test('state that was written with other options is INCOMPATIBLE', async () => {
  const input: ExampleFlow[] = [{ origin: 'JFK', gate: 1, at: 1, $eventTime: 1, $watermark: -Infinity }, 'barrier']
  const cases: readonly (readonly [AnyOperator, object, ...object[]])[] = [
    [
      tumble,
      { size: 40, by, aggregate },
      { size: 41 },
      { offset: 1 },
      { allowedLateness: 1 },
      { emit: 'onUpdate' },
      { by: ['gate'] },
      { by: ['origin', 'gate'] },
      { aggregate: { rows: { aggregate: 'count' } } },
      { aggregate: { ...aggregate, first: { aggregate: 'first', of: 'at + 1' } } },
    ],
    [hop, { size: 40, every: 20, by, aggregate }, { every: 10 }, { size: 60 }, { every: 40 }, { emit: 'onUpdate' }],
    [cumulate, { size: 40, step: 20, by, aggregate }, { step: 10 }, { size: 60 }, { offset: 5 }],
    [session, { gap: 10, by, aggregate }, { gap: 11 }, { allowedLateness: 1 }, { emit: 'onUpdate' }],
    [countWindow, { size: 4, by, aggregate }, { size: 5 }, { every: 2 }],
    [total, { by, aggregate }, { by: ['gate'] }],
  ]
  for (const [operator, options, ...others] of cases) {
    const state = new MemoryState()
    const start = (more: object): Promise<unknown> => runChain([{ operator, options: { ...options, ...more }, state }], { input })
    await start({})
    await start({})
    for (const other of others) {
      const outcome = await start(other).then(
        () => 'went on',
        (error: { code?: unknown }) => error.code,
      )
      assert.is(outcome, 'INCOMPATIBLE', `${operator.spec.name} ${JSON.stringify(other)}`)
    }
  }
})

test('a key that the step names itself wins over that of a keyBy, and is the same key', async () => {
  const property = fc.asyncProperty(
    timedRows,
    fc.constantFrom(...windows, { operator: countWindow, options: { size: 2, aggregate } }),
    async (input, step) => {
      const { by: _, ...options } = step.options
      const named = await runChain([{ ...step, options: { ...options, by } }], { input, key: ['delay', 'at'] })
      assert.equal(named.rows, (await runChain([{ ...step, options }], { input, key: by })).rows)
    },
  )
  await fc.assert(property, { seed: 4, numRuns: 60 })
})

test.run()
