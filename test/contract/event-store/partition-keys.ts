/** Partition keys that are given: claimed once, found again by everything that knows only the name of the stream. */
import assert from 'node:assert/strict'
import { partitionOf, partitionOfKey } from '../../../event/stream-id.ts'
import { appendMany } from './many-streams.ts'
import { all, append, first, refused, type Sentences, some, versions } from './scene.ts'

export const partitionKeys: Sentences = {
  'a stream with a given key lies where the key leads, and its events tell of it': async ({ store, stream }) => {
    const [name, key] = [stream(), stream()]
    const answer = await append(store, name, some(2), { partitionKey: key })
    const { partition } = await append(store, key, some(1))
    assert.equal(answer.partition, partition)
    assert.deepEqual(
      (await all(store.readStream(name))).map(({ version, partitionKey, stream: of }) => [version, partitionKey, of]),
      [
        [1, key, name],
        [2, key, name],
      ],
    )
    assert.equal('partitionKey' in (await all(store.readStream(key)))[0]!, false)
  },

  'reads, versions, folds and subscriptions find it by its name': async ({ store, stream }) => {
    for (let n = 0; n < 5; n++) {
      const [name, key] = [stream(), stream()]
      const waiting = first(store.subscribeToStream(name), 3)
      await append(store, name, some(2), { partitionKey: key })
      await append(store, name, some(1), { partitionKey: key })
      assert.deepEqual(versions(await waiting), [1, 2, 3])
      assert.deepEqual(versions(await all(store.readStream(name, { from: 2 }))), [2, 3])
      assert.deepEqual(versions(await all(store.readStream(name, { direction: 'backwards', limit: 2 }))), [3, 2])
      assert.deepEqual(await all(store.readStream(name, { from: 9 })), [])
      assert.equal(await store.streamVersion(name), 3)
      assert.equal((await store.aggregateStream(name, { initialState: () => 0, evolve: state => state + 1 })).state, 3)
      assert.deepEqual(versions(await first(store.subscribeToStream(name, { from: 2 }), 2)), [2, 3])
    }
  },

  'who appends without a key goes on under the one it has, in order, expectations included': async ({ store, stream }) => {
    const [name, key] = [stream(), stream()]
    const answers = await Promise.all([
      append(store, name, some(1), { partitionKey: key, expectedVersion: 0 }),
      append(store, name, some(1), { expectedVersion: 1 }),
      append(store, name, some(1), { partitionKey: key, expectedVersion: 2 }),
      append(store, name, some(1), { expectedVersion: 3 }),
    ])
    assert.deepEqual(
      answers.map(({ version }) => version),
      [1, 2, 3, 4],
    )
    assert.equal(new Set(answers.map(({ partition }) => partition)).size, 1)
    assert.equal((await append(store, name, some(1), { expectedVersion: 4 })).partition, answers[0]!.partition)
    assert.deepEqual(
      (await all(store.readStream(name))).map(({ partitionKey }) => partitionKey),
      [key, key, key, key, key],
    )
    assert.equal((await store.appendInOrder([name, stream(), name].map(each => ({ stream: each, event: some(1)[0]! })))).events, 3)
    assert.deepEqual((await all(store.readStream(name))).map(({ partitionKey }) => partitionKey).slice(5), [key, key])
  },

  'another key is a PARTITION_KEY_MISMATCH that tells both, and nothing is stored': async ({ store, stream }) => {
    const [named, keyed, key] = [stream(), stream(), stream()]
    await append(store, named, some(1))
    await append(store, keyed, some(1), { partitionKey: key })
    for (const [name, expected, actual] of [
      [named, key, named],
      [keyed, named, key],
      [keyed, keyed, key],
    ] as const) {
      for (let again = 0; again < 2; again++) {
        const { details } = await refused(() => store.appendToStream(name, some(1), { partitionKey: expected }), 'PARTITION_KEY_MISMATCH')
        assert.deepEqual([details['stream'], details['expected'], details['actual']], [name, expected, actual])
      }
      assert.equal(await store.streamVersion(name), 1)
    }
    const streams = [
      { stream: key, events: some(1) },
      { stream: named, expectedVersion: 1 },
    ]
    await refused(() => store.appendToStreams(streams, { partitionKey: key }), 'PARTITION_KEY_MISMATCH')
    await refused(
      () =>
        store.appendToStreams([
          { stream: named, events: some(1) },
          { stream: keyed, events: some(1) },
        ]),
      'PARTITION_KEY_MISMATCH',
    )
    assert.equal(await store.streamVersion(key), 0)
  },

  'its own key may be given, and changes nothing': async ({ store, stream }) => {
    const name = `{${stream()}}a`
    const answer = await append(store, name, some(1), { partitionKey: name.slice(1, -2) })
    assert.equal((await append(store, name, some(1))).partition, answer.partition)
    assert.equal('partitionKey' in (await all(store.readStream(name)))[0]!, false)
  },

  'of writers that give different keys without waiting one is heard, and the stream has one key': async ({ store, stream }) => {
    for (let n = 0; n < 5; n++) {
      const [name, one, two] = [stream(), stream(), stream()]
      const tries = await Promise.allSettled(
        [one, two, undefined, one, two].map((key, i) =>
          append(store, name, [{ type: 'a', data: i }], key === undefined ? {} : { partitionKey: key }),
        ),
      )
      const won = tries.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []))
      const events = await all(store.readStream(name))
      assert.deepEqual(
        events.map(({ data }) => data),
        won,
      )
      assert.deepEqual(won, [0, 2, 3])
      assert.equal(new Set(events.map(({ partition, partitionKey }) => `${partition} ${partitionKey}`)).size, 1)
    }
  },

  'a plain append that comes first keeps the stream at home': async ({ store, stream }) => {
    const [name, key] = [stream(), stream()]
    const [plain, keyed] = await Promise.allSettled([append(store, name, some(1)), append(store, name, some(1), { partitionKey: key })])
    assert.equal(plain.status, 'fulfilled')
    assert.equal(keyed.status, 'rejected')
    if (keyed.status === 'rejected') await refused(() => Promise.reject(keyed.reason as Error), 'PARTITION_KEY_MISMATCH')
    assert.equal(await store.streamVersion(name), 1)
  },

  'one append to streams of any names, under one key': async ({ store, stream }) => {
    const [a, b, c, key] = [stream(), stream(), stream(), stream()]
    const answer = await appendMany(
      store,
      [
        { stream: a, events: some(2) },
        { stream: b, events: some(1) },
        { stream: c, expectedVersion: 'none' },
        { stream: key, events: some(1) },
      ],
      { partitionKey: key },
    )
    assert.deepEqual(answer.streams, [
      { stream: a, firstVersion: 1, version: 2 },
      { stream: b, firstVersion: 1, version: 1 },
      { stream: key, firstVersion: 1, version: 1 },
    ])
    // From now on their key is known.
    const { streams } = await appendMany(store, [
      { stream: b, events: some(1), expectedVersion: 1 },
      { stream: a, expectedVersion: 2 },
      { stream: key, events: some(1) },
    ])
    assert.deepEqual(streams[0], { stream: b, firstVersion: 2, version: 2 })
    const { details } = await refused(
      () =>
        store.appendToStreams([
          { stream: c, events: some(1) },
          { stream: a, expectedVersion: 1 },
        ]),
      'WRONG_EXPECTED_VERSION',
    )
    assert.equal(details['stream'], a)
    const other = await append(store, a, some(1), { conditions: { none: { types: ['nothing of that'] } } })
    assert.equal(other.partition, answer.partition)
    await refused(() => store.appendToStream(c, some(1), { conditions: { none: {}, after: answer.position } }), 'CONDITION_FAILED')
  },

  'a condition counts the events of its key alone, given or not': async ({ store, stream }) => {
    const [a, b, key] = [stream(), stream(), stream()]
    await append(store, a, [{ type: 'x', data: 1, tags: ['t'] }], { partitionKey: key })
    // By its name `b` would be elsewhere; under its own key nothing has come.
    assert.equal((await append(store, b, some(1), { conditions: { none: { tags: ['t'] } } })).version, 1)
    await refused(() => store.appendToStream(key, some(1), { conditions: { none: { tags: ['t'] } } }), 'CONDITION_FAILED')
    await refused(
      () => store.appendToStream(stream(), some(1), { partitionKey: key, conditions: { none: { tags: ['t'] } } }),
      'CONDITION_FAILED',
    )
  },

  'the same append with ids and a key again gets the first answer again, the key given or known': async ({ store, stream }) => {
    const [name, key] = [stream(), stream()]
    const events = [{ type: 'a', data: 1, id: `${name}-1` }, ...some(1)]
    const answer = await append(store, name, events, { partitionKey: key })
    assert.deepEqual(await append(store, name, events, { partitionKey: key }), answer)
    assert.deepEqual(await append(store, name, events), answer)
    assert.deepEqual(await append(store, name, events, { expectedVersion: 0 }), answer)
    assert.equal((await store.readEvent(`${name}-1`)).stream, name)
    assert.equal(await store.streamVersion(name), 2)
  },

  'a producer is stored once a number under a given key': async ({ store, stream }) => {
    const [name, key] = [stream(), stream()]
    const by = { producer: `producer of ${name}`, producerSequence: 1 }
    await append(store, name, some(1), { partitionKey: key, ...by })
    assert.deepEqual(await store.appendToStream(name, some(1), { partitionKey: key, ...by }), { duplicate: true, highest: 1 })
    assert.deepEqual(await store.appendToStream(name, some(1), by), { duplicate: true, highest: 1 })
  },

  'a refused append leaves its key with the stream': async ({ store, stream }) => {
    const [name, key, other] = [stream(), stream(), stream()]
    await refused(() => store.appendToStream(name, some(1), { partitionKey: key, expectedVersion: 7 }), 'WRONG_EXPECTED_VERSION')
    assert.equal(await store.streamVersion(name), 0)
    await refused(() => all(store.readStream(name)), 'STREAM_NOT_FOUND')
    await refused(() => store.appendToStream(name, some(1), { partitionKey: other }), 'PARTITION_KEY_MISMATCH')
    assert.equal((await append(store, name, some(1))).partition, (await append(store, key, some(1))).partition)
  },

  'what is not a partition key is INVALID or TOO_LARGE': async ({ store, stream }) => {
    for (const partitionKey of ['', 'a\nb', 'a\ud800', 7, null, {}]) {
      const { details } = await refused(() => store.appendToStream(stream(), some(1), { partitionKey: partitionKey as string }), 'INVALID')
      assert.equal(details['field'], 'partitionKey')
    }
    await refused(() => store.appendToStream(stream(), some(1), { partitionKey: 'x'.repeat(513) }), 'TOO_LARGE')
    const longest = `${stream()}-`.padEnd(512, 'y')
    assert.equal((await append(store, longest, some(1), { partitionKey: 'x'.repeat(512) })).version, 1)
    assert.equal(await store.streamVersion(longest), 1)
  },
}

