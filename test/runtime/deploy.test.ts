/** Deployments of a node in memory: what they fold, what they send, what they refuse. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { openNode } from '../../runtime/index.ts'
import { dataOf, listOf, pay, topologyModule, until } from './deployed-node.ts'

const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise
    return 'none'
  } catch (error) {
    return isEventStoreError(error) ? error.code : String(error)
  }
}

/** What the test topology makes of `count` payments, without any of our code. */
function expectedTotals(count: number): { key: unknown[]; value: unknown }[] {
  const totals = new Map<string, { key: unknown[]; value: { count: number; sum: number } }>()
  for (let number = 0; number < count; number++) {
    const cents = (number * 37) % 300
    if (number % 10 === 9 || cents < 100) continue
    const key = [`c${number % 5}`, Math.floor(number / 60) * 3_600_000]
    const total = totals.get(JSON.stringify(key)) ?? { key, value: { count: 0, sum: 0 } }
    total.value.count++
    total.value.sum += cents
    totals.set(JSON.stringify(key), total)
  }
  return [...totals.values()].sort((a, b) =>
    String(a.key[0]) < String(b.key[0]) ? -1 : a.key[0] === b.key[0] ? Number(a.key[1]) - Number(b.key[1]) : 1,
  )
}

for (const pageRows of [1, 64, 4096]) {
  test(`folds to the head and ends, with pages of ${pageRows}`, async () => {
    const node = await openNode({ memory: true, epochMs: 20, limits: { pageRows } })
    await pay(node, 500)
    assert.equal(await node.deploy(topologyModule('totals'), { until: 'head' }), { name: 'totals', version: 1, status: 'running' })
    await pay(node, 10, 500)
    const status = await node.topologyEnded('totals')
    assert.equal([status.status, status.rowsIn, status.dead, status.lagEvents], ['ended', 500, 50, 0])
    assert.equal(await listOf(node, 'totals'), expectedTotals(500))
    assert.is(
      (await dataOf(node, 'big-payments')).length,
      expectedTotals(500).reduce((sum, { value }) => sum + (value as { count: number }).count, 0),
    )
    const letters = (await dataOf(node, '$dead-letter-totals')) as {
      cause: string
      step: string
      payload: { cents: number }
      position: string
    }[]
    assert.is(letters.length, 50)
    assert.equal([letters[0]!.step, letters[0]!.payload.cents], ['big', -1])
    assert.equal(((await node.readEventAt(letters[0]!.position)).data as { cents: number }).cents, -1)
    const row = await node.state('totals').get(['c1', 0])
    assert.equal(
      [row!.durable, row!.value, row!.position],
      [true, expectedTotals(500).find(({ key }) => key[0] === 'c1')!.value, status.position],
    )
    await node.close()
  })
}

test('follows what comes, and shows rows before they are durable', async () => {
  const node = await openNode({ memory: true, epochMs: 1_000_000 })
  await node.deploy(topologyModule('latest'))
  await pay(node, 20)
  await until(async () => (await node.topologies())[0]!.rowsIn === 20)
  const [status] = await node.topologies()
  assert.equal([status!.name, status!.version, status!.status, status!.lagEvents], ['latest', 3, 'running', 0])
  const row = await node.state('latest').get('c3')
  assert.equal([row!.key, row!.value, row!.durable], [['c3'], { cents: (18 * 37) % 300 }, false])
  assert.is(await node.state('latest').get('c9'), undefined)
  assert.equal(
    (await listOf(node, 'latest')).map(({ key }) => key[0]),
    ['c0', 'c1', 'c2', 'c3', 'c4'],
  )
  await node.close()
})

test('lists by prefix, after a key, and not more than the limit', async () => {
  const node = await openNode({ memory: true, epochMs: 20 })
  await pay(node, 500)
  await node.deploy(topologyModule('totals'), { until: 'head' })
  await node.topologyEnded('totals')
  const keys = async (options: object): Promise<unknown[]> =>
    (await Array.fromAsync(node.state('totals').list(options))).map(({ key }) => key)
  const all = expectedTotals(500).map(({ key }) => key)
  assert.equal(
    await keys({ prefix: ['c2'] }),
    all.filter(([customer]) => customer === 'c2'),
  )
  assert.equal(await keys({ after: all[3], limit: 4 }), all.slice(4, 8))
  assert.equal(
    await keys({ prefix: ['c2'], after: ['c2', 3_600_000], limit: 2 }),
    all.filter(([customer, start]) => customer === 'c2' && Number(start) > 3_600_000).slice(0, 2),
  )
  assert.equal(await keys({ prefix: ['c'] }), [])
  assert.equal(await keys({ limit: 0 }), [])
  await node.close()
})

