/** Pausing, resuming and draining topologies of a node in memory: nothing is lost or doubled, and only what makes sense is done. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { type Node, openNode } from '../../runtime/index.ts'
import { dataOf, listOf, pay, topologyModule, until } from './deployed-node.ts'

const open = (): Promise<Node> => openNode({ memory: true, epochMs: 20 })
const rowsIn = async (node: Node): Promise<number> => (await node.topologies())[0]!.rowsIn
const statusOf = async (node: Node): Promise<string> => (await node.topologies())[0]!.status

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'none'
  } catch (error) {
    return isEventStoreError(error) ? error.code : String(error)
  }
}

interface Seen {
  readonly rows: unknown
  readonly bigs: unknown
  readonly letters: number
}

const seen = async (node: Node): Promise<Seen> => ({
  rows: await listOf(node, 'totals'),
  bigs: await dataOf(node, 'big-payments'),
  letters: (await dataOf(node, '$dead-letter-totals')).length,
})

/** What `count` payments come to when nothing interrupts. */
async function withoutPause(count: number): Promise<Seen> {
  const node = await open()
  await pay(node, count)
  await node.deploy(topologyModule('totals'), { until: 'head' })
  await node.topologyEnded('totals')
  const answer = await seen(node)
  await node.close()
  return answer
}

async function eventTypes(node: Node): Promise<string[]> {
  const types: string[] = []
  for await (const event of node.readStream('$topology')) types.push(event.type.slice('topology.'.length))
  return types
}

test('a paused topology stands still with all its work done, and goes on where it was', async () => {
  const node = await open()
  await node.deploy(topologyModule('totals'))
  await pay(node, 200)
  await until(async () => (await rowsIn(node)) === 200)
  await node.pause('totals')
  const paused = await seen(node)
  assert.is(paused.letters, 20, 'its outbox was sent')
  assert.ok((paused.bigs as unknown[]).length > 0)
  await pay(node, 200, 200)
  await new Promise(resolve => setTimeout(resolve, 60))
  const [status] = await node.topologies()
  assert.equal([status!.status, status!.rowsIn, status!.dead], ['paused', 200, 20])
  assert.ok(status!.lagEvents >= 200)
  assert.equal(await seen(node), paused)
  await node.resume('totals')
  assert.is(await statusOf(node), 'running')
  await until(async () => (await rowsIn(node)) === 400)
  await node.drain('totals')
  assert.is((await node.topologyEnded('totals')).status, 'ended')
  assert.equal(await seen(node), await withoutPause(400))
  await until(async () => (await eventTypes(node)).length === 5)
  assert.equal(await eventTypes(node), ['deployed', 'paused', 'resumed', 'draining', 'ended'])
  await node.close()
})

test('drains to what is there, closes its windows and ends; what comes later is not its business', async () => {
  const node = await open()
  await node.deploy(topologyModule('totals'))
  await pay(node, 300)
  await node.drain('totals')
  await pay(node, 100, 300)
  const status = await node.topologyEnded('totals')
  assert.equal([status.status, status.rowsIn, status.lagEvents], ['ended', 300, 0])
  assert.equal(await seen(node), await withoutPause(300))
  await node.close()
})

test('drains a paused topology, and whoever waits for its end waits through all of it', async () => {
  const node = await open()
  await node.deploy(topologyModule('totals'))
  await pay(node, 100)
  await node.pause('totals')
  let ended = false
  const end = node.topologyEnded('totals').then(status => ((ended = true), status))
  await pay(node, 150, 100)
  await new Promise(resolve => setTimeout(resolve, 20))
  assert.not(ended)
  await node.drain('totals')
  assert.equal([(await end).status, (await end).rowsIn], ['ended', 250])
  assert.equal(await seen(node), await withoutPause(250))
  await node.close()
})

test('a topology that drains can be paused, and drains on when it is resumed', async () => {
  const node = await open()
  await node.deploy(topologyModule('totals'))
  await pay(node, 100)
  await node.pause('totals')
  await Promise.all([node.drain('totals'), node.pause('totals')])
  // It may have ended before the pause; both are right.
  if ((await statusOf(node)) === 'paused') {
    await pay(node, 100, 100)
    await node.resume('totals')
    await until(async () => ['draining', 'ended'].includes(await statusOf(node)))
  }
  assert.is((await node.topologyEnded('totals')).rowsIn, 100)
  assert.equal(await seen(node), await withoutPause(100))
  await node.close()
})

test('does nothing where nothing is to be done, and refuses what makes no sense', async () => {
  const node = await open()
  for (const call of [node.pause('totals'), node.resume('totals'), node.drain('totals')]) assert.is(await codeOf(call), 'NOT_FOUND')
  await node.deploy(topologyModule('totals'))
  await node.resume('totals')
  await Promise.all([node.pause('totals'), node.pause('totals')])
  await Promise.all([node.resume('totals'), node.resume('totals')])
  await Promise.all([node.drain('totals'), node.drain('totals').catch(() => undefined)])
  await node.topologyEnded('totals')
  await until(async () => (await eventTypes(node)).length === 5)
  assert.equal(await eventTypes(node), ['deployed', 'paused', 'resumed', 'draining', 'ended'])
  for (const call of [node.pause('totals'), node.resume('totals'), node.drain('totals')]) assert.is(await codeOf(call), 'INVALID')
  assert.is(await statusOf(node), 'ended')
  await node.close()
  for (const call of [node.pause('totals'), node.resume('totals'), node.drain('totals')]) assert.is(await codeOf(call), 'CLOSED')
})

test('a generator can be paused and resumed, and ends only with its rows', async () => {
  const node = await open()
  await node.deploy(topologyModule('generated'))
  assert.is(await codeOf(node.drain('generated')), 'INVALID')
  const hasPaused = (await codeOf(node.pause('generated'))) === 'none'
  if (hasPaused) await node.resume('generated')
  const status = await node.topologyEnded('generated')
  assert.equal([status.status, status.rowsIn, (await listOf(node, 'squares')).length], ['ended', 5000, 5000])
  await node.close()
})

test('can be undeployed in every state, and then deployed anew', async () => {
  const node = await open()
  await pay(node, 100)
  for (const state of ['paused', 'draining', 'resumed'] as const) {
    await node.deploy(topologyModule('totals'))
    if (state === 'draining') await node.drain('totals')
    else await node.pause('totals')
    if (state === 'resumed') await node.resume('totals')
    await node.undeploy('totals')
    assert.equal(await node.topologies(), [], state)
    assert.is(await codeOf(node.resume('totals')), 'NOT_FOUND')
  }
  await node.deploy(topologyModule('totals'), { until: 'head' })
  await node.topologyEnded('totals')
  assert.equal(await listOf(node, 'totals'), (await withoutPause(100)).rows)
  await node.close()
})

test('what ends at a head already goes on to that one when it is told to drain', async () => {
  const node = await open()
  await pay(node, 5000)
  await node.deploy(topologyModule('totals'), { until: 'head' })
  await node.pause('totals').catch(() => undefined)
  await pay(node, 100, 5000)
  await node.drain('totals').catch(() => undefined)
  assert.is((await node.topologyEnded('totals')).rowsIn, 5000)
  await node.close()
})

test.run()
