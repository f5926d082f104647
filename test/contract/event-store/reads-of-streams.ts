/** Reading one stream. */
import assert from 'node:assert/strict'
import type { Event } from '../../../event/event.ts'
import type { Direction, ReadStreamOptions } from '../../../event/event-store.ts'
import { positionOf } from '../../../event/position.ts'
import { all, append, first, pause, range, refused, type Scene, type Sentences, some, versions } from './scene.ts'

/** A stream of `count` events that lie between others, as they come back. */
async function written({ store, stream }: Scene, count: number): Promise<{ name: string; events: Event[] }> {
  const name = stream()
  const other = stream()
  for (let n = 0; n < count; n += 5) {
    await append(store, name, some(Math.min(5, count - n)))
    await append(store, other, some(3))
    await append(store, `{${name}}`, some(1))
  }
  return { name, events: await all(store.readStream(name)) }
}

/** The dumb reading of the options. */
function twin(events: readonly Event[], { from, to, limit, direction }: ReadStreamOptions): Event[] {
  const backwards = direction === 'backwards'
  const low = (backwards ? to : from) ?? 0
  const high = (backwards ? from : to) ?? Number.POSITIVE_INFINITY
  const wanted = events.filter(event => event.version >= low && event.version <= high)
  return (backwards ? wanted.reverse() : wanted).slice(0, limit)
}

const badOptions: readonly object[] = [
  { from: -1 },
  { from: 1.5 },
  { to: -1 },
  { to: '1' },
  { limit: -1 },
  { limit: Number.NaN },
  { direction: 'up' },
  { asOf: 'x' },
  { asOf: Number.NaN },
  { asOf: {} },
  { atLeast: 'nowhere' },
]

