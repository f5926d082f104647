/** `foldInto` against the contract: rows made of events, rows that go, keys that are none, and what becomes of rows of an earlier revision. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { foldInto } from '../../operators/foldInto.ts'
import type { Row } from '../../operators/flow.ts'
import type { ProjectionSpec } from '../../operators/keyed/projection-spec.ts'
import { projection } from '../../topology/projection.ts'
import { operatorContract } from '../contract/operator.ts'
import { runOperator, type Outcome } from '../contract/operator-run.ts'
import { withBarriers } from './arbitrary.ts'

interface Data {
  readonly add: number
  readonly key: unknown
}
type Added = { readonly type: 'added'; readonly data: Data }

const numbers: ProjectionSpec<{ sum: number }, Added> = {
  name: 'sums',
  revision: 1,
  types: ['added'],
  initial: () => ({ sum: 0 }),
  key: ({ data }) => data.key as string | undefined,
  fold(state, { data }) {
    if (data.add === 13) throw new RangeError('thirteen')
    state.sum += data.add
    return state.sum > 20 ? null : state
  },
}
const functions = { '#sums': projection(numbers) }
const event = (data: Partial<Data>, type = 'added'): Row => ({ $event: { type, stream: 'number-1', data } })

const keys = fc.constantFrom<unknown>('a', 'b', 1, true, null, undefined, ['a', 1], ['a', null])

const test = operatorContract(foldInto, {
  poison: { $event: { type: 'booked', stream: 'account-a', data: {} } },
  twin: {
    input: withBarriers(fc.record({ add: fc.integer({ min: 1, max: 13 }), key: keys }).map(data => event(data))),
    options: { name: 'sums', with: '#sums' },
    functions,
    answer(rows) {
      const sums = new Map<string, number>()
      const dead: number[] = []
      const put: (readonly [readonly unknown[], unknown])[] = []
      for (const [order, { $event }] of rows.entries()) {
        const { add, key } = ($event as { data: Data }).data
        const list = Array.isArray(key) ? key : [key]
        const text = JSON.stringify(list)
        if (key === undefined) continue
        if (add === 13) {
          dead.push(order)
          continue
        }
        const sum = (sums.get(text) ?? 0) + add
        if (sum <= 20) sums.set(text, sum)
        else if (!sums.delete(text)) continue
        put.push([list, sum <= 20 ? { sum } : undefined])
      }
      return { projection: put, dead }
    },
  },
})

const run = (input: readonly (Row | 'barrier')[], spec: object = numbers): Promise<Outcome> =>
  runOperator(foldInto, { options: { name: 'sums', with: '#it' }, functions: { '#it': spec }, input, pageRows: 10 })

const sums = (more: Partial<ProjectionSpec<{ sum: number }, Added>>): object => projection<Added, { sum: number }>({ ...numbers, ...more })

test('events of other types and categories change nothing', async () => {
  const { projection: put, dead } = await run([event({ key: 'a', add: 1 }, 'other'), event({ key: 'a', add: 2 })], sums({}))
  assert.equal([put, dead], [[[['a'], { sum: 2 }]], []])
  assert.equal((await run([event({ key: 'a', add: 2 })], sums({ categories: ['text'] }))).projection, [])
})

test('what is no key, no state or no event is a dead letter', async () => {
  const bad = [NaN, Infinity, {}, [[1]], [], ['a', undefined], '\ud800', 5n]
  const input = bad.map(key => event({ key, add: 1 }))
  assert.equal((await run(input, sums({}))).dead, [...bad.keys()])
  assert.equal((await run([{ other: 1 }, { $event: null }], sums({}))).dead, [0, 1])
  for (const made of [undefined, Promise.resolve({ sum: 1 }), new Map(), () => 1, { sum: NaN }, { sum: new Date(0) }]) {
    const { dead, projection: put } = await run([event({ key: 'a', add: 1 })], sums({ fold: () => made as never }))
    assert.equal([dead, put], [[0], []])
  }
})

test('a fold that changes what it was given and then throws has changed nothing', async () => {
  const fold = (state: { sum: number }, { data }: { data: Data }): { sum: number } => {
    state.sum += data.add
    if (data.add === 2) throw new RangeError('two')
    return state
  }
  const input = [1, 2, 3].map(add => event({ key: 'a', add }))
  const { projection: put } = await run(input, sums({ fold, initial: { sum: 10 } }))
  assert.equal(put, [
    [['a'], { sum: 11 }],
    [['a'], { sum: 14 }],
  ])
})

/** The same outcome is gone on with by another projection, as after a restart with a new module. */
async function twoLives(first: object, second: object, input: readonly Row[]): Promise<Outcome> {
  let life = 0
  const functions = { get '#it'() { return life++ === 0 ? first : second } } // prettier-ignore
  const flow = [event({ key: 'a', add: 1 }), event({ key: 'b', add: 2 }), 'barrier' as const, ...input, 'barrier' as const]
  return runOperator(foldInto, { options: { name: 'sums', with: '#it' }, functions, input: flow, pageRows: 10, restartAfter: [1] })
}

test('an upgrade makes every row anew before the first event, and once', async () => {
  const upgrade = (state: unknown, revision: number, key: readonly unknown[]): { sum: number } | null =>
    key[0] === 'b' ? null : { sum: (state as { sum: number }).sum * 10 + revision }
  const { projection: put } = await twoLives(sums({}), sums({ revision: 2, upgrade }), [
    event({ key: 'a', add: 1 }),
    event({ key: 'b', add: 3 }),
  ])
  assert.equal(put.slice(2), [
    [['a'], { sum: 11 }],
    [['b'], undefined],
    [['a'], { sum: 12 }],
    [['b'], { sum: 3 }],
  ])
})

test('rows of another revision are refused without an upgrade, and when they are newer', async () => {
  const cases = [
    [sums({}), sums({ revision: 2 }), 'INCOMPATIBLE'],
    [sums({ revision: 3 }), sums({ revision: 2, upgrade: state => state as { sum: number } }), 'INCOMPATIBLE'],
    [sums({}), sums({ revision: 2, upgrade: () => { throw new RangeError('no') } }), 'INVALID'], // prettier-ignore
    [sums({}), sums({ revision: 2, upgrade: () => undefined as never }), 'INVALID'],
  ] as const
  for (const [first, second, code] of cases) {
    const failed = await twoLives(first, second, []).catch((error: unknown) => error)
    assert.ok(isEventStoreError(failed, code), String(failed))
  }
})

test('what is no projection is refused', async () => {
  for (const value of [undefined, 1, () => 1, { fold: () => 1 }, { ...numbers }]) {
    const failed = await run([], value as object).catch((error: unknown) => error)
    assert.ok(isEventStoreError(failed, 'INVALID'), String(failed))
  }
})

test.run()
