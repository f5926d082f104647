/** What all joins share: the stamps of what leaves, state that is written in pieces and goes again, keys that come and go. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { anyRow } from '../../operators/expressions/types.ts'
import type { Flow, Row } from '../../operators/flow.ts'
import { joinInterval } from '../../operators/joinInterval.ts'
import { joinTable } from '../../operators/joinTable.ts'
import { joinTemporal } from '../../operators/joinTemporal.ts'
import { joinWindow } from '../../operators/joinWindow.ts'
import type { AnyOperator, ExampleFlow, StepContext } from '../../operators/operator.ts'
import { rowsOf } from '../../operators/page.ts'
import { tumble } from '../../operators/tumble.ts'
import { Subject } from 'rxjs'
import { flowsOf, MemoryState, runOperator } from '../contract/operator-run.ts'
import { joinInputs } from './join-twin.ts'
import { contextWith } from './keyed-inputs.ts'
import { brokenPromises, type ChainStep, runChain } from './window-run.ts'

const match = { key: 'of' }

const timed: readonly ChainStep[] = [
  ...['inner', 'left', 'right', 'full', 'semi', 'anti'].flatMap((kind): ChainStep[] => [
    { operator: joinInterval, options: { match, kind, before: 20, after: 40 } },
    { operator: joinInterval, options: { match, kind, until: 'until' } },
    { operator: joinWindow, options: { match, kind, size: 40 } },
    { operator: joinWindow, options: { match, kind, size: 50, every: 20 } },
  ]),
  ...['inner', 'left', 'semi', 'anti'].map((kind): ChainStep => ({ operator: joinTemporal, options: { match, kind } })),
]

const nameOf = ({ operator, options }: ChainStep): string => `${operator.spec.name} ${JSON.stringify({ ...options, match: undefined })}`

test('every stamp and watermark that leaves a join holds for all behind it, and windows there find nothing late', async () => {
  const next = { operator: tumble, options: { size: 40, by: ['key'], aggregate: { rows: { aggregate: 'count' } } } }
  const property = fc.asyncProperty(joinInputs, fc.nat(timed.length - 1), fc.constantFrom(1, 3, 4096), async (input, at, pageRows) => {
    const step = timed[at] as ChainStep
    assert.equal(brokenPromises((await runChain([step], { input, pageRows })).flows), [], nameOf(step))
    const whole = await runChain([step, next], { input })
    assert.is(whole.others['1.late'] ?? 0, 0, nameOf(step))
    assert.equal((await runChain([step, next], { input, pageRows })).rows, whole.rows, nameOf(step))
  })
  await fc.assert(property, { seed: 4, numRuns: 300 })
})

test('what a join kept is gone when all has closed', async () => {
  const bounded = [...timed, { operator: joinTable, options: { match, keep: 'both', ttl: 40 } }]
  const property = fc.asyncProperty(joinInputs, fc.nat(bounded.length - 1), fc.constantFrom(1, 4096), async (input, at, pageRows) => {
    const step = bounded[at] as ChainStep
    const state = new MemoryState()
    await runChain([{ ...step, state }], { input, pageRows })
    // What the rows mean, the clock, and of each key the version of a table that stays.
    const versions = step.operator === joinTemporal ? 7 : 0
    assert.ok(state.rowsByKey.size <= 2 + versions, `${nameOf(step)}: ${state.rowsByKey.size} rows`)
  })
  await fc.assert(property, { seed: 4, numRuns: 200 })
})

/** Sends flows; answers the rows that left. */
async function through(operator: AnyOperator, options: object, context: StepContext, flows: readonly Flow[]): Promise<Row[]> {
  const rows: Row[] = []
  const subject = new Subject<Flow>()
  let failure: { readonly error: unknown } | undefined
  subject.pipe(await operator.create(options as never, context)).subscribe({
    next: flow => flow.kind === 'page' && rows.push(...rowsOf(flow)),
    error: (error: unknown) => (failure ??= { error }),
  })
  for (const flow of flows) subject.next(flow)
  assert.is(failure, undefined)
  return rows
}

