/** One append to several streams of a partition key: all or nothing, with expectations on streams that it does not write. */
import assert from 'node:assert/strict'
import type { NewEvent } from '../../../event/event.ts'
import type { EventStore, RequestOptions, StreamAppend, StreamsResult } from '../../../event/event-store.ts'
import { all, append, refused, type Sentences, some, versions } from './scene.ts'

/** An append that must be stored. */
export async function appendMany(store: EventStore, streams: readonly StreamAppend[], options?: RequestOptions): Promise<StreamsResult> {
  const answer = await store.appendToStreams(streams, options)
  if (answer.duplicate) throw new Error('the append was taken for a duplicate')
  return answer
}

const withId = (id: string, n = 0): NewEvent => ({ type: 'a', data: { n }, id })

const badStreams: readonly (readonly [string, unknown, field: RegExp])[] = [
  ['nothing', undefined, /^streams$/],
  ['no list', { stream: 'a', events: some(1) }, /^streams$/],
  ['an empty list', [], /^streams$/],
  ['null', [null], /^streams\[0\]$/],
  ['a stream without a name', [{ events: some(1) }], /^streams\[0\]\.stream$/],
  [
    'a bad name',
    [
      { stream: '{k}a', events: some(1) },
      { stream: 'a\n{k}', events: some(1) },
    ],
    /^streams\[1\]\.stream$/,
  ],
  ['neither events nor an expectation', [{ stream: '{k}a', events: some(1) }, { stream: '{k}b' }], /^streams\[1\]$/],
  ['an empty list of events', [{ stream: '{k}a', events: [] }], /^streams\[0\]\.events$/],
  ['no events at all', [{ stream: '{k}a', expectedVersion: 0 }], /^events$/],
  [
    'a bad event',
    [
      { stream: '{k}a', events: some(1) },
      { stream: '{k}b', events: [...some(1), { data: 1 }] },
    ],
    /^streams\[1\]\.events\[1\]\.type$/,
  ],
  ['a bad expectation', [{ stream: '{k}a', events: some(1), expectedVersion: -1 }], /^streams\[0\]\.expectedVersion$/],
  ['a word that is not known', [{ stream: '{k}a', events: some(1), expected: 1 }], /^streams\[0\]\.expected$/],
  [
    'a stream twice',
    [
      { stream: '{k}a', events: some(1) },
      { stream: '{k}a', expectedVersion: 0 },
    ],
    /^streams\[1\]\.stream$/,
  ],
  [
    'another key',
    [
      { stream: '{k}a', events: some(1) },
      { stream: '{l}b', events: some(1) },
    ],
    /^streams\[1\]\.stream$/,
  ],
  [
    'another key of one only expected',
    [
      { stream: '{k}a', events: some(1) },
      { stream: 'b', expectedVersion: 0 },
    ],
    /^streams\[1\]\.stream$/,
  ],
]

