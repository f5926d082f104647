/** The actor of a shard when a commit conflicts, is never answered, or throws, and what readers and followers see of it. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CommitResult } from '../../actors/shard.ts'
import type { Event } from '../../event/event.ts'
import { all, append, first, pause, refused, some } from '../contract/event-store/scene.ts'
import { deferred, read, settle, shardScene, unseen, watched, withId } from './shard-scene.ts'

test('a commit that conflicts is NOT_LEADER for all of its group, nothing is seen, and the next is numbered from what is stored', async () => {
  const scene = shardScene()
  await append(scene.log, 'old', some(2))
  scene.commit = () => 'conflict'
  const group = [
    scene.log.appendToStream('new', withId('i')),
    scene.log.appendToStream('new', some(1), { expectedVersion: 5 }),
    scene.log.appendToStream('old', some(1), { producer: 'p', producerSequence: 1 }),
    scene.log.appendToStream('old', some(1), { producer: 'p', producerSequence: 1 }),
  ].map(watched)
  await settle()
  assert.equal(
    group.map(({ code }) => code),
    group.map(() => 'NOT_LEADER'),
  )
  await unseen(scene, 'new', 'i')
  assert.is(scene.reopened, 1)
  scene.commit = null
  assert.is((await append(scene.log, 'new', withId('i'), { expectedVersion: 0 })).version, 1)
  assert.is((await append(scene.log, 'old', some(1), { producer: 'p', producerSequence: 1, expectedVersion: 2 })).version, 3)
  assert.equal((await all(scene.log.readAll())).length, 4)
})

for (const landed of [true, false]) {
  test(`a commit of which nobody knows is UNKNOWN_OUTCOME; it ${landed ? 'had' : 'had not'} landed, and the log is read again`, async () => {
    const scene = shardScene()
    await append(scene.log, 'old', some(2))
    scene.commit = call => {
      if (landed) call.write()
      return 'unknown'
    }
    const events = [withId('i'), withId('j')]
    await refused(() => scene.log.appendToStream('new', events), 'UNKNOWN_OUTCOME')
    scene.commit = null
    assert.is(scene.reopened, 1)
    if (landed) assert.equal(await read(scene, 'new'), [1, 2])
    else await unseen(scene, 'new', 'i')
    assert.is((await append(scene.log, 'new', events)).version, 2)
    assert.is((await append(scene.log, 'new', some(1), { expectedVersion: 2 })).version, 3)
    assert.equal((await all(scene.log.readAll())).length, 5)
  })
}

test('a commit that is never answered: UNKNOWN_OUTCOME in time, BUSY when the mailbox is full, nothing lost or doubled when it goes on', async () => {
  const scene = shardScene({ partitions: 1, limits: { commitTimeoutMs: 1, mailboxEvents: 10 } })
  const stuck = deferred<CommitResult>()
  let first: { write(): CommitResult } | null = null
  scene.commit = call => {
    first ??= call
    return stuck.promise
  }
  const one = scene.log.appendToStream('mine', some(2))
  await settle()
  const more = Array.from({ length: 20 }, () => watched(scene.log.appendToStream('mine', some(1))))
  await settle()
  assert.is(more.filter(({ code }) => code === 'BUSY').length, 12)
  // The router's own clock keeps no process alive.
  const alive = setInterval(() => undefined, 1000)
  await refused(() => one, 'UNKNOWN_OUTCOME')
  while (more.some(({ state }) => state === 'pending')) await pause(50)
  clearInterval(alive)
  assert.is(more.filter(({ code }) => code === 'UNKNOWN_OUTCOME').length, 8)
  await unseen(scene, 'mine')
  scene.commit = null
  stuck.resolve(first!.write())
  await settle()
  assert.equal(
    await read(scene, 'mine'),
    Array.from({ length: 10 }, (_, n) => n + 1),
  )
  assert.is((await append(scene.log, 'mine', some(1), { expectedVersion: 10 })).version, 11)
  assert.is(scene.router.pending, 0)
})

for (const how of ['throws', 'rejects'] as const) {
  test(`a commit that ${how}: what is in flight is UNKNOWN_OUTCOME, what comes is READ_ONLY, the disk is not asked again, reads go on`, async () => {
    const scene = shardScene({ durability: 'disk' })
    await append(scene.log, 'mine', some(3))
    const { stamp } = scene.log.view.horizon
    const full = new Error('no space left on device')
    scene.commit = () => {
      if (how === 'throws') throw full
      return Promise.reject(full)
    }
    await refused(() => scene.log.appendToStream('mine', some(1)), 'UNKNOWN_OUTCOME')
    scene.commit = null
    const before = scene.calls.length
    for (let n = 0; n < 3; n++) {
      for (const durability of ['memory', 'os', 'disk'] as const)
        await refused(() => scene.log.appendToStream(`s-${n}`, some(1), { durability }), 'READ_ONLY')
      await refused(() => scene.log.appendInOrder([{ stream: 'mine', event: some(1)[0]! }]), 'READ_ONLY')
    }
    assert.is(scene.calls.length, before)
    assert.equal(await read(scene, 'mine'), [1, 2, 3])
    assert.is((await all(scene.log.readAll())).length, 3)
    assert.is(scene.log.view.horizon.stamp, stamp, 'what nobody knows of may be there after a restart: readers of all do not pass it')
    assert.is(scene.actor.failure, full)
    assert.is(scene.actor.idle, true)
  })

  test(`a late sync that ${how} is not tried again: READ_ONLY, and the shard comes to rest`, async () => {
    const scene = shardScene({ durability: 'disk' })
    await append(scene.log, 'old', some(1))
    scene.commit = call => {
      if (!call.sync) return call.write()
      if (how === 'throws') throw new Error('fsync failed')
      return Promise.reject(new Error('fsync failed'))
    }
    assert.is((await append(scene.log, 'mine', some(1), { durability: 'os' })).version, 1)
    await settle()
    const syncs = scene.calls.filter(({ sync }) => sync).length
    await settle()
    assert.is(scene.calls.filter(({ sync }) => sync).length, syncs)
    assert.is(scene.actor.idle, true)
    await refused(() => scene.log.appendToStream('mine', some(1)), 'READ_ONLY')
    assert.equal(await read(scene, 'old'), [1])
    await unseen(scene, 'mine')
  })
}

test('answers that hang on a block in flight are held until it settles, and fall with it', async () => {
  for (const result of ['committed', 'conflict', 'unknown'] as const) {
    const scene = shardScene()
    const flight = deferred<CommitResult>()
    let wrote: CommitResult | null = null
    scene.commit = call => flight.promise.then(settled => (settled === 'committed' ? (wrote ??= call.write()) : settled))
    const asked = [
      scene.log.appendToStream('mine', some(1), { expectedVersion: 0, durability: 'os' }),
      scene.log.appendToStream('mine', some(1), { expectedVersion: 0, durability: 'memory' }),
      scene.log.appendToStream('other', some(1), { producer: 'p', producerSequence: 1, durability: 'os' }),
      scene.log.appendToStream('other', some(1), { producer: 'p', producerSequence: 1, durability: 'memory' }),
      scene.log.appendToStream('third', withId('i'), { durability: 'os' }),
      scene.log.appendToStream('third', withId('i'), { durability: 'memory' }),
    ].map(watched)
    await settle()
    assert.equal(
      asked.map(({ state }) => state),
      Array.from({ length: 6 }, () => 'pending'),
    )
    if (result !== 'committed') scene.commit = null
    flight.resolve(result)
    await settle()
    if (result === 'committed') {
      assert.equal(
        asked.map(({ state, code }) => code ?? state),
        ['answered', 'WRONG_EXPECTED_VERSION', 'answered', 'answered', 'answered', 'answered'],
      )
      assert.equal(asked[3]!.answer, { duplicate: true, highest: 1 })
      assert.equal(asked[5]!.answer, { ...asked[4]!.answer!, durability: 'memory' })
    } else {
      const code = result === 'conflict' ? 'NOT_LEADER' : 'UNKNOWN_OUTCOME'
      assert.equal(
        asked.slice(0, 5).map(one => one.code),
        Array.from({ length: 5 }, () => code),
      )
      assert.is(asked[5]!.state, 'answered')
      await unseen(scene, 'mine')
    }
  }
})

test('followers wait while the shard is opened again, also those that begin meanwhile; reads are BUSY', async () => {
  const scene = shardScene()
  const { position } = await append(scene.log, 'mine', some(3))
  const { shared } = scene.log.view.shards[0]!
  let open = false
  Object.defineProperty(shared, 'isOpen', { get: () => open })
  const follow = async (items: AsyncIterable<Event>): Promise<number> => (await first(items, 1))[0]!.version
  const followers = [
    scene.log.subscribeToAll({ from: position }),
    scene.log.subscribeToAll({ from: 'end' }),
    scene.log.subscribeToStream('mine', { from: 4 }),
    scene.log.subscribeToStream('mine', { from: 'end' }),
  ].map(items => watched(follow(items)))
  await settle()
  await refused(() => all(scene.log.readStream('mine')), 'BUSY')
  await refused(() => all(scene.log.readAll()), 'BUSY')
  assert.equal(
    followers.map(({ state }) => state),
    followers.map(() => 'pending'),
  )
  open = true
  scene.log.view.horizon.wake()
  await settle()
  await append(scene.log, 'mine', some(1))
  await settle()
  assert.equal(
    followers.map(({ answer, code }) => code ?? answer),
    [4, 4, 4, 4],
  )
})

test.run()
