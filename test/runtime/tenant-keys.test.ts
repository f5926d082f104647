/** Partition keys are a tenant's own: neither what it claims nor what its conditions see has to do with another tenant's. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openNode } from '../../runtime/index.ts'
import { all, append, refused, some } from '../contract/event-store/scene.ts'

const tagged = [{ type: 'a', data: 1, tags: ['t'] }]
const unless = { conditions: { none: { tags: ['t'] } } }

test('a condition sees no event of another tenant, even where its key is the same text', async () => {
  const node = await openNode({ memory: true, partitions: 4 })
  try {
    const shop = node.tenant('shop')
    // The key of a stream of the tenant is stored behind its name.
    const one = await append(node, '{shop/k}a', tagged)
    const two = await append(shop, '{k}a', tagged, unless)
    assert.is(one.partition, two.partition)
    await refused(() => shop.appendToStream('{k}b', tagged, unless), 'CONDITION_FAILED')
    await append(node, '{k}a', tagged, unless)
    await append(node.tenant('other'), '{k}a', tagged, unless)
  } finally {
    await node.close()
  }
})

test('a key is claimed for the stream of one tenant, and given back as it was given', async () => {
  const node = await openNode({ memory: true, partitions: 4 })
  try {
    const shop = node.tenant('shop')
    const keyed = await append(shop, 's', some(1), { partitionKey: 'k' })
    assert.is(keyed.partition, (await append(shop, 'k', some(1))).partition)
    await append(node, 's', some(1), { partitionKey: 'other' })
    await append(node.tenant('third'), 's', some(1))
    assert.equal(
      (await all(shop.readStream('s'))).map(({ stream, partitionKey }) => [stream, partitionKey]),
      [['s', 'k']],
    )
    assert.equal((await all(node.readStream('s')))[0]!.partitionKey, 'other')
    const { details } = await refused(() => shop.appendToStream('s', some(1), { partitionKey: 'other' }), 'PARTITION_KEY_MISMATCH')
    assert.equal([details['stream'], details['expected'], details['actual']], ['s', 'other', 'k'])
    assert.is((await append(shop, 's', some(1), { expectedVersion: 1 })).version, 2)
    assert.equal(
      (await all(shop.readAll({ system: true }))).map(({ stream }) => stream),
      ['$key-s', 's', 'k', 's'],
    )
    await shop.appendToStreams([
      { stream: 's', events: some(1), expectedVersion: 2 },
      { stream: 'k', expectedVersion: 1 },
    ])
    assert.is(await shop.streamVersion('s'), 3)
    assert.is(await node.streamVersion('s'), 1)
  } finally {
    await node.close()
  }
})

test('a tenant of the same name that begins anew knows no keys', async () => {
  const node = await openNode({ memory: true, partitions: 4 })
  try {
    await append(node.tenant('shop'), 's', some(1), { partitionKey: 'k' })
    await node.dropTenant('shop')
    const shop = node.tenant('shop')
    assert.is(await shop.streamVersion('s'), 0)
    await append(shop, 's', some(1), { partitionKey: 'other', ...unless })
    assert.equal((await all(shop.readStream('s')))[0]!.partitionKey, 'other')
  } finally {
    await node.close()
  }
})

test.run()
