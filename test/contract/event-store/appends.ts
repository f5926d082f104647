/** Appending: numbers, expectations, what is refused. */
import assert from 'node:assert/strict'
import type { ErrorCode } from '../../../event/error.ts'
import type { ExpectedVersion, NewEvent } from '../../../event/event.ts'
import { all, append, refused, type Sentences, some, versions } from './scene.ts'

/** Which expectations a stream of 0 and of 2 events meets. */
const expectations: readonly (readonly [ExpectedVersion, empty: boolean, two: boolean])[] = [
  ['any', true, true],
  ['none', true, false],
  ['exists', false, true],
  [0, true, false],
  [1, false, false],
  [2, false, true],
  [3, false, false],
  [0x7fffffff, false, false],
]

const badExpectations: readonly unknown[] = [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 0x80000000, 'some', '', null, true, '1']

const badStreams: readonly (readonly [string, unknown, ErrorCode])[] = [
  ['empty', '', 'INVALID'],
  ['a dot', '.', 'INVALID'],
  ['two dots', '..', 'INVALID'],
  ['a line break', 'a\nb', 'INVALID'],
  ['a zero', 'a\0', 'INVALID'],
  ['a delete character', 'a\x7f', 'INVALID'],
  ['a C1 control', 'a\x85b', 'INVALID'],
  ['a lone surrogate', 'a\ud800', 'INVALID'],
  ['a lone low surrogate', '\udc00b', 'INVALID'],
  ['a number', 7, 'INVALID'],
  ['nothing', undefined, 'INVALID'],
]

const badEvents: readonly (readonly [string, unknown])[] = [
  ['null', null],
  ['a text', 'event'],
  ['no type', { data: 1 }],
  ['an empty type', { type: '', data: 1 }],
  ['a type with a lone surrogate', { type: 'a\udfff', data: 1 }],
  ['no data', { type: 'a' }],
  ['a function as data', { type: 'a', data: () => 1 }],
  ['a bigint', { type: 'a', data: { n: 1n } }],
  ['an empty id', { type: 'a', data: 1, id: '' }],
  ['a number as id', { type: 'a', data: 1, id: 5 }],
  ['an id with a lone surrogate', { type: 'a', data: 1, id: 'x\ud800' }],
  ['a text as time', { type: 'a', data: 1, time: '2020' }],
  ['time that is no number', { type: 'a', data: 1, time: Number.NaN }],
  ['tags that are no list', { type: 'a', data: 1, tags: 'x' }],
  ['an empty tag', { type: 'a', data: 1, tags: [''] }],
  ['metadata that is a list', { type: 'a', data: 1, metadata: [] }],
  ['metadata that JSON writes as a text', { type: 'a', data: 1, metadata: new Date(0) }],
  ['metadata that is a text', { type: 'a', data: 1, metadata: 'x' }],
  ['an unknown encoding', { type: 'a', data: 1, encoding: 'xml' }],
  ['an object as bytes', { type: 'a', data: {}, encoding: 'bytes' }],
  ['bytes that are no JSON', { type: 'a', data: Uint8Array.of(123), encoding: 'json' }],
  ['bytes that are no UTF-8', { type: 'a', data: Uint8Array.of(34, 255, 34), encoding: 'json' }],
  ['bytes that are no MessagePack', { type: 'a', data: Uint8Array.of(0x92, 1), encoding: 'msgpack' }],
]

