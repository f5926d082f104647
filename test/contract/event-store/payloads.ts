/** What comes back is what was handed in: encodings, numbers, texts, and the rarer parts of an event. */
import assert from 'node:assert/strict'
import { pack } from 'msgpackr'
import type { Event, NewEvent } from '../../../event/event.ts'
import { all, append, type Scene, type Sentences } from './scene.ts'

const values: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  0.1,
  1e21,
  5e-324,
  1.7976931348623157e308,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  2 ** 53,
  2 ** 63,
  '',
  'text',
  'quotes " and \\ and \n',
  'ü € 😀 \u0000 \u2028',
  '\ud800 alone',
  'e\u0301',
  '\ufeffmark',
  [],
  [1, [2, [3]]],
  {},
  { a: 1, b: [true, null], ü: { '': '😀' } },
  { $bytes: 'AAEC' },
  { __proto__x: 1, constructor: 2 },
]

async function back({ store, stream }: Scene, events: readonly NewEvent[]): Promise<Event[]> {
  const name = stream()
  await append(store, name, events)
  return all(store.readStream(name))
}

export const payloads: Sentences = {
  'JSON values come back as they were, as JSON and as MessagePack': async scene => {
    for (const encoding of ['json', 'msgpack'] as const) {
      const wanted = encoding === 'json' ? values : values.filter(value => value !== '\ud800 alone')
      const events = await back(
        scene,
        wanted.map(data => ({ type: 'a', data, encoding })),
      )
      assert.deepEqual(
        events.map(event => event.data),
        wanted,
      )
      assert.ok(events.every(event => event.encoding === encoding))
    }
  },

  "bytes come back as they were, and are the caller's own": async ({ store, stream }) => {
    const name = stream()
    const given = [
      new Uint8Array(0),
      Uint8Array.of(0, 255, 127),
      Uint8Array.from({ length: 70_000 }, (_, n) => (n * 7919) >> 3),
      Buffer.from('buffer'),
    ]
    await append(
      store,
      name,
      given.map(data => ({ type: 'a', data })),
    )
    for (let time = 0; time < 3; time++) {
      const events = await all(store.readStream(name))
      for (const [i, event] of events.entries()) {
        assert.equal(event.encoding, 'bytes')
        assert.deepEqual(Buffer.from(event.data as Uint8Array), Buffer.from(given[i]!))
        ;(event.data as Uint8Array).fill(9)
      }
    }
  },

  'bytes are read before the call returns: the caller may use them again': async ({ store, stream }) => {
    const name = stream()
    const data = Uint8Array.of(1, 2, 3)
    const stored = store.appendToStream(name, { type: 'a', data })
    data.fill(9)
    await stored
    assert.deepEqual([...((await all(store.readStream(name)))[0]!.data as Uint8Array)], [1, 2, 3])
  },

  'JSON text and MessagePack handed in as bytes are read as such': async scene => {
    const events = await back(scene, [
      { type: 'a', data: Buffer.from(' { "b" : 1.50, "a" : [ "é" ] } '), encoding: 'json' },
      { type: 'a', data: pack({ deep: [1, 'é'] }), encoding: 'msgpack' },
    ])
    assert.deepEqual(
      events.map(event => [event.encoding, event.data]),
      [
        ['json', { b: 1.5, a: ['é'] }],
        ['msgpack', { deep: [1, 'é'] }],
      ],
    )
  },

  'the rarer parts come back when given and are left out when not': async scene => {
    const given: readonly Partial<NewEvent>[] = [
      {},
      { time: 0 },
      { time: -1.5 },
      { time: new Date(12_345) },
      { time: '2026-01-31T12:00:00+01:00' },
      { tags: [] },
      { tags: ['a', 'ü', 'a', '\ud800'] },
      { metadata: {} },
      { metadata: { user: 'ü', deep: { a: [1] }, n: 1e21 } },
      { time: 5, tags: ['x'], metadata: { m: 1 } },
      {},
    ]
    const events = await back(
      scene,
      given.map(more => ({ type: 'a', data: 1, ...more })),
    )
    for (const [i, event] of events.entries()) {
      const { time } = given[i]!
      assert.equal(event.time, time === undefined ? event.recorded : typeof time === 'number' ? time : new Date(time).getTime())
      assert.deepEqual(event.tags, given[i]!.tags)
      assert.deepEqual(event.metadata, given[i]!.metadata)
      assert.equal('tags' in event, 'tags' in given[i]!)
      assert.equal('metadata' in event, 'metadata' in given[i]!)
    }
  },

  'recorded is the millisecond of the stamp, between before and after the append': async ({ store, stream }) => {
    const name = stream()
    const before = Date.now()
    await append(store, name, { type: 'a', data: 1 })
    const event = (await all(store.readStream(name)))[0]!
    assert.equal(event.recorded, Math.floor(event.stamp / 4096) + Date.UTC(2020, 0, 1))
    assert.ok(event.recorded >= before && event.recorded <= Date.now() + 1000)
  },

  'types and streams in any script come back': async ({ store, stream }) => {
    const name = `${stream()} – ü €/😀 %2e?#[]`
    const types = ['ü', '😀', 'with space', '$type', 'x'.repeat(256), '.']
    await append(
      store,
      name,
      types.map(type => ({ type, data: 1 })),
    )
    const events = await all(store.readStream(name))
    assert.deepEqual(
      events.map(event => event.type),
      types,
    )
    assert.ok(events.every(event => event.stream === name))
  },

  'large events and large requests come back whole': async ({ store, stream }) => {
    const name = stream()
    const large = Uint8Array.from({ length: 1 << 20 }, (_, n) => n >> 8)
    await append(
      store,
      name,
      Array.from({ length: 7 }, () => ({ type: 'a', data: large })),
    )
    await append(
      store,
      name,
      Array.from({ length: 10_000 }, (_, n) => ({ type: 'a', data: n })),
    )
    const events = await all(store.readStream(name))
    assert.equal(events.length, 10_007)
    for (const event of events.slice(0, 7)) assert.ok(Buffer.compare(event.data as Uint8Array, large) === 0)
    assert.ok(events.slice(7).every((event, n) => event.data === n))
  },
}