test('a row that meets very many makes pages of them, in the order in which they came', async () => {
  const many = 10_000
  const input: ExampleFlow[] = [
    ...Array.from({ length: many }, (_, left): Row => ({ key: 1, left, $input: 0, $eventTime: 5, $watermark: -Infinity })),
    { of: 1, right: 1, $input: 1, $eventTime: 5, $watermark: -Infinity },
    { of: 1, right: 2, $input: 1, $eventTime: 5, $watermark: -Infinity },
  ]
  const outcome = await runOperator(joinInterval, { options: { match, after: 0, take: ['right'] }, input, pageRows: 4096 })
  const main = outcome.ports['main'] ?? []
  assert.is(main.length, 2 * many)
  for (const [at, row] of main.entries()) assert.equal([row['left'], row['right']], [at % many, at < many ? 1 : 2])
})

test('keys that come and go take no memory, and those that stay are found again', async () => {
  const count = 150_000
  const input = Array.from({ length: count }, (_, at): Row[] => {
    const key = at % 10_000 === 7 ? 'stays' : at
    const stamps = { $eventTime: at, $watermark: at - 1 }
    return at % 2 === 0 || key === 'stays'
      ? [{ key, left: at, until: key === 'stays' ? at + 25_000 : at + 5, $input: 0, ...stamps }]
      : [{ of: at % 10_000 === 9 ? 'stays' : at - 1, right: at, $input: 1, ...stamps }]
  }).flat()
  const state = new MemoryState()
  const flows = flowsOf({ input: [...input], pageRows: 500 }).flatMap((flow, at): Flow[] =>
    flow.kind === 'watermark' && at % 7 === 0 ? [flow, { kind: 'barrier', epoch: at }] : [flow],
  )
  const context = contextWith(state, { inputs: [0, 1].map(() => ({ row: { ...anyRow, isTimed: true }, reads: ['*'] })) })
  const rows = await through(joinInterval, { match, until: 'until', take: ['right'] }, context, flows)
  const stays = rows.filter(({ key }) => key === 'stays').map(({ left, right }) => [left, right])
  const wanted = Array.from({ length: 15 }, (_, group) => group * 10_000 + 9).flatMap(right =>
    [right - 20_002, right - 10_002, right - 2].filter(left => left >= 0).map(left => [left, right]),
  )
  assert.equal(stays, wanted)
  const others = rows.filter(({ key }) => key !== 'stays')
  assert.is(others.length, count / 2 - 15 - 15)
  assert.ok(state.rowsByKey.size < 2000, String(state.rowsByKey.size))
})

test('a table is found again behind very many keys that it does not have', async () => {
  const table = [1, 2, 3].map((of): Row => ({ of, right: -of, $input: 1 }))
  const asked = Array.from({ length: 150_000 }, (_, at): Row => ({
    key: at % 10_000 === 0 ? 1 + (at % 3) : `none ${at}`,
    left: at,
    $input: 0,
  }))
  const { ports } = await runOperator(joinTable, { options: { match, take: ['right'] }, input: [...table, ...asked], pageRows: 4096 })
  assert.equal(
    ports['main']?.map(({ key, right }) => [key, right]),
    Array.from({ length: 15 }, (_, at) => [1 + ((at * 10_000) % 3), -(1 + ((at * 10_000) % 3))]),
  )
})

test('a barrier writes what came since the last one, not all that a key holds', async () => {
  const row = (at: number, $input: number): Row => ({
    [$input === 0 ? 'key' : 'of']: 1,
    text: 'x'.repeat(100),
    $input,
    $eventTime: at,
    $watermark: 0,
  })
  const state = new MemoryState()
  const sizes: number[] = []
  const flows = flowsOf({ input: Array.from({ length: 2000 }, (_, at) => row(at, 0)), pageRows: 4096 })
  const context = contextWith(state)
  const bytes = (): number => [...state.rowsByKey.values()].reduce((sum, { length }) => sum + length, 0)
  const step = new Subject<Flow>()
  step.pipe(await joinInterval.create({ match, kind: 'left', after: 10_000 }, context)).subscribe()
  const barrier = (): void => {
    const before = state.puts
    step.next({ kind: 'barrier', epoch: 1 })
    sizes.push(state.puts - before)
  }
  for (const flow of flows) step.next(flow)
  barrier()
  const full = bytes()
  for (const flow of flowsOf({ input: [row(2000, 0)], pageRows: 1 })) step.next(flow)
  barrier()
  // 2,000 rows in pieces of 256 and what they mean; then one row; then nothing.
  assert.ok((sizes[0] as number) <= 10, String(sizes[0]))
  assert.is(sizes[1], 1)
  assert.ok(bytes() - full < 300, String(bytes() - full))
  barrier()
  assert.is(sizes[2], 0)
})

