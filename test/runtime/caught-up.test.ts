/** A node says when its topologies have nothing more to do, and what waits for a receiver until then. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { type Node, openNode, type TopologyStatus } from '../../runtime/index.ts'
import { HookServer } from '../actors/hook-server.ts'
import { dataOf, topologyModule, until } from './deployed-node.ts'

let hooks: HookServer
let node: Node
test.before.each(async () => {
  hooks = await HookServer.open()
  node = await openNode({ memory: true, partitions: 4, epochMs: 5, limits: { pageRows: 4 } })
})
test.after.each(async () => {
  await node.close()
  await hooks.down()
})

const module = topologyModule('relay')
const names = ['default', 'second', 'third', 'last']
const deployAll = async (): Promise<void> => {
  for (const name of names) await node.deploy(module, { export: name })
}
async function run(count: number, first = 0): Promise<void> {
  const numbers = Array.from({ length: count }, (_, index) => first + index)
  await node.appendInOrder(
    numbers.map(number => ({ stream: `runner-${number % 7}`, event: { type: 'leg-1', data: { number, to: hooks.url } } })),
  )
}
const statusOf = async (name: string): Promise<TopologyStatus> => (await node.topologies()).find(one => one.name === name)!

test('at once where nothing is deployed, and where nothing is in the log', async () => {
  await node.caughtUp()
  await deployAll()
  await node.caughtUp()
})

test('what topologies append for one another is taken, and all of it is delivered', async () => {
  await deployAll()
  for (let first = 0; first < 100; first += 20) {
    await run(20, first)
    await node.caughtUp()
    assert.is(hooks.received.length, first + 20)
    assert.is((await dataOf(node, 'leg-4')).length, first + 20)
  }
  for (const { lagEvents, deliveries } of await node.topologies()) assert.equal([lagEvents, deliveries], [0, undefined])
})

test('says how many deliveries wait, for which step, and what the last attempt met', async () => {
  hooks.answer = () => ({ status: 503, text: 'closed for lunch' })
  await deployAll()
  await run(6)
  let isCaughtUp = false
  const waiting = node.caughtUp().then(() => (isCaughtUp = true))
  await until(async () => {
    const { deliveries } = await statusOf('last')
    return deliveries?.waiting === 6 && deliveries.lastFailure !== undefined
  })
  const { deliveries } = await statusOf('last')
  assert.is(deliveries?.step, 'notify')
  assert.match(deliveries?.lastFailure ?? '', /503.*closed for lunch/)
  assert.is(isCaughtUp, false)
  hooks.answer = () => ({ status: 200 })
  await waiting
  assert.is((await statusOf('last')).deliveries, undefined)
})

test('deliveries of a topology that stands still are counted in its outbox', async () => {
  hooks.answer = () => ({ status: 503 })
  await deployAll()
  await run(6)
  await until(async () => (await statusOf('last')).deliveries?.waiting === 6)
  await node.pause('last')
  assert.equal((await statusOf('last')).deliveries, { waiting: 6 })
  await node.caughtUp()
})

test('is CLOSED when the node closes before', async () => {
  hooks.answer = () => 'hang'
  await deployAll()
  await run(1)
  const outcome = node.caughtUp().then(
    () => 'caught up',
    (error: unknown) => isEventStoreError(error, 'CLOSED'),
  )
  await until(() => hooks.received.length === 1)
  await node.close()
  assert.is(await outcome, true)
})

test.run()
