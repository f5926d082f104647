/** Sending the same again: by the ids of events, and by the numbers of producers. */
import assert from 'node:assert/strict'
import type { NewEvent } from '../../../event/event.ts'
import { all, append, refused, type Sentences, some } from './scene.ts'

const withIds = (...ids: readonly string[]): NewEvent[] => ids.map((id, n) => ({ type: 'a', data: { n }, id }))

const badProducers: readonly object[] = [
  { producer: 'p' },
  { producerSequence: 1 },
  { producer: '', producerSequence: 1 },
  { producer: 'p', producerSequence: 0 },
  { producer: 'p', producerSequence: 1.5 },
  { producer: 'p', producerSequence: -1 },
  { producer: 5, producerSequence: 1 },
  { producer: 'x'.repeat(513), producerSequence: 1 },
  { producer: 'p\ud800', producerSequence: 1 },
]

export const idempotence: Sentences = {
  'the same request with ids again gets the first answer again and stores nothing': async ({ store, stream }) => {
    const name = stream()
    const events = withIds(`${name}-1`, `${name}-2`)
    const answer = await append(store, name, events)
    await append(store, name, some(1))
    assert.deepEqual(await append(store, name, events), answer)
    assert.deepEqual(await append(store, name, events, { expectedVersion: 0 }), answer)
    assert.equal(await store.streamVersion(name), 3)
  },

  'the same request with ids in some of its events gets the first answer again': async ({ store, stream }) => {
    for (const [place, ids] of [
      [0, 'first'],
      [1, 'middle'],
      [2, 'last'],
    ] as const) {
      const name = stream()
      await append(store, name, some(2))
      const events = some(3).map((event, n) => (n === place ? { ...event, id: `${name}-${ids}` } : event))
      const answer = await append(store, name, events)
      await append(store, name, some(2))
      assert.deepEqual(await append(store, name, events), answer)
      for (const changed of [0, 1, 2]) {
        const other = events.map((event, n) => (n === changed ? { ...event, data: 'other' } : event))
        await refused(() => store.appendToStream(name, other), 'DUPLICATE_ID')
      }
      await refused(() => store.appendToStream(name, [...events, ...some(3)]), 'DUPLICATE_ID')
      assert.equal(await store.streamVersion(name), 7)
    }
  },

  'the same request sent twice without waiting is stored once': async ({ store, stream }) => {
    const name = stream()
    const events = withIds(`${name}-1`, `${name}-2`)
    const answers = await Promise.all(Array.from({ length: 5 }, () => append(store, name, events)))
    for (const answer of answers) assert.deepEqual(answer, answers[0])
    assert.equal(await store.streamVersion(name), 2)
  },

  'an id again with other content, elsewhere, or with part of its request is a DUPLICATE_ID, and nothing is stored': async ({
    store,
    stream,
  }) => {
    const key = stream()
    const name = `{${key}}a`
    const [one, two] = withIds(`${key}-1`, `${key}-2`) as [NewEvent, NewEvent]
    await append(store, name, [one, two])
    const others: readonly (readonly [string, string, readonly NewEvent[]])[] = [
      ['other data', name, [{ ...one, data: { n: 7 } }, two]],
      ['another type', name, [{ ...one, type: 'b' }, two]],
      ['other tags', name, [{ ...one, tags: ['t'] }, two]],
      ['other metadata', name, [one, { ...two, metadata: { m: 1 } }]],
      ['another time', name, [one, { ...two, time: 5 }]],
      ['another encoding', name, [one, { ...two, encoding: 'msgpack' }]],
      ['another stream of the partition', `{${key}}b`, [one, two]],
      ['another order', name, [two, one]],
      ['the first and a new one', name, [one, ...withIds(`${key}-3`)]],
      ['a new one and the last', name, [...withIds(`${key}-4`), two]],
      ['all of it and a new one', name, [one, two, ...withIds(`${key}-5`)]],
    ]
    for (const [what, target, events] of others) {
      await refused(() => store.appendToStream(target, events), 'DUPLICATE_ID').catch((error: unknown) => {
        throw new Error(what, { cause: error })
      })
    }
    assert.equal(await store.streamVersion(name), 2)
    assert.equal(await store.streamVersion(`{${key}}b`), 0)
    assert.equal((await append(store, name, withIds(`${key}-3`))).version, 3)
  },

  'an id twice in one request is a DUPLICATE_ID': async ({ store, stream }) => {
    const name = stream()
    await refused(() => store.appendToStream(name, [...withIds(`${name}-x`), ...some(1), ...withIds(`${name}-x`)]), 'DUPLICATE_ID')
    assert.equal(await store.streamVersion(name), 0)
  },

  'a refused request leaves its ids free': async ({ store, stream }) => {
    const name = stream()
    const events = withIds(`${name}-1`)
    await refused(() => store.appendToStream(name, events, { expectedVersion: 5 }), 'WRONG_EXPECTED_VERSION')
    assert.equal((await append(store, name, events)).version, 1)
  },

  'with a numeric expectation a repeated request is known after many others': async ({ store, stream }) => {
    const name = stream()
    const events = withIds(`${name}-1`, `${name}-2`)
    await append(store, name, some(3))
    const answer = await append(store, name, events, { expectedVersion: 3 })
    for (let n = 0; n < 40; n++) await append(store, stream(), withIds(`${name}-other-${n}`))
    assert.deepEqual(await append(store, name, events, { expectedVersion: 3 }), answer)
    await refused(() => store.appendToStream(name, withIds(`${name}-3`, `${name}-4`), { expectedVersion: 3 }), 'WRONG_EXPECTED_VERSION')
  },

  'an event is found by the id it was given, and by the one it was given by the store': async ({ store, stream }) => {
    const name = stream()
    const given = `${name}: ü €`
    await append(store, name, [{ type: 'a', data: 1, id: given }, ...some(1)])
    const [one, two] = await all(store.readStream(name))
    assert.equal(one!.id, given)
    assert.deepEqual(await store.readEvent(given), one)
    assert.deepEqual(await store.readEvent(two!.id), two)
    assert.notEqual(one!.id, two!.id)
    await refused(() => store.readEvent(`${name}-none`), 'NOT_FOUND')
    await refused(() => store.readEvent(`${two!.id}zz`), 'NOT_FOUND')
    await refused(() => store.readEvent(''), 'INVALID')
  },

  'a producer is stored once a number; at or below its highest it hears the highest': async ({ store, stream }) => {
    const name = stream()
    const producer = `producer of ${name}`
    assert.equal((await append(store, name, some(2), { producer, producerSequence: 1 })).version, 2)
    assert.deepEqual(await store.appendToStream(name, some(2), { producer, producerSequence: 1 }), { duplicate: true, highest: 1 })
    assert.equal((await append(store, name, some(1), { producer, producerSequence: 7 })).version, 3)
    for (const producerSequence of [1, 2, 6, 7]) {
      assert.deepEqual(await store.appendToStream(name, some(1), { producer, producerSequence }), { duplicate: true, highest: 7 })
    }
    assert.equal((await append(store, name, some(1), { producer: `${producer}'s other`, producerSequence: 3 })).version, 4)
    assert.equal(await store.streamVersion(name), 4)
  },

  'numbers of producers are known a partition, not a stream': async ({ store, stream }) => {
    const key = stream()
    const producer = `producer of ${key}`
    await append(store, `{${key}}a`, some(1), { producer, producerSequence: 5 })
    assert.deepEqual(await store.appendToStream(`{${key}}b`, some(1), { producer, producerSequence: 4 }), { duplicate: true, highest: 5 })
    const { partition } = await append(store, `{${key}}b`, some(1), { producer, producerSequence: 6 })
    for (let n = 0; n < 50; n++) {
      const other = stream()
      const elsewhere = (await append(store, other, some(1))).partition
      if (elsewhere === partition) continue
      assert.equal((await append(store, other, some(1), { producer, producerSequence: 1 })).version, 2)
      return
    }
  },

  'a producer that sends a number twice without waiting is stored once': async ({ store, stream }) => {
    const name = stream()
    const producer = `producer of ${name}`
    const answers = await Promise.all(
      [1, 1, 2, 1, 2].map(producerSequence => store.appendToStream(name, some(1), { producer, producerSequence })),
    )
    assert.deepEqual(
      answers.map(answer => (answer.duplicate ? answer.highest : -answer.version)),
      [-1, 1, -2, 2, 2],
    )
  },

  'a conflict does not use up the number of a producer': async ({ store, stream }) => {
    const name = stream()
    const producer = `producer of ${name}`
    await refused(
      () => store.appendToStream(name, some(1), { producer, producerSequence: 1, expectedVersion: 'exists' }),
      'WRONG_EXPECTED_VERSION',
    )
    assert.equal((await append(store, name, some(1), { producer, producerSequence: 1 })).version, 1)
  },

  'a producer without a name or a number is INVALID': async ({ store, stream }) => {
    for (const options of badProducers) await refused(() => store.appendToStream(stream(), some(1), options), 'INVALID')
  },
}
