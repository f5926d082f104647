/** The code of docs/reading.md, run on a node in memory: every line that the page quotes stands here. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openNode } from '../../runtime/index.ts'
import { pay, topologyModule } from '../runtime/deployed-node.ts'

const node = await openNode({ memory: true })
test.after(() => node.close())

async function dataOf(events: AsyncIterable<{ readonly data: unknown }>): Promise<unknown[]> {
  const data: unknown[] = []
  for await (const event of events) data.push(event.data)
  return data
}

test('events are found by what they carry, and followed', async () => {
  await node.appendToStream('order-17', [
    { type: 'placed', data: 1, tags: ['urgent'], metadata: { correlationId: 'checkout-81' } },
    { type: 'paid', data: 2, metadata: { $correlationId: 'checkout-81' } },
  ])
  await node.appendToStream('cart-3', { type: 'opened', data: 3, tags: ['urgent', 'vip'] })

  const urgent = node.readAll({ categories: ['order'], tags: ['urgent'] })
  const process = node.readAll({ correlation: 'checkout-81' })
  const january = node.readAll({ since: '2026-01-01', until: '2026-02-01', direction: 'backwards' })
  assert.equal([await dataOf(urgent), await dataOf(process), (await dataOf(january)).length], [[1], [1, 2], 0])

  for await (const event of node.subscribeToAll({ tags: ['urgent', 'vip'] })) {
    assert.is(event.data, 3)
    break
  }
})

test('state is told as it was', async () => {
  await node.deploy(topologyModule('latest'))
  await pay(node, 10)
  await node.caughtUp()
  const yesterday = new Date(Date.now() - 86_400_000)

  const now = await node.state('latest').get('c3')
  const then = await node.state('latest').get('c3', { asOf: yesterday })
  const before = await node.state('latest').get('c3', { asOf: now!.position! })
  assert.equal([then, before!.value], [undefined, now!.value])
})

test.run()
