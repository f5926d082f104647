/** Opening a node: options are checked by name; what a node in memory promises beside the contract of an event store. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { positionOf } from '../../event/position.ts'
import { defaultLimits, limitsMost } from '../../event/limits.ts'
import { openNode, type OpenOptions } from '../../runtime/index.ts'
import { all, append, refused, some } from '../contract/event-store/scene.ts'

const bad: readonly (readonly [field: string, options: object | null | undefined])[] = [
  ['options', null],
  ['options', undefined],
  ['directory', {}],
  ['directory', { directory: '' }],
  ['directory', { directory: 5 }],
  ['directory', { directory: 'data', memory: true }],
  ['memory', { memory: false }],
  ['memory', { memory: 'yes' }],
  ['partitions', { memory: true, partitions: 0 }],
  ['partitions', { memory: true, partitions: 4097 }],
  ['partitions', { memory: true, partitions: 1.5 }],
  ['partitions', { memory: true, partitions: '3' }],
  ['shards', { memory: true, shards: 17 }],
  ['shards', { memory: true, shards: -1 }],
  ['workers', { memory: true, workers: 0 }],
  ['durability', { memory: true, durability: 'quorum' }],
  ['durability', { memory: true, durability: 'tape' }],
  ['compression', { memory: true, compression: 'zip' }],
  ['epochMs', { memory: true, epochMs: 0 }],
  ['limits.eventByte', { memory: true, limits: { eventByte: 5 } }],
  ['limits.eventBytes', { memory: true, limits: { eventBytes: 0 } }],
  ['limits.eventBytes', { memory: true, limits: { eventBytes: 1.5 } }],
  ['limits.tags', { memory: true, limits: { tags: '5' } }],
  ['partition', { memory: true, partition: 3 }],
]

test('options that are none are INVALID and named', async () => {
  for (const [field, options] of bad) {
    const { details } = await refused(() => openNode(options as OpenOptions), 'INVALID')
    assert.is(details['field'], field, JSON.stringify(options))
  }
})

test('more shards than partitions are as many as partitions', async () => {
  const node = await openNode({ memory: true, partitions: 2, shards: 5 })
  for (let n = 0; n < 20; n++) await append(node, `s-${n}`, some(1))
  assert.is((await all(node.readAll())).length, 20)
  assert.is((await node.stats()).shards.length, 2)
  await node.close()
})

test('the largest numbers of partitions and shards work', async () => {
  const node = await openNode({ memory: true, partitions: 4096, shards: 16, limits: { segmentEntries: 64, requestEvents: 100 } })
  const items = Array.from({ length: 5000 }, (_, n) => ({ stream: `s-${n}`, event: { type: 'a', data: n } }))
  assert.is((await node.appendInOrder(items)).events, 5000)
  assert.equal(
    (await all(node.readAll())).map(event => event.data),
    items.map(item => item.event.data),
  )
  await node.close()
})

test('the largest limits hold what they say', async () => {
  const node = await openNode({ memory: true, partitions: 1, limits: limitsMost })
  const events = Array.from({ length: limitsMost.requestEvents }, (_, n) => ({
    type: `t-${n % 500}`,
    data: n,
    ...(n % 1000 === 0 ? { id: `${n}`.padEnd(255, 'i') } : {}),
  }))
  assert.is((await append(node, 'mine', events)).version, events.length)
  const read = await all(node.readStream('mine'))
  assert.ok(read.every((event, n) => event.data === n && event.type === `t-${n % 500}` && (n % 1000 > 0 || event.id === events[n]!.id)))
  await refused(() => node.appendToStream('mine', [...events, ...some(1)]), 'TOO_LARGE')
  await node.close()
})

test('ids are remembered up to their limit; with a numeric expectation the stream itself remembers for ever', async () => {
  const node = await openNode({ memory: true, partitions: 1, limits: { segmentEntries: 64, idsRemembered: 10 } })
  const events = some(3).map((event, n) => ({ ...event, id: `mine-${n}` }))
  const first = await append(node, 'mine', events, { expectedVersion: 0 })
  assert.equal(await append(node, 'mine', events), first)
  for (let n = 0; n < 300; n++) await append(node, `s-${n % 7}`, { type: 'a', data: n, id: `other-${n}` })
  assert.equal(await append(node, 'mine', events, { expectedVersion: 0 }), first)
  await refused(() => node.appendToStream('mine', events.toReversed(), { expectedVersion: 0 }), 'WRONG_EXPECTED_VERSION')
  await refused(() => node.appendToStream('mine', events, { expectedVersion: 1 }), 'WRONG_EXPECTED_VERSION')
  await refused(() => node.appendToStream('s-0', [{ type: 'a', data: 0, id: 'other-299' }]), 'DUPLICATE_ID')
  assert.is((await append(node, 'mine', events)).version, 6)
  await node.close()
})

test('a position that is not reached in time is UNREACHABLE, one of another store INVALID', async () => {
  const node = await openNode({ memory: true, partitions: 4, limits: { commitTimeoutMs: 30 } })
  const { position, stamp, partition, sequence } = await append(node, 'mine', some(1))
  assert.is((await all(node.readStream('mine', { atLeast: position }))).length, 1)
  // Waiting at the head keeps no process alive.
  const alive = setInterval(() => undefined, 1000)
  for (const atLeast of [positionOf(stamp + 1, partition, sequence + 1), positionOf(stamp + 4096 * 60_000, partition, sequence)]) {
    await refused(() => all(node.readStream('mine', { atLeast })), 'UNREACHABLE')
    await refused(() => all(node.readAll({ atLeast })), 'UNREACHABLE')
  }
  clearInterval(alive)
  await refused(() => all(node.readAll({ atLeast: positionOf(stamp, 4, 1) })), 'INVALID')
  await node.close()
})

test('a read that waits for a position goes on when it comes', async () => {
  const node = await openNode({ memory: true, partitions: 1 })
  const one = await append(node, 'mine', some(1))
  const waiting = all(node.readStream('mine', { atLeast: positionOf(one.stamp + 1, 0, 2) }))
  await append(node, 'mine', some(1))
  assert.is((await waiting).length, 2)
  await node.close()
})

test('callers may change what they handed in, and keep what they were given', async () => {
  const node = await openNode({ memory: true, partitions: 1 })
  const event = { type: 'a', data: { list: [1] }, tags: ['t'], metadata: { m: [1] } }
  const stored = append(node, 'mine', event)
  event.data.list.push(2)
  event.tags.push('u')
  event.metadata.m.push(2)
  await stored
  for (let time = 0; time < 3; time++) {
    const [read] = await all(node.readStream('mine'))
    assert.equal([read!.data, read!.tags, read!.metadata], [{ list: [1] }, ['t'], { m: [1] }])
    ;(read!.data as { list: number[] }).list.push(9)
    ;(read!.tags as string[]).push('v')
  }
  await node.close()
})

test('events of two appends that are not awaited lie in the order of their calls, whatever their size', async () => {
  const node = await openNode({ memory: true, partitions: 1 })
  const sizes = [defaultLimits.eventBytes, 1, 40_000, 3, 20_000, 2]
  await Promise.all(sizes.map((size, n) => append(node, `s-${n % 2}`, { type: 'a', data: new Uint8Array(size).fill(n) })))
  assert.equal(
    (await all(node.readAll())).map(event => (event.data as Uint8Array).length),
    sizes,
  )
  await node.close()
})

test.run()
