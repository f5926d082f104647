/** `topN` against the contract; its twin sorts all rows of each window. */
import * as fc from 'fast-check'
import { filter } from 'rxjs'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { anyRow, type RowType } from '../../operators/expressions/types.ts'
import type { Flow, Row } from '../../operators/flow.ts'
import type { AnyOperator, ExampleFlow, StepContext } from '../../operators/operator.ts'
import { topN } from '../../operators/topN.ts'
import { tumble } from '../../operators/tumble.ts'
import { compareKeys, compareTexts } from '../../operators/windows/window-keys.ts'
import { operatorContract } from '../contract/operator.ts'
import { MemoryState, runOperator } from '../contract/operator-run.ts'
import { stamped, withBarriers } from './arbitrary.ts'
import { keys, plain } from './keyed-inputs.ts'

const score = fc.constantFrom<unknown>(0, 1, 2, -1, NaN, Infinity, 'a', 'é', '\u{1f6eb}', '\ufffd', true, false)
const row = fc.record({
  at: fc.integer({ min: 0, max: 400 }),
  key: keys.filter(key => key !== null),
  score,
  name: fc.constantFrom('a', 'b', '\ufffd', '\u{1f6eb}'),
})
/** A column of nulls alone may be missing, so rows with nulls are compared without them. */
const withoutNulls = (rows: readonly Row[] = []): Row[] =>
  rows.map(one => Object.fromEntries(Object.entries(plain(one)).filter(([, value]) => value !== null)))

/** Each row with the window of 100 that its time is in. */
const windowed = (input: readonly ExampleFlow[]): ExampleFlow[] =>
  input.map(one => {
    if (typeof one === 'string') return one
    const windowStart = Math.floor((one['at'] as number) / 100) * 100
    return { ...one, windowStart, windowEnd: windowStart + 100 }
  })

const kindOf = (value: unknown): number => ['boolean', 'number', 'string'].indexOf(typeof value)

/** Null last; else by kind, then by value. */
function compareScores(a: unknown, b: unknown, falls: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  const up = falls ? -1 : 1
  if (kindOf(a) !== kindOf(b)) return up * (kindOf(a) - kindOf(b))
  if (typeof a === 'string') return up * compareTexts(a, b as string)
  const [left, right] = [Number(a), Number(b)]
  if (Number.isNaN(left) || Number.isNaN(right)) return up * (Number(Number.isNaN(left)) - Number(Number.isNaN(right)))
  return up * (left < right ? -1 : left > right ? 1 : 0)
}

function answer(rows: readonly Row[], options: Readonly<Record<string, unknown>>): { ports: Record<string, Row[]>; dead: number[] } {
  const { n, order, by = [], per } = options as { n: number; order: string[]; by?: string[]; per: string }
  const isLate = (one: Row): boolean => per === 'window' && (one['$watermark'] as number) >= (one['windowEnd'] as number)
  const groups = new Map<string, { key: unknown[]; rows: Row[] }>()
  for (const one of rows.filter(one => !isLate(one))) {
    const key = [...(per === 'window' ? [one['windowEnd']] : []), ...by.map(name => one[name])]
    const group = groups.get(JSON.stringify(key)) ?? { key, rows: [] }
    groups.set(JSON.stringify(key), group)
    group.rows.push(one)
  }
  const best = (list: readonly Row[]): Row[] => {
    const sorted = [...list].sort((a, b) => {
      const orders = order.map(name => compareScores(a[name.replace('-', '')], b[name.replace('-', '')], name.startsWith('-')))
      return orders.find(one => one !== 0) ?? 0
    })
    return sorted.slice(0, n).map((one, index) => ({ ...plain(one), rank: index + 1 }))
  }
  const sorted = [...groups.values()].sort((a, b) => compareKeys(a.key, b.key))
  return { ports: { main: sorted.flatMap(group => best(group.rows)), late: rows.filter(isLate).map(plain) }, dead: [] }
}

const input = (one: fc.Arbitrary<Row>): fc.Arbitrary<ExampleFlow[]> =>
  withBarriers(one, 120).map(rows => [...windowed(stamped(rows, 60)), 'end', 'barrier'])
