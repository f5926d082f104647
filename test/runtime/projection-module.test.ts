/** Projections as code on a node in memory: deployed from a module, read by key, with dead letters for a fold that throws. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openNode } from '../../runtime/index.ts'
import { dataOf, listOf, pay, topologyModule } from './deployed-node.ts'

/** What the projection makes of `count` payments, without any of our code. */
function expectedSpent(count: number): { key: unknown[]; value: unknown }[] {
  const spent = new Map<string, { payments: number; cents: number }>()
  for (let number = 0; number < count; number++) {
    if (number % 10 === 9) continue
    const customer = `c${number % 5}`
    const { payments, cents } = spent.get(customer) ?? { payments: 0, cents: 0 }
    spent.set(customer, { payments: payments + 1, cents: cents + ((number * 37) % 300) })
  }
  return [...spent].sort(([a], [b]) => (a < b ? -1 : 1)).map(([customer, value]) => ({ key: [customer], value }))
}

for (const pageRows of [1, 7, 4096]) {
  test(`folds a module's projection, with pages of ${pageRows}`, async () => {
    const node = await openNode({ memory: true, epochMs: 5, limits: { pageRows } })
    await pay(node, 300)
    await node.appendToStream('other-1', { type: 'paid', data: { customer: 'c0', cents: 1 } })
    await node.appendToStream('customer-1', { type: 'left', data: { customer: 'c0', cents: 1 } })
    assert.equal(await node.deploy(topologyModule('spent')), { name: 'spent', version: 1, status: 'running' })
    await pay(node, 200, 300)
    await node.caughtUp()
    assert.equal(await listOf(node, 'spent'), expectedSpent(500))
    assert.equal((await node.state('spent').get('c2'))!.value, expectedSpent(500)[2]!.value)
    const [status] = await node.topologies()
    assert.equal([status!.rowsIn, status!.rowsOut, status!.dead, status!.lagEvents], [500, 450, 50, 0])
    const letters = (await dataOf(node, '$dead-letter-spent')) as { step: string; cause: string; payload: { cents: number } }[]
    assert.equal([letters.length, letters[0]!.step, letters[0]!.payload.cents], [50, 'fold', -1])
    assert.match(letters[0]!.cause, /they owe/)
    await node.close()
  })
}

test('it sees events whole, as readers do', async () => {
  const node = await openNode({ memory: true, epochMs: 5 })
  await node.appendToStream('thing-1', [
    { type: 'made', data: { a: [1, { b: null }] }, tags: ['x', 'y'], metadata: { by: 'me' }, time: 5, id: 'one' },
    { type: 'made', data: 'a text', encoding: 'msgpack' },
    { type: 'made', data: new Uint8Array([1, 2]) },
    { type: 'made', data: null },
  ])
  await node.deploy(topologyModule('spent'), { export: 'seen' })
  await node.caughtUp()
  const events = await Array.fromAsync(node.readStream('thing-1'))
  for (const event of events) {
    const row = await node.state('seen').get([event.stream, event.version])
    assert.equal(row!.value, { ...event, data: event.encoding === 'bytes' ? 'bytes' : event.data })
  }
  assert.is((await node.topologies())[0]!.dead, 0)
  await node.close()
})

test('a dead event is folded when it is mended and sent back', async () => {
  const node = await openNode({ memory: true, epochMs: 5 })
  await node.deploy(topologyModule('spent'))
  await node.appendToStream('customer-1', { type: 'paid', data: { customer: 'c1', cents: -5 } })
  await node.caughtUp()
  assert.is(await node.state('spent').get('c1'), undefined)
  const [letter] = await Array.fromAsync(node.deadLetters('spent').list())
  assert.is(letter!.step, 'fold')
  const event = letter!.row['$event'] as object
  await node.deadLetters('spent').replay('all', { set: { $event: { ...event, data: { customer: 'c1', cents: 5 } } } })
  await node.caughtUp()
  assert.equal((await node.state('spent').get('c1'))!.value, { payments: 1, cents: 5 })
  assert.equal(await Array.fromAsync(node.deadLetters('spent').list()), [])
  await node.close()
})

test('each tenant has its own, of its own events', async () => {
  const node = await openNode({ memory: true, epochMs: 5 })
  const [one, two] = [node.tenant('one'), node.tenant('two')]
  await pay(one as typeof node, 300)
  await pay(two as typeof node, 100)
  for (const tenant of [one, two, node]) await tenant.deploy(topologyModule('spent'))
  await node.caughtUp()
  for (const tenant of [one, two]) await tenant.caughtUp()
  assert.equal(await Array.fromAsync(one.state('spent').list()), expectedSpent(300))
  assert.equal(await Array.fromAsync(two.state('spent').list()), expectedSpent(100))
  assert.equal(await listOf(node, 'spent'), [])
  await one.deploy(topologyModule('spent'), { export: 'seen' })
  await one.caughtUp()
  assert.ok(await one.state('seen').get(['customer-1', 1]))
  await node.close()
})

test.run()
