/** What holds of a store that keeps its events, after it was closed and opened again. */
import assert from 'node:assert/strict'
import { all, append, first, positions, refused, type Sentences, some } from './scene.ts'
import { filled } from './reads-of-all.ts'

export const reopening: Sentences = {
  'all that was stored is there again, and goes on where it stood': async ({ fresh }) => {
    const { store, reopen } = await fresh()
    const events = await filled(store)
    await store.close()
    const again = await reopen()
    assert.deepEqual(await all(again.readAll()), events)
    for (const stream of new Set(events.map(event => event.stream))) {
      const own = events.filter(event => event.stream === stream)
      assert.deepEqual(await all(again.readStream(stream)), own)
      assert.equal(await again.streamVersion(stream), own.length)
      await refused(() => again.appendToStream(stream, some(1), { expectedVersion: own.length - 1 }), 'WRONG_EXPECTED_VERSION')
      const answer = await append(again, stream, some(1), { expectedVersion: own.length })
      assert.ok(answer.stamp > events.at(-1)!.stamp)
      assert.equal(answer.version, own.length + 1)
    }
    const from = events[40]!.position
    assert.deepEqual(positions(await first(again.subscribeToAll({ from }), 20)), positions(events.slice(41, 61)))
  },

  'ids and producers are known again': async ({ fresh }) => {
    const { store, reopen } = await fresh()
    const events = [
      { type: 'a', data: 1, id: 'one' },
      { type: 'a', data: 2, id: 'two' },
    ]
    const answer = await append(store, 'mine', events)
    await append(store, 'mine', some(1), { producer: 'p', producerSequence: 4 })
    for (let n = 0; n < 100; n++) await append(store, `s-${n}`, { type: 'a', data: n, id: `id-${n}` })
    await store.close()
    const again = await reopen()
    assert.deepEqual(await append(again, 'mine', events), answer)
    await refused(() => again.appendToStream('mine', [events[0]!, ...some(1)]), 'DUPLICATE_ID')
    assert.deepEqual(await again.appendToStream('mine', some(1), { producer: 'p', producerSequence: 4 }), { duplicate: true, highest: 4 })
    assert.equal((await again.readEvent('id-77')).data, 77)
    assert.equal((await append(again, 'mine', some(1), { producer: 'p', producerSequence: 5 })).version, 4)
  },

  'a store opened many times loses nothing and doubles nothing': async ({ fresh }) => {
    const { store, reopen } = await fresh()
    let open = store
    for (let round = 0; round < 5; round++) {
      for (let n = 0; n < 8; n++) await append(open, `s-${n}`, some(3), { expectedVersion: round * 3 })
      await open.close()
      open = await reopen()
      assert.equal((await all(open.readAll())).length, (round + 1) * 24)
    }
  },

  'what was answered at any durability is there after a close': async ({ fresh }) => {
    const { store, reopen } = await fresh()
    for (const durability of ['memory', 'os', 'disk', 'os', 'memory'] as const) await append(store, 'mine', some(2), { durability })
    await store.close()
    assert.equal((await all((await reopen()).readStream('mine'))).length, 10)
  },
}