const options: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc
  .record({
    n: fc.constantFrom(1, 2, 3, 100),
    order: fc.constantFrom(['score'], ['-score'], ['-score', 'name'], ['name', '-score']),
    by: fc.constantFrom([], ['key']),
    per: fc.constantFrom('window', 'end'),
  })
  .map(({ by, ...rest }) => (by.length === 0 ? rest : { by, ...rest }))

const test = operatorContract(topN, {
  poison: { origin: 'JFK', flights: 9, windowStart: null },
  twin: { input: input(row), options, answer, numRuns: 150 },
})

test('null is the last, whichever way a column goes, and a key like any other', async () => {
  const some = fc.record({
    at: fc.integer({ min: 0, max: 400 }),
    key: keys,
    score: fc.constantFrom(null, 1, 2, 'a'),
    name: fc.constantFrom('a', null),
  })
  const property = fc.asyncProperty(input(some), options, fc.constantFrom(1, 7, 4096), async (rows, chosen, pageRows) => {
    const outcome = await runOperator(topN, { options: chosen, input: rows, pageRows, restartAfter: [2, 3] })
    const { main, late } = answer(
      rows.filter(one => typeof one === 'object'),
      chosen,
    ).ports
    assert.equal(withoutNulls(outcome.ports['main']), withoutNulls(main))
    assert.equal(withoutNulls(outcome.ports['late']), withoutNulls(late))
  })
  await fc.assert(property, { seed: 4, numRuns: 100 })
})

test('rows leave with the stamps of their window, and without any at the end', async () => {
  const input: ExampleFlow[] = [
    { a: 2, windowStart: 0, windowEnd: 10, $order: 5, $eventTime: 9, $watermark: 0 },
    { a: 1, windowStart: 0, windowEnd: 10, $order: 5, $eventTime: 9, $watermark: 0 },
    'watermark 10',
    { a: 3, windowStart: 10, windowEnd: 20, $order: 8, $eventTime: 19, $watermark: 10 },
    { a: 4, windowStart: 20, windowEnd: 30, $order: 9, $eventTime: 22, $watermark: 11 },
    'end',
  ]
  const { ports } = await runOperator(topN, { options: { n: 2, order: ['a'], per: 'window' }, input, pageRows: 9 })
  assert.equal(
    ports['main']?.map(({ a, $eventTime, $watermark }) => [a, $eventTime, $watermark]),
    [
      [1, 9, 9],
      [2, 9, 9],
      [3, 19, 19],
      // It came from a join, before its window was over.
      [4, 29, 29],
    ],
  )
  const atEnd = await runOperator(topN, { options: { n: 2, order: ['a'], per: 'end' }, input, pageRows: 9 })
  assert.equal(
    atEnd.ports['main']?.map(({ a, rank, $eventTime }) => [a, rank, $eventTime]),
    [
      [1, 1, undefined],
      [2, 2, undefined],
    ],
  )
})

test('a session is complete when the watermark is past its end', async () => {
  const rows = [
    { user: 'a', windowStart: 0, windowEnd: 10, $eventTime: 10, $watermark: 10 },
    { user: 'b', windowStart: 0, windowEnd: 10, $eventTime: 10, $watermark: 10 },
  ]
  const run = (input: ExampleFlow[]): Promise<unknown> =>
    runOperator(topN, { options: { n: 1, order: ['-user'], per: 'window' }, input, pageRows: 1 }).then(({ ports }) => [
      ports['main']?.map(({ user }) => user) ?? [],
      ports['late']?.length ?? 0,
    ])
  assert.equal(await run([...rows, 'watermark 10']), [[], 0])
  assert.equal(await run([...rows, 'watermark 11']), [['b'], 0])
  assert.equal(await run([{ ...(rows[0] as Row), $watermark: 11 }, 'end']), [[], 1])
})