test('refuses a name or a projection that is taken, until it is undeployed; then it begins anew', async () => {
  const node = await openNode({ memory: true, epochMs: 20 })
  await pay(node, 100)
  const module = topologyModule('totals')
  await node.deploy(module, { until: 'head' })
  await node.topologyEnded('totals')
  const sent = (await dataOf(node, 'big-payments')).length
  assert.is(await codeOf(node.deploy(module)), 'INVALID')
  assert.is(await codeOf(node.deploy(module, { export: 'thief' })), 'INVALID')
  await node.deploy(module, { export: 'other', until: 'head' })
  await node.topologyEnded('other')
  assert.equal(await listOf(node, 'other-totals'), expectedTotals(100))
  assert.is((await dataOf(node, 'big-payments')).length, 2 * sent)
  await node.undeploy('totals')
  assert.is(await codeOf(node.undeploy('totals')), 'NOT_FOUND')
  assert.is(await codeOf(node.topologyEnded('totals')), 'NOT_FOUND')
  assert.is(await codeOf(node.state('totals').get(['c1', 0])), 'NOT_FOUND')
  assert.is(await codeOf(listOf(node, 'totals')), 'NOT_FOUND')
  await node.deploy(module, { until: 'head' })
  await node.topologyEnded('totals')
  assert.equal(await listOf(node, 'totals'), expectedTotals(100))
  assert.is((await dataOf(node, 'big-payments')).length, 3 * sent)
  assert.equal(await listOf(node, 'other-totals'), expectedTotals(100))
  await node.close()
})

test('refuses what is no topology, and leaves nothing behind', async () => {
  const node = await openNode({ memory: true, epochMs: 20 })
  assert.is(await codeOf(node.deploy(topologyModule('missing'))), 'INVALID')
  assert.is(await codeOf(node.deploy(topologyModule('broken'))), 'INVALID')
  assert.is(await codeOf(node.deploy(topologyModule('totals'), { export: 'absent' })), 'INVALID')
  assert.is(await codeOf(node.deploy(topologyModule('totals'), { export: 'nothing' })), 'INVALID')
  assert.is(await codeOf(node.deploy('')), 'INVALID')
  assert.is(await codeOf(node.deploy(topologyModule('totals'), { until: 'tail' as never })), 'INVALID')
  assert.equal(await node.topologies(), [])
  assert.is(await node.streamVersion('$topology'), 0)
  await node.close()
})

test('runs a generator to its end, and refuses one that is not there', async () => {
  const node = await openNode({ memory: true, epochMs: 20 })
  await node.deploy(topologyModule('generated'))
  const status = await node.topologyEnded('generated')
  assert.equal([status.status, status.rowsIn, status.rowsOut, status.position, status.lagEvents], ['ended', 5000, 5000, null, 0])
  assert.equal((await node.state('squares').get(4999))!.value, { square: 4999 ** 2 })
  assert.equal((await listOf(node, 'squares')).map(({ key }) => key[0]), Array.from({ length: 5000 }, (_, n) => n)) // prettier-ignore
  assert.is(await codeOf(node.deploy(topologyModule('generated'), { export: 'unmade' })), 'INVALID')
  assert.equal(
    (await node.topologies()).map(({ name }) => name),
    ['generated'],
  )
  await node.close()
})

test('keeps a list of deployments in the log', async () => {
  const node = await openNode({ memory: true, epochMs: 20 })
  await pay(node, 10)
  await node.deploy(topologyModule('totals'), { until: 'head' })
  await node.topologyEnded('totals')
  await until(async () => (await node.streamVersion('$topology')) === 2)
  await node.undeploy('totals')
  const types: string[] = []
  for await (const event of node.readStream('$topology')) types.push(event.type)
  assert.equal(types, ['topology.deployed', 'topology.ended', 'topology.undeployed'])
  await node.close()
  assert.is(await codeOf(node.topologies()), 'CLOSED')
  assert.is(await codeOf(node.deploy(topologyModule('totals'))), 'CLOSED')
})

test.run()