/** Sentences about the whole log. */
export const partitionKeysAlone: Sentences = {
  'claims are shown to those alone who read the system streams': async ({ store }) => {
    await append(store, 'a', some(2), { partitionKey: 'k' })
    assert.deepEqual(
      (await all(store.readAll())).map(({ stream }) => stream),
      ['a', 'a'],
    )
    assert.deepEqual(
      (await all(store.readAll({ system: true }))).map(({ stream, data }) => (stream === 'a' ? stream : data)),
      [{ stream: 'a', partitionKey: 'k' }, 'a', 'a'],
    )
  },

  'each stream of many is in the partition of its key, and is found there': async ({ store, maker: { scope = '' } }) => {
    const names = Array.from({ length: 60 }, (_, n) => `s-${n}`)
    const keyOf = (n: number): string | undefined => (n % 3 === 0 ? undefined : `key-${n % 7}`)
    const answers = await Promise.all(
      names.map((name, n) => append(store, name, some(1), keyOf(n) === undefined ? {} : { partitionKey: keyOf(n)! })),
    )
    const partitions = new Set((await all(store.readAll({ system: true }))).map(({ partition }) => partition)).size
    assert.ok(partitions > 0)
    for (const [n, name] of names.entries()) {
      const [event] = await all(store.readStream(name))
      assert.deepEqual([event!.stream, event!.partition, event!.partitionKey], [name, answers[n]!.partition, keyOf(n)])
    }
    const stores = [1, 3, 4, 8, 32].filter(count =>
      answers.every(({ partition }, n) => {
        const key = keyOf(n)
        return partition === (key === undefined ? partitionOf(scope + names[n]!, count) : partitionOfKey(key, scope, count))
      }),
    )
    assert.equal(stores.length, 1)
  },
}

