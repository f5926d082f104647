/** `pattern` against the contract, and against a matcher that tries every choice of rows. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { Row } from '../../operators/flow.ts'
import type { ExampleFlow } from '../../operators/operator.ts'
import { pattern } from '../../operators/pattern.ts'
import type { PatternStepOptions } from '../../operators/patterns/pattern-steps.ts'
import { operatorContract } from '../contract/operator.ts'
import { runOperator } from '../contract/operator-run.ts'
import { patternAnswer, type TwinCondition, type TwinStep } from './pattern-twin.ts'

const example = pattern.example
const test = operatorContract(pattern, {
  poison: { card: 1, amount: 'three' },
  twin: { skip: 'below, with random patterns' },
})

const sumOf = (rows: readonly Row[]): number => rows.reduce((sum, row) => sum + (row['v'] as number), 0)
const v = (row: Row | undefined): number => row?.['v'] as number

/** Conditions of a step `name`; `a` is the first step, so that all may speak of it. */
function conditions(name: string): fc.Arbitrary<TwinCondition | undefined> {
  const all: (TwinCondition | undefined)[] = [
    undefined,
    { text: 'v = 0', holds: row => v(row) === 0 },
    { text: 'v <= 1', holds: row => v(row) <= 1 },
    { text: 'v >= 1', holds: row => v(row) >= 1 },
    { text: `${name}.v = 2`, holds: row => v(row) === 2 },
  ]
  const beside: TwinCondition[] = [
    { text: 'v > first(a.v)', holds: (row, of) => of('a').length > 0 && v(row) > v(of('a')[0]) },
    { text: 'v >= a.v and v < 3', holds: (row, of) => of('a').length > 0 && v(row) >= v(of('a').at(-1)) && v(row) < 3 },
    { text: 'v <= sum(a.v) or count(a) > 2', holds: (row, of) => (of('a').length > 0 && v(row) <= sumOf(of('a'))) || of('a').length > 2 },
  ]
  const own: TwinCondition[] = [
    { text: 'count(a) = 0 or v > last(a.v)', holds: (row, of) => of('a').length === 0 || v(row) > v(of('a').at(-1)) },
  ]
  return fc.constantFrom(...all, ...(name === 'a' ? own : beside))
}