export const manyStreams: Sentences = {
  'one append to several streams numbers each, in one run of its partition, and answers with all numbers': async ({ store, stream }) => {
    const key = stream()
    const [a, b, c] = [`{${key}}a`, `{${key}}b`, `${key}`] as const
    await append(store, b, some(2))
    const answer = await appendMany(store, [
      { stream: a, events: some(3), expectedVersion: 'none' },
      { stream: b, events: some(1)[0]!, expectedVersion: 2 },
      { stream: c, events: some(2) },
    ])
    assert.deepEqual(answer.streams, [
      { stream: a, firstVersion: 1, version: 3 },
      { stream: b, firstVersion: 3, version: 3 },
      { stream: c, firstVersion: 1, version: 2 },
    ])
    assert.equal(answer.sequence - answer.firstSequence, 5)
    const events = (await Promise.all([a, b, c].map(name => all(store.readStream(name))))).flatMap((list, n) => list.slice(n === 1 ? 2 : 0))
    assert.deepEqual(
      events.map(({ sequence }) => sequence - answer.firstSequence),
      [0, 1, 2, 3, 4, 5],
    )
    const last = events.at(-1)!
    assert.deepEqual([last.stamp, last.position, last.partition], [answer.stamp, answer.position, answer.partition])
  },

  'it answers with the numbers of many streams, whatever durability is asked for': async ({ store, stream }) => {
    for (const durability of ['memory', 'os', 'disk'] as const) {
      const key = stream()
      const names = Array.from({ length: 100 }, (_, n) => `{${key}}${n}`)
      for (const [n, name] of names.entries()) if (n % 7 === 0) await append(store, name, some(n % 5)).catch(() => undefined)
      const before = await Promise.all(names.map(name => store.streamVersion(name)))
      const answer = await appendMany(
        store,
        names.map((name, n) => ({ stream: name, events: some(1 + (n % 3)) })),
        { durability },
      )
      assert.equal(answer.durability, durability)
      assert.deepEqual(
        answer.streams,
        names.map((name, n) => ({ stream: name, firstVersion: before[n]! + 1, version: before[n]! + 1 + (n % 3) })),
      )
    }
  },

  'an expectation that is not met names its stream, and nothing of the append is stored': async ({ store, stream }) => {
    const key = stream()
    const [a, b, c] = [`{${key}}a`, `{${key}}b`, `{${key}}c`] as const
    await append(store, b, some(2))
    for (const [expectedVersion, actual, name] of [
      [1, 2, b],
      ['none', 2, b],
      ['exists', 0, c],
      [3, 0, c],
    ] as const) {
      for (const events of [some(1), undefined]) {
        const item = { stream: name, expectedVersion, ...(events && { events }) }
        const { details } = await refused(() => store.appendToStreams([{ stream: a, events: some(1) }, item]), 'WRONG_EXPECTED_VERSION')
        assert.deepEqual([details['stream'], details['expected'], details['actual']], [name, expectedVersion, actual])
      }
    }
    assert.deepEqual(await Promise.all([a, b, c].map(name => store.streamVersion(name))), [0, 2, 0])
  },

  'streams that are only expected are not written, and not part of the answer': async ({ store, stream }) => {
    const key = stream()
    const [a, b, c] = [`{${key}}a`, `{${key}}b`, `{${key}}c`] as const
    await append(store, b, some(2))
    const answer = await appendMany(store, [
      { stream: b, expectedVersion: 2 },
      { stream: a, events: some(1) },
      { stream: c, expectedVersion: 'none' },
    ])
    assert.deepEqual(answer.streams, [{ stream: a, firstVersion: 1, version: 1 }])
    assert.deepEqual(await Promise.all([a, b, c].map(name => store.streamVersion(name))), [1, 2, 0])
  },

  'of writers that each expect the others to have written nothing one wins': async ({ store, stream }) => {
    const key = stream()
    const names = Array.from({ length: 10 }, (_, n) => `{${key}}${n}`)
    const tries = await Promise.allSettled(
      names.map(name =>
        store.appendToStreams(names.map(other => ({ stream: other, expectedVersion: 0, ...(other === name && { events: some(1) }) }))),
      ),
    )
    assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1)
    const written = await Promise.all(names.map(name => store.streamVersion(name)))
    assert.equal(
      written.reduce((sum, version) => sum + version, 0),
      1,
    )
  },

  'what is not an append to streams of one key is INVALID, and names the field': async ({ store, stream }) => {
    const key = stream()
    for (const [what, streams, field] of badStreams) {
      const given = JSON.parse((JSON.stringify(streams) ?? 'null').replaceAll('{k}', `{${key}}`)) as StreamAppend[]
      const { details } = await refused(() => store.appendToStreams(streams === undefined ? (streams as never) : given), 'INVALID')
      assert.match(String(details['field']), field, what)
    }
    assert.equal(await store.streamVersion(`{${key}}a`), 0)
    await refused(() => store.appendToStreams([{ stream: `$${key}`, events: some(1) }]), 'FORBIDDEN')
  },

  'the same append to several streams with ids again gets the first answer again': async ({ store, stream }) => {
    const key = stream()
    const [a, b, c] = [`{${key}}a`, `{${key}}b`, `{${key}}c`] as const
    const id = (n: number): string => `${key}-${n}`
    for (const ids of [[1, 2, 3, 4], [5], [0, 6]] as const) {
      const events = some(4).map((event, n) => ({ ...event, ...(ids.includes((n + ids[0]) as never) && { id: id(n + ids[0]) }) }))
      const streams = [
        { stream: a, events: events.slice(0, 2) },
        { stream: c, expectedVersion: 'none' as const },
        { stream: b, events: events.slice(2) },
      ]
      const answer = await appendMany(store, streams)
      await append(store, a, some(1))
      assert.deepEqual(await appendMany(store, streams), answer)
      assert.deepEqual(await Promise.all([1, 2, 3].map(() => appendMany(store, streams))), [answer, answer, answer])
    }
    assert.deepEqual(await Promise.all([a, b].map(name => store.streamVersion(name))), [9, 6])
  },

  'a part of such an append, or more than it, is a DUPLICATE_ID': async ({ store, stream }) => {
    const key = stream()
    const [a, b] = [`{${key}}a`, `{${key}}b`] as const
    const [one, two, three] = [withId(`${key}-1`), withId(`${key}-2`), withId(`${key}-3`)]
    await appendMany(store, [
      { stream: a, events: [one] },
      { stream: b, events: [two] },
    ])
    const others: readonly (readonly StreamAppend[])[] = [
      [
        { stream: a, events: [one] },
        { stream: b, events: [three] },
      ],
      [
        { stream: a, events: [three] },
        { stream: b, events: [two] },
      ],
      [
        { stream: a, events: [one] },
        { stream: b, events: [two, three] },
      ],
      [
        { stream: b, events: [two] },
        { stream: a, events: [one] },
      ],
      [
        { stream: b, events: [one] },
        { stream: a, events: [two] },
      ],
      [
        { stream: a, events: [{ ...one, data: 'other' }] },
        { stream: b, events: [two] },
      ],
      [
        { stream: a, events: [three] },
        { stream: b, events: [three] },
      ],
    ]
    for (const streams of others) await refused(() => store.appendToStreams(streams), 'DUPLICATE_ID')
    assert.deepEqual(await Promise.all([a, b].map(name => store.streamVersion(name))), [1, 1])
  },

  'a producer is stored once a number by appends to several streams, too': async ({ store, stream }) => {
    const key = stream()
    const producer = `producer of ${key}`
    const streams = [
      { stream: `{${key}}a`, events: some(1) },
      { stream: `{${key}}b`, events: some(1) },
    ]
    await appendMany(store, streams, { producer, producerSequence: 3 })
    assert.deepEqual(await store.appendToStreams(streams, { producer, producerSequence: 3 }), { duplicate: true, highest: 3 })
    assert.deepEqual(versions(await all(store.readStream(`{${key}}b`))), [1])
  },

  'an append to one stream in a list is one to that stream': async ({ store, stream }) => {
    const name = stream()
    const answer = await appendMany(store, [{ stream: name, events: some(2), expectedVersion: 0 }])
    assert.deepEqual(answer.streams, [{ stream: name, firstVersion: 1, version: 2 }])
    const { details } = await refused(
      () => store.appendToStreams([{ stream: name, events: some(1), expectedVersion: 1 }]),
      'WRONG_EXPECTED_VERSION',
    )
    assert.deepEqual([details['stream'], details['expected'], details['actual']], [name, 1, 2])
  },
}
