/** What is hot: the same tests for a node in memory and one on disk. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError, type Node, type OpenOptions } from '../../runtime/index.ts'
import { placeOf } from '../../event/position.ts'
import { pay, topologyModule, until } from './deployed-node.ts'

export type OpenNode = (options?: OpenOptions) => Promise<Node>

export const codeOf = async (work: () => unknown): Promise<string> => {
  try {
    await work()
    return 'none'
  } catch (error) {
    return isEventStoreError(error) ? error.code : String(error)
  }
}

const centsOf = (number: number): number => (number * 37) % 300

export function hotRowsTests(open: OpenNode): void {
  test('a row is hot as soon as its page is folded, with the place it reflects, long before it is durable', async () => {
    const node = await open({ epochMs: 1_000_000 })
    assert.is(await codeOf(() => node.state('latest').peek('c1')), 'NOT_FOUND')
    await node.deploy(topologyModule('latest'))
    const state = node.state('latest')
    assert.is(state.peek('c1'), undefined)
    await pay(node, 20)
    const last = await node.appendToStream('customer-1', { type: 'paid', data: { customer: 'c1', cents: 7, at: 0 } })
    // The place follows the rows of its page: a row may for a moment be newer than what it says of itself.
    await until(() => state.foldedTo === (last.duplicate ? '' : last.position))
    const row = state.peek(['c1'])!
    assert.equal([row.key, row.value, row.durable], [['c1'], { cents: 7 }, false])
    assert.is(row.position, state.foldedTo)
    assert.equal(await state.get('c1'), row)
    assert.equal(state.peek('c3')!.value, { cents: centsOf(18) })
    assert.is(state.peek('c9'), undefined)
    assert.is(await state.get('c9'), undefined)
    assert.is(state.peek(['c1', 'c2']), undefined)
    await node.close()
    assert.is(await codeOf(() => state.peek('c1')), 'CLOSED')
    assert.is(await codeOf(() => state.peekBytes('c1', new Uint8Array(8))), 'CLOSED')
    assert.is(await codeOf(() => state.foldedTo), 'CLOSED')
  })

  test('the bytes of a value go where the caller wants them, if they fit', async () => {
    const node = await open({ epochMs: 20 })
    await node.deploy(topologyModule('latest'))
    const state = node.state('latest')
    await pay(node, 5)
    await until(() => state.peek('c4') !== undefined)
    const into = Buffer.alloc(64)
    const length = state.peekBytes('c4', into)
    assert.is(into.toString('utf8', 0, length), '{"cents":148}')
    assert.is(state.peekBytes('c9', into), -1)
    const small = Buffer.from('untouched')
    assert.is(state.peekBytes('c4', small), 13)
    assert.is(small.toString(), 'untouched')
    const whole = Buffer.alloc(13)
    assert.is(state.peekBytes(['c4'], whole), 13)
    assert.is(whole.toString(), '{"cents":148}')
    await node.close()
  })

  test('a row becomes durable without being folded again, and get never goes back', async () => {
    const node = await open({ epochMs: 10 })
    await node.deploy(topologyModule('latest'))
    const state = node.state('latest')
    let before = 0
    for (let round = 0; round < 20; round++) {
      await pay(node, 10, round * 10)
      const row = await state.get('c0')
      const place = row?.position ? placeOf(row.position).stamp : 0
      assert.ok(place >= before, 'the place went back')
      before = place
    }
    await until(async () => (await state.get('c0'))?.durable === true && state.peek('c0')?.durable === true)
    assert.equal(state.peek('c0'), await state.get('c0'))
    await node.close()
  })

  test('what has no room is not hot, and get finds it all the same', async () => {
    const node = await open({ epochMs: 1_000_000, limits: { hotBytes: 1 } })
    await node.deploy(topologyModule('latest'))
    const state = node.state('latest')
    await pay(node, 20)
    await until(async () => (await node.topologies())[0]!.rowsIn === 20)
    assert.equal((await state.get('c3'))!.value, { cents: centsOf(18) })
    assert.is((await state.get('c3'))!.durable, false)
    assert.is(state.peek('c3'), undefined)
    assert.is(await state.get('c9'), undefined)
    await node.close()
  })

  test('a pause leaves hot what is durable; what goes on begins anew; undeployed is not found', async () => {
    const node = await open({ epochMs: 1_000_000 })
    await node.deploy(topologyModule('latest'))
    const state = node.state('latest')
    await pay(node, 5)
    await until(() => state.peek('c4') !== undefined)
    await node.pause('latest')
    assert.equal([state.peek('c4')!.durable, (await state.get('c4'))!.durable], [true, true])
    await node.resume('latest')
    assert.equal((await state.get('c4'))!.value, { cents: 148 })
    await pay(node, 5, 5)
    await until(() => (state.peek('c0')?.value as { cents: number } | undefined)?.cents === centsOf(5))
    await node.undeploy('latest')
    assert.is(await codeOf(() => state.peek('c4')), 'NOT_FOUND')
    assert.is(await codeOf(() => state.peekBytes('c4', new Uint8Array(8))), 'NOT_FOUND')
    await node.deploy(topologyModule('latest'))
    await until(() => state.peek('c4') !== undefined)
    await node.close()
  })

  test('an ended topology stays hot', async () => {
    const node = await open()
    await pay(node, 500)
    await node.deploy(topologyModule('totals'), { until: 'head' })
    await node.topologyEnded('totals')
    const hot = node.state('totals').peek(['c1', 0])
    assert.equal(hot, await node.state('totals').get(['c1', 0]))
    assert.is(hot!.durable, true)
    await node.close()
  })
}