const quantifiers = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Omit<PatternStepOptions, 'where'>>({}) },
  { weight: 1, arbitrary: fc.record({ times: fc.constantFrom(2, '1..2', '2+', '1..3'), consecutive: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ oneOrMore: fc.constant(true), greedy: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ times: fc.constantFrom('2..3', '1+'), greedy: fc.constant(true), consecutive: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant<Omit<PatternStepOptions, 'where'>>({ times: '1..2', allowCombinations: true }) },
)

function stepAt(index: number, count: number): fc.Arbitrary<TwinStep> {
  const name = 'abcd'[index] as string
  const positive = fc.constantFrom('next', 'followedBy', 'followedBy', 'followedByAny')
  const negative = fc.constantFrom('notFollowedBy', ...(index < count - 1 ? ['notNext'] : []))
  const words = index === 0 ? fc.constant('begin') : fc.oneof({ weight: 3, arbitrary: positive }, { weight: 1, arbitrary: negative })
  return fc
    .record({ word: words, condition: conditions(name), quantifier: quantifiers, optional: fc.constantFrom(false, false, true) })
    .map(({ word, condition, quantifier, optional }) => {
      if (word.startsWith('not')) return { name, [word]: name, condition }
      return { name, [word]: name, condition, ...quantifier, ...(optional && count > 1 && { optional }) }
    })
}

const patterns = fc
  .integer({ min: 1, max: 4 })
  .chain(count => fc.tuple(...Array.from({ length: count }, (_, index) => stepAt(index, count))))
  .filter(steps => steps.some(step => step.optional !== true && !('notNext' in step) && !('notFollowedBy' in step)))

const skips = fc.constantFrom('none', 'none', 'pastLast', 'toNext', 'toFirst b', 'toLast a', 'toLast b')

const rows = fc.array(
  fc.record({ k: fc.constantFrom('x', 'x', 'y'), v: fc.nat(3), at: fc.nat(12), lag: fc.constantFrom(0, 3, 20), isBarrier: fc.nat(9) }),
  { maxLength: 12, size: 'max' },
)

/** Stamped rows in no order of time, some of them too late, with barriers. */
function inputOf(list: readonly { k: string; v: number; at: number; lag: number; isBarrier: number }[]): ExampleFlow[] {
  let watermark = -Infinity
  const flows = list.flatMap(({ k, v: value, at, lag, isBarrier }, i): ExampleFlow[] => {
    const row = { k, v: value, n: 2 ** i, $eventTime: at, $watermark: watermark }
    watermark = Math.max(watermark, at - lag)
    return isBarrier === 0 ? [row, 'barrier'] : [row]
  })
  return [...flows, 'end', 'barrier']
}

test('random patterns over random rows are what a matcher finds that tries every choice', async () => {
  const seen = { main: 0, timedOut: 0, late: 0 }
  const settings = { steps: patterns, skip: skips, within: fc.constantFrom(3, 6, 100), list: rows, pageRows: fc.constantFrom(1, 3, 4096) }
  const property = fc.asyncProperty(fc.record(settings), async ({ steps, skip: wanted, within, list, pageRows }) => {
    const isNamed =
      wanted === 'none' ||
      !wanted.includes(' ') ||
      steps.some(step => step.name === wanted.at(-1) && !Object.keys(step).some(word => word.startsWith('not')))
    const skip = isNamed ? wanted : 'none'
    const written = steps.map(({ name, condition, ...step }) => (assert.ok(name), { ...step, ...(condition && { where: condition.text }) }))
    const shown = steps.filter(step => !('notNext' in step) && !('notFollowedBy' in step))
    const select = Object.fromEntries(shown.map(({ name }) => [`of_${name}`, `sum(${name}.n)`]))
    const input = inputOf(list)
    const options = { steps: written, by: ['k'], within, skip, select, limit: 100_000 }
    const { ports, dead } = await runOperator(pattern, { options, input, pageRows, restartAfter: [1, 2] })
    const answer = patternAnswer(
      input.filter(one => typeof one === 'object'),
      steps,
      { within, skip },
    )
    assert.equal(dead, [])
    for (const port of ['main', 'timedOut'] as const) {
      assert.equal(ports[port] ?? [], answer[port], port)
      seen[port] += answer[port].length
    }
    assert.is((ports['late'] ?? []).length, answer.late.length)
    seen.late += answer.late.length
  })
  await fc.assert(property, { seed: 4, numRuns: 2500 })
  for (const [port, count] of Object.entries(seen)) assert.ok(count > 300, `${port}: ${count}`)
})

const stamped = (list: readonly Row[]): ExampleFlow[] => [
  ...list.map((row, at) => ({ $eventTime: at * 1000, $watermark: -Infinity, ...row })),
  'end',
  'barrier',
]

test('without within partial matches are kept for ever, and only when that is said', async () => {
  const steps = [
    { begin: 'a', where: 'v = 1' },
    { followedBy: 'b', where: 'v = 2' },
  ]
  const invalid = (error: { code?: unknown; details?: { option?: unknown } }): boolean =>
    error.code === 'INVALID' && error.details?.option === 'within'
  assert.throws(() => pattern.create({ steps } as never, { row: { fields: {}, isOpen: true, key: [], isTimed: true } } as never), invalid)
  const input = stamped([{ v: 1 }, { v: 3 }, { v: 2, $eventTime: 8e12 }])
  const { ports } = await runOperator(pattern, { options: { steps, unbounded: true }, input, pageRows: 2, restartAfter: [1] })
  assert.equal(ports['main'], [{ matchStart: 0, matchEnd: 8e12, $eventTime: 8e12, $watermark: 8e12 }])
  assert.is(ports['timedOut'], undefined)
})

test('a row that would make too many partial matches is given up, and the others go on as if it had not been', async () => {
  const steps = [
    { begin: 'a', where: 'v = 1' },
    { next: 'b', where: 'v = 1' },
    { followedBy: 'c', where: 'v = 2' },
  ]
  const options = { steps, within: '1h', limit: 3, select: { b: 'b.n' } }
  const input = stamped([1, 1, 1, 1, 2].map((v, n) => ({ v, n })))
  for (const pageRows of [1, 4096]) {
    const { ports, dead } = await runOperator(pattern, { options, input, pageRows })
    assert.equal(dead, [4], 'of the row that moved the watermark, which is the last one')
    assert.equal(
      ports['main']?.map(({ b }) => b),
      [1, 2],
    )
  }
})

test('a condition that fails for a partial match makes a dead letter of the row, and one of select of the last row', async () => {
  const steps = [
    { begin: 'a', where: 'v < 3' },
    { followedBy: 'b', where: '6 / a.v > 2 and v = 3' },
  ]
  const input = stamped([{ v: 0 }, { v: 3 }, { v: 1 }])
  assert.equal((await runOperator(pattern, { options: { steps, within: 5000 }, input, pageRows: 7 })).dead, [2])
  const select = { steps: [{ begin: 'a' }], within: 5000, select: { share: '6 / v' } }
  const { ports, dead } = await runOperator(pattern, { options: select, input, pageRows: 7 })
  assert.equal([dead, ports['main']?.map(({ share }) => share)], [[2], [2, 6]])
})

test('numbers that are none, values of other kinds and null are compared as expressions do, also after a restart', async () => {
  const steps = [
    { begin: 'a', where: 'tag is not null' },
    { followedBy: 'b', where: 'tag = a.tag' },
  ]
  const list = ['é', null, '', 'é', '', '__proto__', '__proto__'].map((tag, n) => ({ tag, n }))
  const input = [...stamped(list).slice(0, 3), 'barrier' as const, ...stamped(list).slice(3)]
  const options = { steps, within: '1h', select: { a: 'a.n', tag: 'b.tag' } }
  const { ports } = await runOperator(pattern, { options, input, pageRows: 1, restartAfter: [1] })
  assert.equal(
    ports['main']?.map(({ a, tag }) => [a, tag]),
    [
      [0, 'é'],
      [2, ''],
      [5, '__proto__'],
    ],
  )
})

test('behind keyBy the key is known after a restart before any row has come', async () => {
  const input: ExampleFlow[] = [
    ...stamped([
      { k: 'a', v: 1 },
      { k: 'b', v: 1 },
    ]).slice(0, 2),
    'barrier',
    'end',
    'barrier',
  ]
  const steps = [{ begin: 'a', where: 'v = 1' }]
  const { ports } = await runOperator(pattern, { options: { steps, within: 5 }, key: ['k'], input, pageRows: 2, restartAfter: [1] })
  assert.equal(
    ports['main']?.map(({ k }) => k),
    ['a', 'b'],
  )
})

test('a long run of one step is kept once, however many partial matches share it', async () => {
  const steps = [
    { begin: 'a', where: 'v = 1', oneOrMore: true, greedy: true },
    { followedBy: 'b', where: 'v = 2' },
  ]
  const input = stamped([...Array.from({ length: 3000 }, () => ({ v: 1 })), { v: 2 }])
  const options = { steps, within: '1d', skip: 'pastLast', select: { n: 'count(a)' }, limit: 5000 }
  const { ports } = await runOperator(pattern, {
    options,
    input: [...input.slice(0, 2000), 'barrier', ...input.slice(2000)],
    pageRows: 500,
    restartAfter: [1],
  })
  assert.equal(
    ports['main']?.map(({ n }) => n),
    [3000],
  )
})

test('the example needs only what it reads', () => {
  const needed = pattern.needs(
    example.options as never,
    port => new Set(port === 'late' ? ['note'] : []),
    () => undefined,
  )
  assert.equal([...needed].sort(), ['amount', 'card', 'note'])
})

test.run()
