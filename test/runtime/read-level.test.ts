/** What reads wait for: by default the leaders of what they read, with `any` nobody, with a position only that. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventStore } from '../../event/event-store.ts'
import { partitionOf } from '../../event/stream-id.ts'
import { EventLog } from '../../runtime/event-log.ts'
import { openNode } from '../../runtime/open-node.ts'
import { refused } from '../contract/event-store/scene.ts'

async function scene() {
  const node = await openNode({ memory: true, partitions: 8 })
  const asked: (readonly number[] | 'all')[] = []
  const log: EventStore = new EventLog({
    view: node.view,
    router: node.router,
    limits: node.limits,
    scope: () => '',
    freshness: { leader: async partitions => void asked.push(partitions), readsAll: () => () => undefined },
  })
  return { node, log, asked, home: partitionOf('order-1', 8) }
}

test('each read asks the leaders of what it reads, before it reads', async () => {
  const { node, log, asked, home } = await scene()
  const { position } = (await log.appendToStream('order-1', { type: 'a', data: 1, id: 'given' })) as { position: string }
  const folded = { initialState: () => 0, evolve: (sum: number) => sum + 1 }
  const reads: [string, () => Promise<unknown>, readonly number[] | 'all'][] = [
    ['readStream', () => Array.fromAsync(log.readStream('order-1')), [home]],
    ['readAll', () => Array.fromAsync(log.readAll()), 'all'],
    ['streamVersion', () => log.streamVersion('order-1'), [home]],
    ['aggregateStream', () => log.aggregateStream('order-1', folded), [home]],
    ['readEvent', () => log.readEvent('given'), [0, 1, 2, 3, 4, 5, 6, 7]],
    ['readEventAt', () => log.readEventAt(position), [home]],
  ]
  for (const [name, read, partitions] of reads) {
    await read()
    assert.equal(asked.splice(0), [partitions], name)
  }
  const any = { level: 'any' } as const
  await Array.fromAsync(log.readStream('order-1', any))
  await Array.fromAsync(log.readAll(any))
  await log.streamVersion('order-1', any)
  await log.aggregateStream('order-1', { ...folded, ...any })
  await log.readEvent('given', any)
  await log.readEventAt(position, any)
  await Array.fromAsync(log.readStream('order-1', { atLeast: position }))
  assert.equal(asked, [])
  await log.streamVersion('order-1', { atLeast: position, level: 'leader' })
  assert.equal(asked, [[home]])
  await node.close()
})

test('the event that an id of the node itself names is looked for in its one partition', async () => {
  const { node, log, asked, home } = await scene()
  await log.appendToStream('order-1', { type: 'a', data: 1 })
  const [event] = await Array.fromAsync(log.readStream('order-1', { level: 'any' }))
  await log.readEvent((event as unknown as { id: string }).id)
  assert.equal(asked, [[home]])
  await node.close()
})

test('a stream whose key was claimed is asked for where it is at home, then where the key leads', async () => {
  const { node, log, asked } = await scene()
  await log.appendToStream('order-1', { type: 'a', data: 1 }, { partitionKey: 'customer-7' })
  asked.length = 0
  await Array.fromAsync(log.readStream('order-1'))
  assert.equal(asked, [[partitionOf('order-1', 8)], [partitionOf('customer-7', 8)]])
  await node.close()
})

test('a level that is none is INVALID at the call, alone and embedded as well', async () => {
  const node = await openNode({ memory: true, partitions: 8 })
  const level = 'newest' as 'any'
  for (const call of [
    () => node.streamVersion('a', { level }),
    () => node.readEvent('a', { level }),
    () => Array.fromAsync(node.readAll({ level })),
    () => Array.fromAsync(node.readStream('a', { level })),
  ])
    await refused(call, 'INVALID')
  assert.is(await node.streamVersion('a', { level: 'leader' }), 0)
  await node.close()
})

test.run()
