/** Following: catching up and going on are one thing, without a gap and without a double. */
import assert from 'node:assert/strict'
import type { Event } from '../../../event/event.ts'
import type { EventStore } from '../../../event/event-store.ts'
import { all, append, first, positions, range, type Sentences, some, versions } from './scene.ts'
import { filled } from './reads-of-all.ts'

/** Appends now and then until told to stop. */
function writing(store: EventStore, stream: (n: number) => string): { stop(): Promise<number> } {
  let on = true
  const done = (async () => {
    let n = 0
    for (; on; n++) {
      await append(store, stream(n), some(1 + (n % 4), n % 2 === 0 ? 'opened' : 'changed'))
      await new Promise(resolve => setImmediate(resolve))
    }
    return n
  })()
  return { stop: () => ((on = false), done) }
}

export const follows: Sentences = {
  'following all from any position meets every later event once, those of old and those to come': async ({ store }) => {
    const old = await filled(store)
    const writer = writing(store, n => `live-${n % 7}`)
    const places = [undefined, ...old.filter((_, i) => i % 11 === 0), old.at(-1)]
    const counts = places.map(place => old.length - (place ? old.indexOf(place) + 1 : 0) + 60)
    const followed = await Promise.all(
      places.map((place, i) => first(store.subscribeToAll(place ? { from: place.position } : {}), counts[i]!)),
    )
    await writer.stop()
    const every = positions(await all(store.readAll()))
    for (const [i, events] of followed.entries()) {
      const place = places[i]
      const from = place ? every.indexOf(place.position) + 1 : 0
      assert.deepEqual(positions(events), every.slice(from, from + counts[i]!))
    }
  },

  'following all from the end meets only what comes from then on': async ({ store }) => {
    await filled(store)
    const follower = store.subscribeToAll({ from: 'end' })[Symbol.asyncIterator]()
    const next = follower.next()
    await new Promise(resolve => setImmediate(resolve))
    const answers = [await append(store, 'late-1', some(2)), await append(store, 'late-2', some(1))]
    const got = [(await next).value as Event, (await follower.next()).value as Event, (await follower.next()).value as Event]
    await follower.return?.()
    assert.deepEqual(
      got.map(event => [event.stream, event.version]),
      [
        ['late-1', 1],
        ['late-1', 2],
        ['late-2', 1],
      ],
    )
    assert.equal(got[2]!.position, answers[1]!.position)
  },

  'the end is where the log ends when it is asked for, not when it is first read': async ({ store }) => {
    await append(store, 'mine', some(2))
    const followers = [store.subscribeToAll({ from: 'end' }), store.subscribeToStream('mine', { from: 'end' })]
    await append(store, 'mine', some(2))
    for (const follower of followers) assert.deepEqual(versions(await first(follower, 2)), [3, 4])
  },

  'following all of an empty store, from the start or the end, meets the first event': async ({ store }) => {
    const waiting = Promise.all([first(store.subscribeToAll(), 1), first(store.subscribeToAll({ from: 'end' }), 1)])
    await new Promise(resolve => setImmediate(resolve))
    const { position } = await append(store, 'a', some(1))
    assert.deepEqual(
      (await waiting).map(events => positions(events)),
      [[position], [position]],
    )
  },

  'following by types and categories meets what passes, from any position': async ({ store }) => {
    const old = await filled(store)
    const writer = writing(store, n => `order-live${n % 5}`)
    const options = { types: ['opened'], categories: ['order'] }
    const passing = old.filter(event => event.type === 'opened' && event.stream.replace(/[{}]/g, '').startsWith('order-'))
    const followed = await Promise.all(
      [undefined, passing[3], old[50]].map(place =>
        first(store.subscribeToAll({ ...options, ...(place ? { from: place.position } : {}) }), 40),
      ),
    )
    await writer.stop()
    const all_ = await all(store.readAll({ system: true }))
    for (const [i, place] of [undefined, passing[3], old[50]].entries()) {
      const from = place ? all_.findIndex(event => event.position === place.position) + 1 : 0
      const wanted = all_
        .slice(from)
        .filter(
          event => event.type === 'opened' && (event.stream === 'order' ? true : event.stream.replace(/[{}]/g, '').startsWith('order-')),
        )
      assert.deepEqual(positions(followed[i]!), positions(wanted).slice(0, 40))
    }
  },

  'following a stream from any version meets each version once': async ({ store }) => {
    for (let n = 0; n < 6; n++) {
      await append(store, 'mine', some(4))
      await append(store, 'other', some(3))
    }
    const writer = writing(store, n => (n % 3 === 0 ? 'other' : 'mine'))
    const places = [undefined, 0, 1, 2, 13, 24, 25, 30]
    const followed = await Promise.all(places.map(from => first(store.subscribeToStream('mine', from === undefined ? {} : { from }), 50)))
    await writer.stop()
    for (const [i, events] of followed.entries()) {
      const from = Math.max(1, places[i] ?? 1)
      assert.deepEqual(versions(events), range(from, from + 49))
      assert.ok(events.every(event => event.stream === 'mine'))
    }
  },

  'following a stream from its end, or one that is not there yet, meets what comes': async ({ store }) => {
    await append(store, 'mine', some(3))
    const waiting = Promise.all([
      first(store.subscribeToStream('mine', { from: 'end' }), 2),
      first(store.subscribeToStream('new'), 2),
      first(store.subscribeToStream('new', { from: 'end' }), 1),
    ])
    await new Promise(resolve => setImmediate(resolve))
    await append(store, 'mine', some(1))
    await append(store, 'new', some(2))
    await append(store, 'mine', some(1))
    assert.deepEqual((await waiting).map(versions), [[4, 5], [1, 2], [1]])
  },

  'a signal ends a follower, waiting or not': async ({ store }) => {
    await append(store, 'mine', some(3))
    for (const follow of [
      (signal: AbortSignal) => store.subscribeToAll({ signal }),
      (signal: AbortSignal) => store.subscribeToStream('mine', { signal }),
    ]) {
      const waits = new AbortController()
      const seen: Event[] = []
      const ended = (async () => {
        for await (const event of follow(waits.signal)) if (seen.push(event) === 3) setImmediate(() => waits.abort())
      })()
      await ended
      assert.equal(seen.length, 3)
      const midway = new AbortController()
      for await (const event of follow(midway.signal)) {
        assert.equal(event.version, 1)
        midway.abort()
      }
      assert.deepEqual(await all(follow(AbortSignal.abort())), [])
    }
  },

  'a slow follower holds nobody up and misses nothing': async ({ store }) => {
    const seen: Event[] = []
    const slow = (async () => {
      for await (const event of store.subscribeToAll()) {
        if (seen.length % 10 === 0) await new Promise(resolve => setTimeout(resolve, 1))
        if (seen.push(event) === 300) break
      }
    })()
    for (let n = 0; n < 100; n++) await append(store, `s-${n % 9}`, some(3))
    await slow
    assert.deepEqual(positions(seen), positions(await all(store.readAll())))
  },
}
