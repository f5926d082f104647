/** Snapshots of folded streams on a node in memory: that they are used, by whom they are ignored, and that they never change an answer. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { DEFAULT_SCOPE } from '../../event/scope.ts'
import { type Node, openNode, type SnapshotPolicy, type Tenant } from '../../runtime/index.ts'
import { until } from './deployed-node.ts'

type Added = { readonly type: 'added'; readonly data: number }
interface Sum {
  readonly sum: number
  readonly last: readonly number[]
}

let folds = 0
const aggregate = {
  initialState: (): Sum => ({ sum: 0, last: [] }),
  evolve(state: Sum, { data, version }: { data: number; version: number }): Sum {
    folds++
    return { sum: state.sum * 3 + data, last: [...state.last.slice(-1), version] }
  },
}

async function sumOf(store: Tenant, stream: string, snapshot?: SnapshotPolicy): Promise<{ state: Sum; version: number; folded: number }> {
  const before = folds
  const { state, version } = await store.aggregateStream<Sum, Added>(stream, { ...aggregate, ...(snapshot && { snapshot }) })
  return { state, version, folded: folds - before }
}

const add = async (store: Tenant, stream: string, count: number): Promise<void> => {
  const events = Array.from({ length: count }, (_, data) => ({ type: 'added' as const, data }))
  await store.appendToStream<Added>(stream, events)
}

const policy = { revision: 1, every: 10 }

/** Until there are so many snapshots of the stream. */
const kept = (store: Tenant, stream: string, count: number): Promise<void> =>
  until(async () => (await store.streamVersion(`$snapshot-${stream}`)) === count)

async function withNode(work: (node: Node) => Promise<void>): Promise<void> {
  const node = await openNode({ memory: true })
  try {
    await work(node)
  } finally {
    await node.close()
  }
}

test('a stream is folded from its last snapshot on', () =>
  withNode(async node => {
    await add(node, 'a', 25)
    assert.is((await sumOf(node, 'a', policy)).folded, 25)
    await kept(node, 'a', 1)
    await add(node, 'a', 5)
    const whole = await sumOf(node, 'a')
    assert.equal(await sumOf(node, 'a', policy), { ...whole, folded: 5 })
    assert.is((await sumOf(node, 'a', { ...policy, revision: 2 })).folded, 30)
    assert.is((await sumOf(node, 'a', { ...policy, name: 'other', every: 100 })).folded, 30)
    await kept(node, 'a', 2)
    await add(node, 'a', 10)
    assert.is((await sumOf(node, 'a', { ...policy, revision: 2 })).folded, 10)
    // Of another revision than the last one: as if there were none.
    assert.is((await sumOf(node, 'a', { revision: 1, every: 1000 })).folded, 40)
  }))

test('what is no snapshot of this stream as it is now is not used', () =>
  withNode(async node => {
    await add(node, 'a', 20)
    const { position } = (await Array.fromAsync(node.readStream('a')))[19]!
    const forge = (data: unknown): Promise<unknown> =>
      node.router.append('$snapshot-a', { type: 'snapshot', data }, {}, { scope: DEFAULT_SCOPE, isSystem: true })
    const right = { name: '', revision: 1, version: 20, position, state: { sum: 1, last: [] } }
    await forge(right)
    assert.is((await sumOf(node, 'a', policy)).folded, 0)
    const wrong = [
      { ...right, position: (await Array.fromAsync(node.readStream('a')))[3]!.position },
      { ...right, version: 19 },
      { ...right, version: 21 },
      { ...right, name: 'other' },
      { ...right, revision: '1' },
      { state: 1 },
      null,
      'text',
    ]
    for (const data of wrong) {
      await forge(data)
      assert.is((await sumOf(node, 'a', { revision: 1, every: 1000 })).folded, 20, JSON.stringify(data))
    }
  }))

test('a state that JSON does not hold is refused when it would be kept', () =>
  withNode(async node => {
    await add(node, 'a', 5)
    const evolve = (): unknown => new Map()
    const work = node.aggregateStream('a', { initialState: () => null as unknown, evolve, snapshot: { revision: 1, every: 5 } })
    const error = await work.then(() => null, (thrown: unknown) => thrown) // prettier-ignore
    assert.ok(isEventStoreError(error, 'INVALID') && error.details['field'] === 'snapshot')
    await node.aggregateStream('a', { initialState: () => null as unknown, evolve, snapshot: { revision: 1, every: 6 } })
  }))

test('a stream with the longest name has none, and tenants have their own', () =>
  withNode(async node => {
    const long = 'x'.repeat(512)
    await add(node, long, 20)
    for (let turn = 0; turn < 2; turn++) assert.is((await sumOf(node, long, policy)).folded, 20)
    const tenant = node.tenant('one')
    await add(node, 'a', 20)
    await add(tenant, 'a', 15)
    await sumOf(node, 'a', policy)
    await sumOf(tenant, 'a', policy)
    await kept(node, 'a', 1)
    await kept(tenant, 'a', 1)
    assert.equal([(await sumOf(node, 'a', policy)).version, (await sumOf(tenant, 'a', policy)).version], [20, 15])
    assert.equal([(await sumOf(node, 'a', policy)).folded, (await sumOf(tenant, 'a', policy)).folded], [0, 0])
  }))

test('whatever is appended and asked in whatever order, the answer is the whole fold', () =>
  withNode(async node => {
    let streams = 0
    const step = fc.oneof(
      fc.record({ append: fc.integer({ min: 1, max: 6 }) }),
      fc.record({
        every: fc.integer({ min: 1, max: 9 }),
        revision: fc.integer({ min: 1, max: 2 }),
        to: fc.option(fc.integer({ min: 0, max: 30 })),
      }),
    )
    const property = fc.asyncProperty(fc.array(step, { maxLength: 25, size: 'max' }), async steps => {
      const stream = `random-${++streams}`
      const data: number[] = []
      for (const one of steps) {
        if ('append' in one) {
          const added = Array.from({ length: one.append }, (_, i) => data.length + i)
          await node.appendToStream<Added>(stream, added.map(value => ({ type: 'added', data: value }))) // prettier-ignore
          data.push(...added)
          continue
        }
        const { to, ...snapshot } = one
        const wanted = data.slice(0, to ?? data.length)
        const { state, version } = await node.aggregateStream<Sum, Added>(stream, { ...aggregate, snapshot, ...(to !== null && { to }) })
        assert.equal([state.sum, version], [wanted.reduce((sum, value) => sum * 3 + value, 0), wanted.length])
      }
    })
    await fc.assert(property, { seed: 11, numRuns: 60 })
  }))

test.run()
