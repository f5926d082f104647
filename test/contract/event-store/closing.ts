/** The same sentences in an open and in a closed store, and what those who are in the middle of something see of closing. */
import assert from 'node:assert/strict'
import type { Event } from '../../../event/event.ts'
import { all, append, first, refused, type OpenStore, type Sentences, some, versions } from './scene.ts'

/** One call of each method; each is answered by an open store. */
const calls: Readonly<Record<string, (store: OpenStore, position: string, id: string) => unknown>> = {
  appendToStream: store => store.appendToStream('mine', some(1)),
  appendToStreams: store => store.appendToStreams([{ stream: 'mine', events: some(1) }]),
  'appendToStream with a key': store => store.appendToStream('keyed', some(1), { partitionKey: 'k' }),
  appendInOrder: store => store.appendInOrder([{ stream: 'mine', event: some(1)[0]! }]),
  'appendInOrder of nothing': store => store.appendInOrder([]),
  readStream: store => all(store.readStream('mine')),
  readAll: store => all(store.readAll()),
  readEvent: (store, _, id) => store.readEvent(id),
  readEventAt: (store, position) => store.readEventAt(position),
  streamVersion: store => store.streamVersion('mine'),
  subscribeToStream: store => first(store.subscribeToStream('mine'), 1),
  subscribeToAll: store => first(store.subscribeToAll(), 1),
  aggregateStream: store => store.aggregateStream('mine', { initialState: () => 0, evolve: state => state + 1 }),
}

export const closing: Sentences = {
  'every call is answered by an open store and CLOSED by a closed one': async ({ store }) => {
    const { position } = await append(store, 'mine', some(3))
    const { id } = (await all(store.readStream('mine')))[0]!
    for (const call of Object.values(calls)) await call(store, position, id)
    await store.close()
    for (const call of Object.values(calls)) await refused(() => call(store, position, id), 'CLOSED')
    await store.close()
  },

  'what was asked before close is answered; what is asked after is CLOSED': async ({ store }) => {
    const before = Array.from({ length: 50 }, (_, n) => append(store, `s-${n % 5}`, some(2)))
    const closed = store.close()
    await refused(() => store.appendToStream('s-1', some(1)), 'CLOSED')
    const answers = await Promise.all(before)
    assert.equal(Math.max(...answers.map(answer => answer.version)), 20)
    await closed
  },

  'two closes are one': async ({ store }) => {
    await append(store, 'mine', some(1))
    await Promise.all([store.close(), store.close()])
    await refused(() => store.streamVersion('mine'), 'CLOSED')
  },

  'an iterator that is open during close ends with CLOSED at its next pull': async ({ store }) => {
    for (let n = 0; n < 20; n++) await append(store, 'mine', some(10))
    const open = [
      store.readStream('mine'),
      store.readStream('mine', { direction: 'backwards' }),
      store.readAll(),
      store.subscribeToAll(),
      store.subscribeToStream('mine'),
    ]
    const iterators = open.map(iterable => iterable[Symbol.asyncIterator]())
    for (const iterator of iterators) assert.equal(((await iterator.next()).value as Event).stream, 'mine')
    await store.close()
    for (const iterator of iterators) {
      await refused(() => iterator.next(), 'CLOSED')
      assert.equal((await iterator.next()).done, true)
    }
  },

  'an iterator that was made but not pulled before close is CLOSED': async ({ store }) => {
    await append(store, 'mine', some(1))
    const open = [store.readStream('mine'), store.readAll(), store.subscribeToAll(), store.subscribeToStream('mine')]
    await store.close()
    for (const iterable of open) await refused(() => all(iterable), 'CLOSED')
  },

  'a follower that waits at the head is CLOSED by close': async ({ store }) => {
    await append(store, 'mine', some(1))
    const waiting = [store.subscribeToAll({ from: 'end' }), store.subscribeToStream('mine', { from: 'end' })].map(iterable =>
      refused(() => all(iterable), 'CLOSED'),
    )
    await new Promise(resolve => setImmediate(resolve))
    await store.close()
    await Promise.all(waiting)
  },

  'readers that read on while the store closes see a prefix, then CLOSED': async ({ store }) => {
    for (let n = 0; n < 30; n++) await append(store, `s-${n % 3}`, some(100))
    const readers = Array.from({ length: 6 }, async (_, n) => {
      const seen: Event[] = []
      try {
        for (;;) {
          seen.length = 0
          for await (const event of store.readStream(`s-${n % 3}`)) seen.push(event)
          assert.equal(seen.length, 1000)
          await new Promise(resolve => setImmediate(resolve))
        }
      } catch (error) {
        assert.deepEqual(
          versions(seen),
          seen.map((_, i) => i + 1),
        )
        await refused(() => Promise.reject(error as Error), 'CLOSED')
      }
    })
    await new Promise(resolve => setImmediate(resolve))
    await store.close()
    await Promise.all(readers)
  },

  'an appendInOrder that is under way during close ends with CLOSED or is whole': async ({ store }) => {
    async function* endless(): AsyncGenerator<{ stream: string; event: { type: string; data: number } }> {
      for (let n = 0; ; n++) {
        if (n % 1000 === 0) await new Promise(resolve => setImmediate(resolve))
        yield { stream: `s-${n % 5}`, event: { type: 'a', data: n } }
      }
    }
    const appending = refused(() => store.appendInOrder(endless()), 'CLOSED')
    for (let n = 0; n < 20; n++) await new Promise(resolve => setImmediate(resolve))
    await store.close()
    await appending
  },
}
