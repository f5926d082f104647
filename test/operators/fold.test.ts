/** `fold` against the contract, with functions that change what they are given and fail half-way. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { anyRow } from '../../operators/expressions/types.ts'
import type { Row } from '../../operators/flow.ts'
import { fold } from '../../operators/fold.ts'
import { columns, rows } from '../../operators/functions.ts'
import { operatorContract } from '../contract/operator.ts'
import { runOperator } from '../contract/operator-run.ts'
import { withBarriers } from './arbitrary.ts'
import { keyName, keys } from './keyed-inputs.ts'

interface State {
  sum: number
  seen: unknown[]
}

/** Changes the state before it looks whether it may. */
const changing = (state: State, row: { add: unknown }): State => {
  state.seen.push(row.add ?? null)
  if (typeof row.add !== 'number') throw new TypeError('no number')
  state.sum += row.add
  if (state.seen.length > 3) state.seen.shift()
  return state
}
const declared = rows({ reads: ['add'] }, changing as unknown as (row: Row) => unknown)
const functions = { changing, declared }

const test = operatorContract(fold, {
  poison: { account: 'a', amount: 'much' },
  twin: {
    input: withBarriers(fc.record({ key: keys, second: keys, add: fc.constantFrom(1, 2.5, -0, 'x', null, 3) }), 60),
    options: fc
      .record({
        by: fc.constantFrom(undefined, ['key'], ['key', 'second']),
        as: fc.constantFrom(undefined, 'state'),
        with: fc.constantFrom('changing', 'declared'),
      })
      .map(({ by, as, with: reference }) => ({ initial: { sum: 0, seen: [] }, with: reference, ...(by && { by }), ...(as && { as }) })),
    functions,
    key: ['second'],
    answer(list, { by = ['second'], as }) {
      const key = by as string[]
      const states = new Map<string, State>()
      const main: Row[] = []
      const dead: number[] = []
      for (const [order, row] of list.entries()) {
        const { sum, seen } = states.get(keyName(row, key)) ?? { sum: 0, seen: [] }
        if (typeof row['add'] !== 'number') {
          dead.push(order)
          continue
        }
        const state = { sum: sum + row['add'], seen: [...seen, row['add'] + 0].slice(-3) }
        states.set(keyName(row, key), state)
        main.push({ ...Object.fromEntries(key.map(name => [name, row[name]])), ...(as === undefined ? state : { [as as string]: state }) })
      }
      return { ports: { main }, dead }
    },
    numRuns: 120,
  },
})

const returned = async (value: unknown, options: object = {}): Promise<unknown> => {
  const functions = { give: (_: unknown, row: { bad?: boolean }) => (row.bad === true ? value : { n: 1 }) }
  const input = [{ bad: false }, { bad: true }, 'barrier' as const, { bad: false }]
  const outcome = await runOperator(fold, {
    options: { initial: { n: 0 }, with: 'give', ...options },
    functions,
    input,
    pageRows: 9,
    restartAfter: [1],
  })
  return outcome.dead.length > 0 ? outcome.dead : outcome.ports['main']
}

test('what is not JSON is given up alone', async () => {
  const circle: Record<string, unknown> = {}
  circle['self'] = circle
  const deep: unknown = Array.from({ length: 100_000 }).reduce(inner => [inner], 0 as unknown)
  const wrong = [
    NaN,
    Infinity,
    5n,
    undefined,
    () => 1,
    new Date(0),
    new Map(),
    Promise.resolve({}),
    circle,
    deep,
    Symbol('a'),
    { a: { b: NaN } },
  ]
  for (const value of wrong) for (const as of [{}, { as: 'state' }]) assert.equal(await returned(value, as), [1], String(typeof value))
  for (const value of [1, 'text', null, [1]]) assert.equal(await returned(value), [1], String(value))
  assert.equal(await returned('text', { as: 'state' }), [{ state: { n: 1 } }, { state: 'text' }, { state: { n: 1 } }])
})

test('names that objects have from birth are names like any other, and the key stays', async () => {
  const functions = { keep: (state: unknown) => state }
  const initial: unknown = JSON.parse('{"n":0,"inner":{"__proto__":{"a":1}},"constructor":2}')
  const options = { by: ['n'], initial, with: 'keep' }
  const { ports } = await runOperator(fold, { options, functions, input: [{ n: 7 }, 'barrier', { n: 7 }], pageRows: 1, restartAfter: [1] })
  assert.is(JSON.stringify(ports['main']?.map(row => row['inner'])), '[{"__proto__":{"a":1}},{"__proto__":{"a":1}}]')
  assert.equal(
    ports['main']?.map(row => [row['n'], row['constructor']]),
    [
      [7, 2],
      [7, 2],
    ],
  )
})

test('an initial state that does not fit is refused', () => {
  const refused =
    (option: string) =>
    (error: unknown): boolean =>
      isEventStoreError(error, 'INVALID') && error.details['option'] === option
  const types = (options: object, key: readonly string[] = []): unknown =>
    fold.types?.({ with: 'm#f', ...options } as never, { ...anyRow, key }, () => undefined)
  assert.throws(() => types({ initial: 0 }), refused('initial'))
  assert.throws(() => types({ initial: NaN, as: 'n' }), refused('initial'))
  assert.throws(() => types({ initial: { a: 1 }, by: ['a'] }), refused('initial'))
  assert.throws(() => types({ initial: 0, as: 'a' }, ['a']), refused('as'))
  types({ initial: null, as: 'a' })
})

test('a loop over columns is refused', async () => {
  const loop = columns({ reads: ['a'], writes: { b: 'number' } }, () => {})
  const input = [{ a: 1 }]
  try {
    await runOperator(fold, { options: { initial: {}, with: 'loop' }, functions: { loop }, input, pageRows: 1 })
    assert.unreachable()
  } catch (error) {
    assert.ok(isEventStoreError(error, 'INVALID'))
  }
})

test.run()
