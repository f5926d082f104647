/** `tap` against the contract, with what its functions see. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { columns, rows } from '../../operators/functions.ts'
import { tap, type TapPlace } from '../../operators/tap.ts'
import { runOperator } from '../contract/operator-run.ts'
import { operatorContract } from '../contract/operator.ts'
import { everyRow, sameInOtherPages } from './selected.ts'

const refuse = (a: unknown): void => {
  if (a === 0 || a === null || a === undefined) throw new Error('nothing to see')
}
const functions = {
  '#plain': (row: { a?: unknown }): void => refuse(row.a),
  '#rows': rows({ reads: ['a'] }, row => refuse(row['a'])),
  '#loop': columns({ reads: { a: 'value' }, writes: {} }, ({ a }, _, count, selection) => {
    for (let i = 0; i < (selection?.length ?? count); i++) refuse(a.kind === 'value' ? a.values[selection?.[i] ?? i] : 0)
  }),
  '#kind': columns({ reads: { delay: 'number' }, writes: {} }, ({ delay }, _, count, selection) => {
    for (let i = 0; i < (selection?.length ?? count); i++) refuse(delay.nulls?.[selection?.[i] ?? i] === 1 ? 0 : 1)
  }),
  '#later': () => Promise.reject(new Error('too late')),
}

const test = operatorContract(tap, {
  poison: { origin: null },
  twin: {
    input: everyRow,
    options: fc.constantFrom({}, { do: '#plain' }, { do: '#rows', every: 1 }),
    functions,
    answer: (list, options) => {
      const isGood = ({ a }: { a?: unknown }): boolean => options['do'] === undefined || (a !== 0 && a !== null && a !== undefined)
      return { ports: { main: list.filter(isGood) }, dead: [...list.entries()].flatMap(([order, row]) => (isGood(row) ? [] : [order])) }
    },
  },
})

const doing = fc.constantFrom('#plain', '#rows', '#kind', '#later')
sameInOtherPages(test, tap, { options: fc.record({ do: doing, every: fc.constantFrom(1, 2, 3) }), functions })

const input = Array.from({ length: 3000 }, (_, n) => ({ n, $order: n * 4096 }))
const run = (options: object, see: unknown, pageRows = 64): ReturnType<typeof runOperator> =>
  runOperator(tap, { options: { do: '#see', ...options }, functions: { '#see': see }, input, pageRows })

test('about one row in so many is shown, the same at any size of pages', async () => {
  const seen = async (pageRows: number): Promise<number[]> => {
    const list: number[] = []
    const outcome = await run({ every: 10 }, (row: { n: number }) => list.push(row.n), pageRows)
    assert.is(outcome.ports['main']?.length, input.length)
    return list
  }
  const [one, many] = [await seen(1), await seen(4096)]
  assert.equal(one, many)
  assert.ok(one.length > 200 && one.length < 400, String(one.length))
})

test('the function is told where it stands', async () => {
  const places: TapPlace[] = []
  const see = (_: unknown, place: TapPlace): number => places.push(place)
  await run({ label: 'seen' }, see)
  await run({}, see)
  assert.equal(places[1], { step: 'step', label: 'seen', order: 4096 })
  assert.equal(places.at(-1), { step: 'step', label: 'step', order: 2999 * 4096 })
})

test('a function over columns sees the page once, and must write nothing', async () => {
  let calls = 0
  const look = columns({ reads: ['n'], writes: {} }, () => void calls++)
  await run({}, look, 1000)
  assert.is(calls, 3)
  const writes = columns({ reads: ['n'], writes: { m: 'number' } }, () => {})
  for (const wrong of [writes, 7, undefined]) {
    assert.is(
      await run({}, wrong).then(
        () => 'none',
        (error: { code: string }) => error.code,
      ),
      'INVALID',
    )
  }
})

test('the columns it says are decoded, or all of them', () => {
  const needs = (functionOf: unknown): unknown =>
    tap.needs(
      { do: '#see' },
      () => new Set(['x']),
      () => functionOf,
    )
  assert.equal([needs(functions['#rows']), needs(functions['#plain'])], [new Set(['x', 'a']), new Set(['x', '*'])])
  assert.equal(
    tap.needs(
      {},
      () => new Set(['x']),
      () => undefined,
    ),
    new Set(['x']),
  )
})

test.run()