export const readsOfStreams: Sentences = {
  'from, to, limit and direction give the versions they name': async scene => {
    const { name, events } = await written(scene, 23)
    assert.deepEqual(versions(events), range(1, 23))
    const places = [undefined, 0, 1, 2, 11, 23, 24, 99]
    for (const direction of ['forwards', 'backwards'] as Direction[]) {
      for (const from of places) {
        for (const to of places) {
          for (const limit of [undefined, 0, 1, 4, 100]) {
            const options = {
              direction,
              ...(from === undefined ? {} : { from }),
              ...(to === undefined ? {} : { to }),
              ...(limit === undefined ? {} : { limit }),
            }
            const got = await all(scene.store.readStream(name, options))
            assert.deepEqual(versions(got), versions(twin(events, options)), JSON.stringify(options))
          }
        }
      }
    }
    assert.deepEqual(await all(scene.store.readStream(name, { direction: 'backwards' })), [...events].reverse())
  },

  'a position as asOf leaves out what came later': async scene => {
    const { name, events } = await written(scene, 17)
    for (const event of events) {
      assert.deepEqual(versions(await all(scene.store.readStream(name, { asOf: event.position }))), range(1, event.version))
      assert.deepEqual(
        versions(await all(scene.store.readStream(name, { asOf: event.position, direction: 'backwards', limit: 2 }))),
        range(1, event.version).reverse().slice(0, 2),
      )
    }
  },

  'a time as asOf leaves out what was recorded later': async scene => {
    const name = scene.stream()
    for (let n = 0; n < 4; n++) {
      await append(scene.store, name, some(2))
      await pause(3)
    }
    const events = await all(scene.store.readStream(name))
    for (const { recorded } of events) {
      for (const asOf of [recorded, recorded + 0.5, new Date(recorded), recorded - 1]) {
        const wanted = events.filter(event => event.recorded <= Number(asOf))
        assert.deepEqual(await all(scene.store.readStream(name, { asOf })), wanted)
      }
    }
    assert.deepEqual(await all(scene.store.readStream(name, { asOf: 0 })), [])
  },

  'a missing stream throws STREAM_NOT_FOUND when read, is at version 0, and folds to the initial state': async ({ store, stream }) => {
    const name = stream()
    for (const options of [{}, { direction: 'backwards' as const }, { from: 3 }, { limit: 0 }])
      await refused(() => all(store.readStream(name, options)), 'STREAM_NOT_FOUND')
    assert.equal(await store.streamVersion(name), 0)
    const folded = await store.aggregateStream(name, { initialState: () => 'initial', evolve: () => 'evolved' })
    assert.deepEqual(folded, { state: 'initial', version: 0, exists: false })
  },

  'a range of a stream that holds nothing is empty, not an error': async scene => {
    const { name } = await written(scene, 5)
    assert.deepEqual(await all(scene.store.readStream(name, { from: 6 })), [])
    assert.deepEqual(await all(scene.store.readStream(name, { to: 0 })), [])
    assert.deepEqual(await all(scene.store.readStream(name, { limit: 0 })), [])
  },

  'options that are none are INVALID, at the call': async ({ store, stream }) => {
    for (const options of badOptions) await refused(() => store.readStream(stream(), options as ReadStreamOptions), 'INVALID')
    await refused(() => store.subscribeToStream(stream(), { from: -1 }), 'INVALID')
    await refused(() => store.subscribeToStream(stream(), { from: 'last' as 'end' }), 'INVALID')
  },

  'a read that asks for at least a position sees it': async ({ store, stream }) => {
    const name = stream()
    for (let n = 1; n <= 10; n++) {
      const { position } = await append(store, name, some(1))
      assert.equal((await all(store.readStream(name, { atLeast: position }))).length, n)
    }
  },

  'what is folded is what is read': async scene => {
    const { name } = await written(scene, 12)
    const evolve = (state: number[], event: { version: number }): number[] => [...state, event.version]
    assert.deepEqual(await scene.store.aggregateStream(name, { initialState: () => [], evolve }), {
      state: range(1, 12),
      version: 12,
      exists: true,
    })
    assert.deepEqual(await scene.store.aggregateStream(name, { initialState: () => [], evolve, to: 4 }), {
      state: range(1, 4),
      version: 4,
      exists: true,
    })
    const seventh = (await all(scene.store.readStream(name, { from: 7, limit: 1 })))[0]!
    assert.equal((await scene.store.aggregateStream(name, { initialState: () => [], evolve, asOf: seventh.position })).version, 7)
  },

  'an event is found by its position, and by no other': async scene => {
    const { events } = await written(scene, 9)
    for (const event of events) assert.deepEqual(await scene.store.readEventAt(event.position), event)
    const last = await append(scene.store, scene.stream(), some(1))
    const { stamp, partition, sequence } = last
    for (const position of [
      positionOf(stamp, partition, sequence + 1_000_000),
      positionOf(4096, partition, sequence),
      positionOf(stamp, 1295, sequence),
      positionOf(stamp, partition, 0),
    ]) {
      await refused(() => scene.store.readEventAt(position), 'NOT_FOUND')
    }
    for (const position of ['', 'x', '1.2', `${last.position}.1`, `${last.position} `, 'A.B.C'])
      await refused(() => scene.store.readEventAt(position), 'INVALID')
  },

  'a reader that stops early reads no further, and another begins anew': async scene => {
    const { name } = await written(scene, 20)
    const read = scene.store.readStream(name)
    assert.equal((await first(read, 3)).length, 3)
    assert.equal((await first(scene.store.readStream(name), 20)).length, 20)
  },

  'a read sees whole appends while others write': async ({ store, stream }) => {
    const name = stream()
    let writing = true
    const writer = (async () => {
      for (let n = 0; n < 30; n++) await append(store, name, some(7))
      writing = false
    })()
    await append(store, name, some(7))
    while (writing) {
      const seen = versions(await all(store.readStream(name)))
      assert.deepEqual(seen, range(1, seen.length))
      assert.equal(seen.length % 7, 0)
    }
    await writer
  },
}