export const appends: Sentences = {
  'an append is numbered without gaps and answers with its numbers': async ({ store, stream }) => {
    const name = stream()
    const one = await append(store, name, some(3))
    const two = await append(store, name, some(2))
    assert.deepEqual([one.stream, one.firstVersion, one.version], [name, 1, 3])
    assert.deepEqual([two.stream, two.firstVersion, two.version], [name, 4, 5])
    assert.equal(one.sequence - one.firstSequence, 2)
    assert.equal(two.firstSequence, one.sequence + 1)
    assert.ok(two.stamp > one.stamp)
    const last = (await all(store.readStream(name))).at(-1)!
    assert.deepEqual(
      [last.version, last.sequence, last.stamp, last.position, last.partition],
      [5, two.sequence, two.stamp, two.position, two.partition],
    )
  },

  'one event need not stand in a list': async ({ store, stream }) => {
    const name = stream()
    assert.equal((await append(store, name, { type: 'a', data: 1 })).version, 1)
  },

  'each expectation is met or refused as its row says, and a refusal stores nothing': async ({ store, stream }) => {
    for (const [expectedVersion, empty, two] of expectations) {
      for (const before of [0, 2]) {
        const name = stream()
        if (before > 0) await append(store, name, some(before))
        if (before === 0 ? empty : two) {
          assert.equal((await append(store, name, some(2), { expectedVersion })).firstVersion, before + 1)
          continue
        }
        const { details } = await refused(() => store.appendToStream(name, some(2), { expectedVersion }), 'WRONG_EXPECTED_VERSION')
        assert.deepEqual([details['expected'], details['actual']], [expectedVersion, before])
        assert.equal(await store.streamVersion(name), before)
      }
    }
  },

  'an expectation that is none is INVALID': async ({ store, stream }) => {
    for (const expectedVersion of badExpectations) {
      await refused(() => store.appendToStream(stream(), some(1), { expectedVersion: expectedVersion as ExpectedVersion }), 'INVALID')
    }
  },

  'of writers that expect the same version one wins, and the others hear which version it is': async ({ store, stream }) => {
    const name = stream()
    const tries = await Promise.allSettled(Array.from({ length: 20 }, () => store.appendToStream(name, some(1), { expectedVersion: 0 })))
    assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1)
    for (const result of tries)
      if (result.status === 'rejected') await refused(() => Promise.reject(result.reason as Error), 'WRONG_EXPECTED_VERSION')
    assert.equal(await store.streamVersion(name), 1)
  },

  'appends of one caller that are not awaited keep their order': async ({ store, stream }) => {
    const name = stream()
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => append(store, name, { type: 'a', data: n }, { expectedVersion: n })),
    )
    assert.deepEqual(
      answers.map(answer => answer.version),
      Array.from({ length: 100 }, (_, n) => n + 1),
    )
    assert.deepEqual(
      (await all(store.readStream(name))).map(event => event.data),
      Array.from({ length: 100 }, (_, n) => n),
    )
  },

  'an append of no events is INVALID': async ({ store, stream }) => {
    await refused(() => store.appendToStream(stream(), []), 'INVALID')
  },

  'a name that can not be a stream is refused by appends and by reads': async ({ store }) => {
    for (const [, name, code] of badStreams) {
      await refused(() => store.appendToStream(name as string, some(1)), code)
      await refused(() => all(store.readStream(name as string)), code)
      await refused(() => store.streamVersion(name as string), code)
      await refused(() => all(store.subscribeToStream(name as string)), code)
    }
  },

  'a stream that begins with $ is FORBIDDEN to write, not to read': async ({ store }) => {
    await refused(() => store.appendToStream('$mine', some(1)), 'FORBIDDEN')
    await refused(() => store.appendInOrder([{ stream: '$mine', event: some(1)[0]! }]), 'FORBIDDEN')
    await refused(() => all(store.readStream('$mine')), 'STREAM_NOT_FOUND')
  },

  'an event that is none is INVALID, names its place, and nothing of its request is stored': async ({ store, stream }) => {
    const name = stream()
    for (const [what, event] of badEvents) {
      const { details } = await refused(() => store.appendToStream(name, [...some(1), event as NewEvent]), 'INVALID')
      assert.match(String(details['field']), /^events\[1\]/, what)
    }
    assert.equal(await store.streamVersion(name), 0)
  },

  'a durability that this store has not is INVALID': async ({ store, stream }) => {
    for (const durability of ['quorum', 'tape', 2])
      await refused(() => store.appendToStream(stream(), some(1), { durability: durability as 'disk' }), 'INVALID')
  },

  'the durability asked for is the one answered, and what was written can be read at once': async ({ store, stream }) => {
    for (const durability of ['os', 'disk'] as const) {
      const name = stream()
      assert.equal((await append(store, name, some(2), { durability })).durability, durability)
      if (durability === 'disk') assert.deepEqual(versions(await all(store.readStream(name))), [1, 2])
    }
  },

  'streams with the same key between braces share a partition': async ({ store, stream }) => {
    const key = stream()
    const answers = await Promise.all([`{${key}}a`, `b{${key}}`, key, `x{${key}}y-{z}`].map(name => append(store, name, some(1))))
    assert.equal(new Set(answers.map(answer => answer.partition)).size, 1)
  },

  'appendInOrder keeps call order over streams and tells how many it stored': async ({ store, stream }) => {
    const names = Array.from({ length: 7 }, stream)
    const items = Array.from({ length: 500 }, (_, n) => ({ stream: names[n % 7]!, event: { type: 'a', data: n } }))
    const { events, position } = await store.appendInOrder(items)
    assert.equal(events, 500)
    for (const [i, name] of names.entries()) {
      assert.deepEqual(
        (await all(store.readStream(name))).map(event => event.data),
        items.filter((_, n) => n % 7 === i).map(item => item.event.data),
      )
    }
    assert.equal((await store.readEventAt(position!)).data, 499)
    assert.deepEqual(await store.appendInOrder([]), { events: 0, position: null })
  },

  'appendInOrder takes what comes by and by': async ({ store, stream }) => {
    const name = stream()
    async function* slow(): AsyncGenerator<{ stream: string; event: NewEvent }> {
      for (const event of some(10)) {
        await Promise.resolve()
        yield { stream: name, event }
      }
    }
    assert.equal((await store.appendInOrder(slow())).events, 10)
    assert.equal(await store.streamVersion(name), 10)
  },
}