export const partitionKeysKept: Sentences = {
  'a key is found again when the store is opened again, with events of the stream or without': async ({ fresh }) => {
    const { store, reopen } = await fresh()
    await append(store, 'a', some(2), { partitionKey: 'k' })
    await refused(() => store.appendToStream('b', some(1), { partitionKey: 'k', expectedVersion: 5 }), 'WRONG_EXPECTED_VERSION')
    await append(store, 'c', some(1))
    await store.close()
    const again = await reopen()
    assert.deepEqual(versions(await all(again.readStream('a'))), [1, 2])
    assert.equal((await append(again, 'a', some(1), { expectedVersion: 2 })).version, 3)
    for (const name of ['a', 'b', 'c'])
      await refused(() => again.appendToStream(name, some(1), { partitionKey: 'other' }), 'PARTITION_KEY_MISMATCH')
    assert.equal((await append(again, 'b', some(1))).partition, (await append(again, 'k', some(1))).partition)
    assert.equal(await again.streamVersion('b'), 1)
    assert.deepEqual((await all(again.readStream('b')))[0]!.partitionKey, 'k')
    const { streams } = await appendMany(again, [
      { stream: 'b', events: some(1), expectedVersion: 1 },
      { stream: 'a', expectedVersion: 3 },
    ])
    assert.deepEqual(streams, [{ stream: 'b', firstVersion: 2, version: 2 }])
  },
}
