/** Rows looked up in the projection of another topology: as new as the row that looks, as long as that topology runs. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { type Node, openNode } from '../../runtime/index.ts'
import { listOf, topologyModule, until } from './deployed-node.ts'

const module = topologyModule('tiers')
let node: Node
test.before.each(async () => {
  node = await openNode({ memory: true, partitions: 4, limits: { pageRows: 5 } })
})
test.after.each(() => node.close())

/** An order of the customer right behind the news of a tier, so often. */
async function trade(count: number, first = 0): Promise<void> {
  const items = Array.from({ length: count }, (_, index) => first + index).flatMap(number => [
    { stream: `customer-${number % 3}`, event: { type: 'customer', data: { customer: `c${number % 3}`, tier: number } } },
    { stream: `order-${number % 5}`, event: { type: 'ordered', data: { customer: `c${number % 3}`, number } } },
  ])
  await node.appendInOrder(items)
}
const order = (number: number, customer = 'c0'): Promise<unknown> =>
  node.appendToStream('order-x', { type: 'ordered', data: { customer, number } })
const tierOf = async (number: number): Promise<unknown> =>
  ((await node.state('orders').get(number))?.value as { tier: unknown } | undefined)?.tier
const rowsIn = async (name: string): Promise<number> => (await node.topologies()).find(one => one.name === name)!.rowsIn

async function refusalOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (error: unknown) => (isEventStoreError(error, 'INVALID') ? error.message : String(error)),
  )
}

for (const isBefore of [true, false]) {
  test(`never finds a row older than the one that looks, with all ${isBefore ? 'there before' : 'coming while they run'}`, async () => {
    if (isBefore) await trade(200)
    await node.deploy(module)
    await node.deploy(module, { export: 'orders' })
    if (!isBefore) for (let first = 0; first < 200; first += 10) await trade(10, first)
    await until(async () => (await rowsIn('orders')) === 200)
    const rows = await listOf(node, 'orders')
    assert.is(rows.length, 200)
    for (const { key, value } of rows) {
      const { tier } = value as { tier: number }
      assert.ok(tier >= Number(key[0]) && tier % 3 === Number(key[0]) % 3, `order ${String(key[0])} found tier ${tier}`)
    }
  })
}

test('is not held up by a topology to which nothing comes', async () => {
  await trade(1)
  await node.deploy(module)
  await node.deploy(module, { export: 'orders' })
  for (let number = 1; number < 40; number++) await order(number)
  await until(async () => (await rowsIn('orders')) === 40)
  assert.is(await tierOf(39), 0)
})

test('is not held up by one that is paused, has ended, or is gone', async () => {
  await trade(1)
  await node.deploy(module)
  await node.deploy(module, { export: 'orders' })
  await until(async () => (await rowsIn('orders')) === 1)
  await node.pause('customers')
  await trade(1, 3)
  await until(async () => (await rowsIn('orders')) === 2)
  assert.is(await tierOf(3), 0, 'what it had found before')
  await node.resume('customers')
  await until(async () => (await rowsIn('customers')) === 2)
  await node.drain('customers')
  await node.topologyEnded('customers')
  await trade(1, 6)
  await until(async () => (await rowsIn('orders')) === 3)
  assert.is(await tierOf(6), 3)
  await node.undeploy('customers')
  await order(9)
  await until(async () => (await rowsIn('orders')) === 4)
  assert.is(await tierOf(9), null)
  await node.deploy(module)
  await until(async () => (await rowsIn('customers')) === 3)
  await order(12)
  await until(async () => (await rowsIn('orders')) === 5)
  assert.is(await tierOf(12), 6)
})

test('while it waits it can be paused and closed, and what it did not fold it folds later', async () => {
  await node.deploy(module, { export: 'slow' })
  await node.deploy(module, { export: 'orders' })
  await order(0, 'nobody')
  await until(async () => (await rowsIn('orders')) === 1)
  await trade(1, 3)
  await until(async () => (await rowsIn('customers')) === 1)
  await order(6)
  await new Promise(resolve => setTimeout(resolve, 20))
  assert.is(await rowsIn('orders'), 1, 'the row of the customer is not written yet')
  await node.pause('orders')
  assert.is(await rowsIn('orders'), 1)
  await node.resume('orders')
  // Its last epoch comes with the pause.
  await node.pause('customers')
  await until(async () => (await rowsIn('orders')) === 3)
  assert.is(await tierOf(6), 3)
  await node.resume('customers')
  await trade(1, 9)
  await until(async () => (await rowsIn('customers')) === 2)
})

test('waits for one that was paused, from when it runs again', async () => {
  await node.deploy(module, { export: 'slow' })
  await node.deploy(module, { export: 'orders' })
  await node.pause('customers')
  await trade(1)
  await until(async () => (await rowsIn('orders')) === 1)
  assert.is(await tierOf(0), null)
  await node.resume('customers')
  await order(3)
  await until(async () => (await rowsIn('customers')) === 1)
  await new Promise(resolve => setTimeout(resolve, 20))
  assert.is(await rowsIn('orders'), 1, 'the row of the customer is not written yet')
  await node.pause('customers')
  await until(async () => (await rowsIn('orders')) === 2)
  assert.is(await tierOf(3), 0)
})

test('says what must be deployed first, and refuses to wait in a circle', async () => {
  assert.match(await refusalOf(node.deploy(module, { export: 'orders' })), 'no topology writes a projection customers; deploy that first')
  await node.deploy(module)
  await node.deploy(module, { export: 'orders' })
  await node.undeploy('customers')
  assert.match(await refusalOf(node.deploy(module, { export: 'circle' })), 'customers')
  assert.equal(
    (await node.topologies()).map(({ name }) => name),
    ['orders'],
  )
  assert.is(await node.streamVersion('$topology'), 3)
})

test.run()
