/** What a topology in lanes must do, wherever they run: the same as in one. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import type { Node } from '../../runtime/index.ts'
import { dataOf, listOf, pay, topologyModule } from './deployed-node.ts'

const payments = 2000

/** All that the topology shows. */
export async function spreadSeen(node: Node): Promise<unknown> {
  const letters = (await dataOf(node, '$dead-letter-spread')) as { step: string; payload: unknown; row: unknown }[]
  const [status] = await node.topologies()
  return {
    spent: await listOf(node, 'spent'),
    biggest: await listOf(node, 'biggest'),
    bills: await dataOf(node, 'bills'),
    letters: letters.map(({ step, payload, row }) => ({ step, payload, row })),
    steps: status?.steps.map(({ id, in: came, out, late, dead }) => ({ id, in: came, out, late, dead })),
  }
}

export async function spreadRun(open: () => Promise<Node>, workers: number, between?: (node: Node) => Promise<void>): Promise<unknown> {
  const node = await open()
  await pay(node, payments)
  await node.deploy(topologyModule('spread'), { workers })
  await between?.(node)
  await pay(node, 100, payments)
  await node.drain('spread')
  assert.is((await node.topologyEnded('spread')).status, 'ended')
  const seen = await spreadSeen(node)
  await node.close()
  return seen
}

/** Runs it in lanes where `open` opens; gives what one lane gives, which is asked once. */
export function spreadTests(open: () => Promise<Node>): () => Promise<unknown> {
  let one: Promise<unknown> | undefined
  const wholeRun = (): Promise<unknown> => (one ??= spreadRun(open, 1))

  test('any number of lanes gives what one gives', async () => {
    const whole = await wholeRun()
    for (const workers of [2, 5]) assert.equal(await spreadRun(open, workers), whole, `${workers} lanes`)
  })

  test('a topology is rescaled while it runs, up and down, and gives what it would have given', async () => {
    const whole = await wholeRun()
    const rescaled = await spreadRun(open, 2, async node => {
      await node.rescale('spread', 5)
      await node.rescale('spread', 5)
      assert.is((await node.topologies())[0]?.workers, 5)
      await pay(node, 0)
      await node.rescale('spread', 1)
      assert.is((await node.topologies())[0]?.workers, undefined)
      await node.rescale('spread', 3)
    })
    assert.equal(rescaled, whole)
  })

  test('a paused topology is rescaled and stays paused', async () => {
    const whole = await wholeRun()
    const rescaled = await spreadRun(open, 1, async node => {
      await node.pause('spread')
      await node.rescale('spread', 3)
      const [status] = await node.topologies()
      assert.equal([status?.status, status?.workers], ['paused', 3])
      await node.resume('spread')
    })
    assert.equal(rescaled, whole)
  })

  test('a number of lanes that can not be is INVALID, and changes nothing', async () => {
    const node = await open()
    for (const workers of [0, -1, 1.5, 65, Number.NaN, '2' as never]) {
      const refused = await node.deploy(topologyModule('spread'), { workers }).catch((error: unknown) => error)
      assert.ok(isEventStoreError(refused, 'INVALID'), String(workers))
      assert.is((refused as { details: { field?: unknown } }).details.field, 'workers')
    }
    assert.equal(await node.topologies(), [])
    await node.deploy(topologyModule('spread'))
    assert.ok(isEventStoreError(await node.rescale('spread', 0).catch((error: unknown) => error), 'INVALID'))
    assert.ok(isEventStoreError(await node.rescale('nobody', 2).catch((error: unknown) => error), 'NOT_FOUND'))
    await node.drain('spread')
    await node.topologyEnded('spread')
    assert.ok(isEventStoreError(await node.rescale('spread', 2).catch((error: unknown) => error), 'INVALID'))
    await node.close()
  })
  return wholeRun
}
