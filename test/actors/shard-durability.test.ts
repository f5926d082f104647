/** When writers are answered at each durability, and when others see what they wrote. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CommitResult } from '../../actors/shard.ts'
import type { Durability } from '../../event/event.ts'
import { all, append, some, versions } from '../contract/event-store/scene.ts'
import { deferred, read, settle, type ShardScene, shardScene, unseen, watched, withId } from './shard-scene.ts'

for (const store of ['memory', 'os', 'disk'] as const) {
  for (const level of ['memory', 'os', 'disk'] as const) {
    test(`level ${store}: a writer that asks for ${level} is answered at its level, and nothing shows before the store's own`, async () => {
      const scene = shardScene({ durability: store })
      const flights: { sync: boolean; land: () => void }[] = []
      scene.commit = call => {
        const flight = deferred<CommitResult>()
        flights.push({ sync: call.sync, land: () => flight.resolve(call.write()) })
        return flight.promise
      }
      const asked = watched(scene.log.appendToStream('mine', withId('i'), { durability: level }))
      await settle()
      assert.is(asked.state, level === 'memory' ? 'answered' : 'pending')
      await unseen(scene, 'mine', 'i')
      assert.is(flights.length, 1)
      assert.is(flights[0]!.sync, level === 'disk')
      flights[0]!.land()
      await settle()
      assert.is(asked.state, 'answered')
      if (store === 'disk' && level !== 'disk') {
        await unseen(scene, 'mine', 'i')
        assert.equal(
          flights.map(({ sync }) => sync),
          [false, true],
        )
        flights[1]!.land()
        await settle()
      }
      assert.equal(await read(scene, 'mine'), [1])
      assert.is((await all(scene.log.readAll())).length, 1)
    })
  }
}

test('what is written but not synced does not show in a store of level disk, though segments end meanwhile', async () => {
  const scene = shardScene({ durability: 'disk', partitions: 2 })
  const landing = deferred<void>()
  scene.commit = call => (call.sync ? landing.promise.then(() => call.write()) : call.write())
  // A new group before the last came to rest, so that no late sync comes between.
  const writers: Promise<unknown>[] = []
  for (let n = 0; n < 200; n++) {
    writers.push(append(scene.log, `s-${n % 5}`, withId(`i-${n}`), { durability: 'os' }))
    if (n % 2 === 1) await new Promise(resolve => setImmediate(resolve))
  }
  const answered = watched(Promise.all(writers))
  for (let n = 0; n < 5; n++) await unseen(scene, `s-${n}`, `i-${n}`)
  landing.resolve()
  await settle()
  await settle()
  assert.is(answered.state, 'answered')
  assert.is((await all(scene.log.readAll())).length, 200)
})

test('a writer that asks for disk and hears of what others only wrote is answered when that is synced', async () => {
  const cases: readonly (readonly [string, (log: ShardScene['log'], durability: Durability) => Promise<unknown>])[] = [
    ['a duplicate by id', (log, durability) => log.appendToStream('mine', withId('i'), { durability })],
    ['a duplicate by number', (log, durability) => log.appendToStream('mine', some(1), { durability, producer: 'p', producerSequence: 1 })],
    ['a conflict', (log, durability) => log.appendToStream('mine', some(1), { durability, expectedVersion: 0 })],
  ]
  for (const [what, send] of cases) {
    const scene = shardScene({ durability: 'disk' })
    const landing = deferred<void>()
    let syncs = 0
    scene.commit = call => {
      if (!call.sync) return call.write()
      syncs++
      return landing.promise.then(() => call.write())
    }
    const first = send(scene.log, 'os')
    const second = watched(first.then(() => send(scene.log, 'disk')))
    await settle()
    assert.is(second.state, 'pending', what)
    assert.is(syncs, 1, what)
    landing.resolve()
    await settle()
    assert.is.not(second.state, 'pending', what)
  }
})

test('what only was written shows soon in a store of level disk', async () => {
  const scene = shardScene({ durability: 'disk' })
  const { position } = await append(scene.log, 'mine', some(2), { durability: 'os' })
  assert.equal(versions(await all(scene.log.readStream('mine', { atLeast: position }))), [1, 2])
  const syncs = scene.calls.map(({ sync }) => sync)
  assert.equal(syncs, [false, true])
})

test.run()