test('what is complete at a time is told from the columns', async () => {
  const bounds: RowType = { ...anyRow, fields: { windowStart: 'timestamp', windowEnd: 'timestamp' }, isOpen: false, isTimed: true }
  const types = (per: object, row: RowType): RowType | undefined =>
    topN.types?.({ n: 1, order: ['a'], ...per }, row, () => undefined)['main']
  const refused = (error: unknown): boolean => isEventStoreError(error, 'INVALID') && error.details['option'] === 'per'
  assert.is(types({}, bounds)?.isTimed, true)
  assert.is(types({}, { ...anyRow, isTimed: true })?.isTimed, false)
  assert.is(types({ per: 'end' }, bounds)?.fields['rank'], 'integer')
  assert.throws(() => types({ per: 'window' }, { ...bounds, isTimed: false }), refused)
  assert.throws(() => types({ per: 'window' }, { ...bounds, fields: {} }), refused)
  const input: ExampleFlow[] = [{ a: 1, windowStart: 0, windowEnd: 10, $eventTime: 9, $watermark: 0 }, 'watermark 10']
  const run = (row: RowType): Promise<unknown> =>
    runOperator(topN, { options: { n: 1, order: ['a'] }, row, input, pageRows: 9 }).then(({ ports }) => ports['main']?.length ?? 0)
  assert.is(await run(bounds), 1)
  assert.is(await run(anyRow), 0)
})

test('rows with values that JSON does not know come back after a restart', async () => {
  const odd = { day: new Date(5), bytes: Uint8Array.of(1, 2), big: 5n, none: NaN, text: '\ud800', inner: { $: 1, list: [undefined, -0] } }
  const run = (restartAfter: number[]): Promise<unknown> =>
    runOperator(topN, {
      options: { n: 5, order: ['inner', '-day'], per: 'end' },
      input: [{ ...odd }, { ...odd, none: 1 }, 'barrier', { ...odd, big: 6n }, 'end'],
      pageRows: 1,
      restartAfter,
    }).then(({ ports }) => ports['main'])
  assert.equal(await run([1]), await run([]))
  assert.equal(((await run([1])) as Row[])[0], { ...odd, inner: { $: 1, list: [null, -0] }, rank: 1 })
})

test('behind a window the same rows leave at any page size', async () => {
  const tumbled: AnyOperator = {
    ...topN,
    create: async (chosen: never, context: StepContext) => {
      const aggregate = { rows: { aggregate: 'count' } }
      const windows = await tumble.create({ size: 100, aggregate }, { ...context, state: new MemoryState() })
      const top = await topN.create(chosen, context)
      const taken = (flow: Flow): boolean => flow.kind !== 'page' || flow.port === 'main'
      return source => source.pipe(windows, filter(taken), top)
    },
  }
  const visit = fc.record({ at: fc.integer({ min: 0, max: 2000 }), key: fc.constantFrom('a', 'b', 'c', 'd') })
  const visits = fc.array(visit, { maxLength: 300 }).map(rows => [...stamped(rows, 150), 'end' as const])
  const property = fc.asyncProperty(visits, fc.constantFrom(1, 7, 50), async (rows, pageRows) => {
    const run = { options: { n: 2, order: ['-rows', 'key'], per: 'window' }, key: ['key'], input: rows }
    const { ports } = await runOperator(tumbled, { ...run, pageRows })
    const whole = await runOperator(tumbled, { ...run, pageRows: 4096 })
    assert.equal(ports['main'], whole.ports['main'])
    const counts = new Map<number, Record<string, number>>()
    for (const one of rows) {
      const end = typeof one === 'string' ? 0 : Math.floor((one['at'] as number) / 100) * 100 + 100
      if (typeof one === 'string' || (one['$watermark'] as number) >= end) continue
      const own = counts.get(end) ?? {}
      counts.set(end, own)
      own[one['key'] as string] = (own[one['key'] as string] ?? 0) + 1
    }
    const wanted = [...counts]
      .sort(([a], [b]) => a - b)
      .flatMap(([end, own]) =>
        Object.entries(own)
          .sort(([a, left], [b, right]) => right - left || (a < b ? -1 : 1))
          .slice(0, 2)
          .map(([key, count], index) => [end, key, count, index + 1]),
      )
    assert.equal(whole.ports['main']?.map(one => [one['windowEnd'], one['key'], one['rows'], one['rank']]) ?? [], wanted)
  })
  await fc.assert(property, { seed: 4, numRuns: 60 })
})

test('a value that can not be saved is given up alone', async () => {
  const circle: Record<string, unknown> = {}
  circle['self'] = circle
  const options = { n: 5, order: ['a'], per: 'end' }
  const { ports, dead } = await runOperator(topN, { options, input: [{ a: 1 }, { a: 2, circle }, { a: 3 }, 'end'], pageRows: 9 })
  assert.equal(dead, [1])
  assert.equal(
    ports['main']?.map(one => one['a']),
    [1, 3],
  )
})

test.run()