test('only the columns that are wanted are kept, and columns wanted later are INCOMPATIBLE', async () => {
  const state = new MemoryState()
  const contextOf = (reads: readonly string[]): StepContext =>
    contextWith(state, { inputs: [0, 1].map(() => ({ row: { ...anyRow, isTimed: true }, reads })) })
  const input: ExampleFlow[] = [{ key: 1, left: 7, heavy: 'so heavy', $input: 0, $eventTime: 1, $watermark: 0 }, 'barrier']
  await through(joinInterval, { match, after: 10 }, contextOf(['key', 'left']), flowsOf({ input, pageRows: 1 }))
  const bytes = Buffer.concat([...state.rowsByKey.values()])
  assert.not.ok(bytes.includes('heavy'))
  const wider = through(joinInterval, { match, after: 10 }, contextOf(['key', 'left', 'heavy']), [])
  const code = await wider.then(
    () => 'went on',
    (error: { code?: unknown }) => error.code,
  )
  assert.is(code, 'INCOMPATIBLE')
  const later: ExampleFlow[] = [{ of: 1, $input: 1, $eventTime: 2, $watermark: 0 }]
  const rows = await through(joinInterval, { match, after: 10 }, contextOf(['key']), flowsOf({ input: later, pageRows: 1 }))
  assert.equal(rows, [{ key: 1 }])
})

test('rows that were kept with other options are INCOMPATIBLE', async () => {
  const input: ExampleFlow[] = [{ key: 1, until: 9, $input: 0, $eventTime: 1, $watermark: 0 }, 'barrier']
  const cases: readonly (readonly [AnyOperator, object, ...object[]])[] = [
    [joinInterval, { match, after: 9 }, { after: 8 }, { before: 1 }, { match: { key: 'other' } }, { kind: 'left' }],
    [joinWindow, { match, size: 9 }, { size: 8 }, { every: 3 }, { offset: 1 }],
    [joinTemporal, { match }, { ttl: 9 }, { kind: 'left' }],
    [joinTable, { match, keep: 'both', ttl: 9 }, { ttl: 8 }],
  ]
  for (const [operator, options, ...others] of cases) {
    const state = new MemoryState()
    const start = (more: object): Promise<unknown> =>
      through(operator, { ...options, ...more }, contextWith(state), flowsOf({ input, pageRows: 1 }))
    await start({})
    await start({})
    for (const other of others) {
      const code = await start(other).then(
        () => 'went on',
        (error: { code?: unknown }) => error.code,
      )
      assert.is(code, 'INCOMPATIBLE', `${operator.spec.name} ${JSON.stringify(other)}`)
    }
  }
})

test('a row that can not be kept is given up alone', async () => {
  const circle: { own?: unknown } = {}
  circle.own = circle
  const input: ExampleFlow[] = [
    { key: 1, value: circle, $input: 0, $eventTime: 1, $watermark: 0 },
    { key: 1, value: [1n], $input: 0, $eventTime: 1, $watermark: 0 },
    { of: 1, $input: 1, $eventTime: 1, $watermark: 0 },
  ]
  for (const pageRows of [1, 3]) {
    const { ports, dead } = await runOperator(joinWindow, { options: { match, size: 10 }, input, pageRows })
    assert.equal(dead, [0])
    assert.equal(
      ports['main']?.map(({ value }) => value),
      [[1n]],
    )
  }
})

test('a lane takes back the rows of its keys alone', async () => {
  const state = new MemoryState()
  const rows = [1, 2].map((key): Row => ({ key, $input: 0, $eventTime: 1, $watermark: 0 }))
  await through(joinInterval, { match, after: 10 }, contextWith(state), flowsOf({ input: [...rows, 'barrier'], pageRows: 2 }))
  const asked: unknown[] = []
  const owns = (fields: readonly string[], [key]: readonly unknown[]): boolean => {
    asked.push(fields)
    return key === 2
  }
  const later = [1, 2].map((of): Row => ({ of, $input: 1, $eventTime: 1, $watermark: 0 }))
  const found = await through(
    joinInterval,
    { match, after: 10 },
    contextWith(state, { owns, lanes: 2 }),
    flowsOf({ input: later, pageRows: 2 }),
  )
  assert.equal(found, [{ key: 2 }])
  assert.equal(asked, [['key'], ['key']])
})

test.run()
