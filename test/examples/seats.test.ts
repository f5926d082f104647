/** The box office of docs/consistency.md, with many buyers at once. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sellSeat, sellTogether, sellUpToThree } from '../../examples/seats/box-office.ts'
import { type Node, openNode } from '../../runtime/index.ts'
import { all, append, some } from '../contract/event-store/scene.ts'

async function withNode(work: (node: Node) => Promise<void>): Promise<void> {
  const node = await openNode({ memory: true })
  await work(node).finally(() => node.close())
}

const buyers = Array.from({ length: 20 }, (_, n) => `b${n}`)
const countTrue = (answers: readonly boolean[]): number => answers.filter(Boolean).length

test('of many buyers of a seat one gets it', () =>
  withNode(async node => {
    for (const seat of ['a1', 'a2']) assert.is(countTrue(await Promise.all(buyers.map(buyer => sellSeat(node, 'show-1', seat, buyer)))), 1)
    assert.ok(await sellSeat(node, 'show-2', 'a1', 'b0'))
    assert.is((await all(node.readAll({ types: ['seat.sold'] }))).length, 3)
  }))

test('seats are sold together or not at all, and not when the show is closed', () =>
  withNode(async node => {
    assert.ok(await sellTogether(node, 'show-1', ['a1', 'a2'], 'b1'))
    assert.not(await sellTogether(node, 'show-1', ['a3', 'a2'], 'b2'))
    assert.equal(await Promise.all(['a1', 'a2', 'a3', 'order-b2'].map(name => node.streamVersion(`{show-1}${name}`))), [1, 1, 0, 0])
    await append(node, '{show-1}closed', some(1))
    assert.not(await sellTogether(node, 'show-1', ['a3'], 'b2'))
  }))

test('a buyer who asks for many seats at once gets three, and no seat is sold twice', () =>
  withNode(async node => {
    const seats = Array.from({ length: 12 }, (_, n) => `a${n}`)
    const asked = ['b1', 'b2'].map(buyer => Promise.all(seats.map(seat => sellUpToThree(node, 'show-1', seat, buyer))))
    assert.equal((await Promise.all(asked)).map(countTrue), [3, 3])
    const sold = (await all(node.readAll({ types: ['seat.sold'] }))).map(({ data }) => (data as { seat: string }).seat)
    assert.equal([sold.length, new Set(sold).size], [6, 6])
  }))

test.run()
