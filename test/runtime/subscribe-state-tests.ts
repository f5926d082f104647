/** Subscriptions to state: the same tests for a node in memory and one on disk. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Node, StateChange } from '../../runtime/index.ts'
import { placeOf } from '../../event/position.ts'
import { listOf, topologyModule, until } from './deployed-node.ts'
import { codeOf, type OpenNode } from './hot-rows-tests.ts'

export const paid = (node: Node, customer: string, cents: number) =>
  node.appendToStream('customer-1', { type: 'paid', data: { customer, cents } })

/** Reads on in the background; what has come so far is in `seen`. */
export class Following {
  readonly seen: StateChange[] = []
  readonly ended: Promise<string>

  constructor(changes: AsyncIterable<StateChange>) {
    this.ended = codeOf(async () => {
      for await (const change of changes) this.seen.push(change)
    })
  }

  /** The newest of each key. */
  get rows(): Map<string, unknown> {
    return new Map(this.seen.map(({ key, value }) => [JSON.stringify(key), value]))
  }
}

export function subscribeStateTests(open: OpenNode): void {
  test('first the rows that are there, then those that change, with the place they reflect', async () => {
    const node = await open({ epochMs: 20 })
    assert.is(await new Following(node.state('latest').subscribe()).ended, 'NOT_FOUND')
    await node.deploy(topologyModule('latest'))
    await paid(node, 'a', 1)
    await paid(node, 'b', 2)
    await node.caughtUp()
    const following = new Following(node.state('latest').subscribe())
    await until(() => following.seen.length === 2)
    assert.equal(
      following.seen.map(({ key, value }) => [key, value]),
      [
        [['a'], { cents: 1 }],
        [['b'], { cents: 2 }],
      ],
    )
    const answer = await paid(node, 'b', 3)
    await until(() => following.seen.length === 3)
    const { key, value, position } = following.seen[2]!
    assert.equal([key, value], [['b'], { cents: 3 }])
    assert.ok(!answer.duplicate && placeOf(position!).stamp >= placeOf(answer.position).stamp)
    await node.close()
    assert.is(await following.ended, 'CLOSED')
  })

  test('one key, or those below a prefix', async () => {
    const node = await open({ epochMs: 1_000_000 })
    await node.deploy(topologyModule('latest'))
    const state = node.state('latest')
    const none = new Following(state.subscribe({ key: 'a' }))
    const prefix = new Following(state.subscribe({ prefix: ['a'] }))
    const other = new Following(state.subscribe({ prefix: ['a\0b'] }))
    for (const customer of ['b', 'a\0b', 'a']) await paid(node, customer, 5)
    await until(() => none.seen.length > 0 && prefix.seen.length > 0 && other.seen.length > 0)
    assert.equal(
      [...none.rows, ...prefix.rows],
      [
        ['["a"]', { cents: 5 }],
        ['["a"]', { cents: 5 }],
      ],
    )
    assert.equal([...other.rows.keys()], [JSON.stringify(['a\0b'])])
    const late = new Following(state.subscribe({ key: ['b'] }))
    await until(() => late.seen.length === 1)
    assert.equal(late.seen[0]!.value, { cents: 5 })
    assert.is(await codeOf(() => state.subscribe({ key: 1, prefix: [1] })), 'INVALID')
    assert.is(await codeOf(() => state.subscribe({ prefix: 'a' as never })), 'INVALID')
    await node.close()
    assert.equal(await Promise.all([none.ended, prefix.ended, other.ended, late.ended]), ['CLOSED', 'CLOSED', 'CLOSED', 'CLOSED'])
  })

  test('a slow reader gets the newest value of each key once, and nothing is missed', async () => {
    const node = await open({ epochMs: 10 })
    await node.deploy(topologyModule('latest'))
    const changes = node.state('latest').subscribe()[Symbol.asyncIterator]()
    const first = changes.next()
    await paid(node, 'k0', -1)
    assert.equal(((await first).value as StateChange).value, { cents: -1 })
    for (let round = 0; round < 30; round++)
      await node.appendInOrder(
        Array.from({ length: 10 }, (_, i) => ({
          stream: 'customer-k',
          event: { type: 'paid', data: { customer: `k${i}`, cents: round } },
        })),
      )
    await node.caughtUp()
    const values = new Map<unknown, unknown>()
    for (let i = 0; i < 10; i++) {
      const { key, value } = (await changes.next()).value as StateChange
      assert.not.ok(values.has(key[0]), `${String(key[0])} came twice`)
      values.set(key[0], value)
    }
    assert.equal(new Set(Array.from(values.values(), value => JSON.stringify(value))), new Set(['{"cents":29}']))
    await changes.return!()
    await node.close()
  })

  test('no gap between what was there and what came, while rows come all the time', async () => {
    const node = await open({ epochMs: 5 })
    await node.deploy(topologyModule('latest'))
    const appends = (async () => {
      for (let round = 0; round < 40; round++)
        await node.appendInOrder(
          Array.from({ length: 50 }, (_, i) => ({
            stream: `customer-${i % 3}`,
            event: { type: 'paid', data: { customer: `k${(round * 17 + i * 7) % 200}`, cents: round } },
          })),
        )
    })()
    const following: Following[] = []
    for (let i = 0; i < 8; i++) {
      following.push(new Following(node.state('latest').subscribe()))
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    await appends
    await node.caughtUp()
    const rows = new Map((await listOf(node, 'latest')).map(({ key, value }) => [JSON.stringify(key), value]))
    for (const { rows: seen } of following) await until(() => seen.size <= rows.size)
    for (const each of following) {
      await until(
        () =>
          each.rows.size === rows.size && [...each.rows].every(([key, value]) => JSON.stringify(rows.get(key)) === JSON.stringify(value)),
      )
      for (const [index, { key, position }] of each.seen.entries()) {
        const before = each.seen.slice(0, index).findLast(change => change.key[0] === key[0])?.position
        assert.ok(!before || placeOf(before).stamp <= placeOf(position!).stamp, 'a row went back')
      }
    }
    await node.close()
  })

  test('goes on over a pause, ends when the topology is undeployed or the signal says so', async () => {
    const node = await open({ epochMs: 1_000_000 })
    await node.deploy(topologyModule('latest'))
    const stop = new AbortController()
    const following = new Following(node.state('latest').subscribe())
    const stopped = new Following(node.state('latest').subscribe({ signal: stop.signal }))
    await paid(node, 'a', 1)
    await until(() => following.seen.length === 1 && stopped.seen.length === 1)
    stop.abort()
    assert.is(await stopped.ended, 'none')
    assert.is(await new Following(node.state('latest').subscribe({ signal: stop.signal })).ended, 'none')
    await node.pause('latest')
    await paid(node, 'a', 2)
    await node.resume('latest')
    await until(() => following.seen.length === 2)
    assert.equal(following.seen[1]!.value, { cents: 2 })
    await node.undeploy('latest')
    assert.is(await following.ended, 'NOT_FOUND')
    await node.close()
  })

  test('more rows than may wait are told to be too many', async () => {
    const node = await open({ epochMs: 10, limits: { stateChanges: 5 } })
    await node.deploy(topologyModule('latest'))
    const changes = node.state('latest').subscribe()[Symbol.asyncIterator]()
    const first = changes.next()
    await paid(node, 'k0', 0)
    await first
    for (let i = 1; i <= 6; i++) await paid(node, `k${i}`, i)
    await node.caughtUp()
    assert.is(
      await codeOf(async () => {
        for (let i = 0; i < 7; i++) await changes.next()
      }),
      'BUSY',
    )
    await node.close()
  })
}
