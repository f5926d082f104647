/** Limits: each is named in its own refusal, what is exactly as large passes, and nothing of a refused request is stored. */
import assert from 'node:assert/strict'
import { defaultLimits, type Limits } from '../../../event/limits.ts'
import type { NewEvent } from '../../../event/event.ts'
import type { RequestOptions, StreamAppend } from '../../../event/event-store.ts'
import { append, range, refused, type Scene, type Sentences } from './scene.ts'

interface Limited {
  readonly what: string
  readonly limit: keyof Limits
  /** Events whose measure is `size`. */
  readonly events: (size: number) => readonly NewEvent[]
}

const event = (more: Partial<NewEvent> = {}): NewEvent => ({ type: 'a', data: null, ...more })
/** JSON of `bytes` bytes. */
const textOf = (bytes: number): string => 'x'.repeat(bytes - 2)
const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth))
/** Two bytes a character, one of them alone when the size is odd. */
const twoByteText = (bytes: number): string => 'é'.repeat(bytes >> 1) + 'x'.repeat(bytes & 1)
const measured = (bytes: number): Record<string, unknown> => ({ m: 'x'.repeat(bytes - '{"m":""}'.length) })

const limited: readonly Limited[] = [
  { what: 'JSON of an event', limit: 'eventBytes', events: size => [event({ data: textOf(size) })] },
  { what: 'JSON of an event in UTF-8', limit: 'eventBytes', events: size => [event({ data: twoByteText(size - 2) })] },
  {
    what: 'JSON text of an event',
    limit: 'eventBytes',
    events: size => [event({ data: Buffer.from(JSON.stringify(textOf(size))), encoding: 'json' })],
  },
  { what: 'bytes of an event', limit: 'eventBytes', events: size => [event(), event({ data: new Uint8Array(size) })] },
  { what: 'events of a request', limit: 'requestEvents', events: size => Array.from({ length: size }, () => event()) },
  {
    what: 'bytes of a request',
    limit: 'requestBytes',
    events: size =>
      Array.from({ length: 9 }, (_, n) => event({ data: new Uint8Array(n < 8 ? (size >> 3) - 1 : size - 8 * ((size >> 3) - 1)) })),
  },
  { what: 'metadata', limit: 'metadataBytes', events: size => [event({ metadata: measured(size) })] },
  { what: 'depth of data', limit: 'jsonDepth', events: size => [event({ data: nested(size) })] },
  { what: 'depth of data as MessagePack', limit: 'jsonDepth', events: size => [event({ data: nested(size), encoding: 'msgpack' })] },
  {
    what: 'depth of JSON text',
    limit: 'jsonDepth',
    events: size => [event({ data: Buffer.from(JSON.stringify(nested(size))), encoding: 'json' })],
  },
  { what: 'depth of metadata', limit: 'jsonDepth', events: size => [event({ metadata: { m: nested(size - 1) } })] },
  { what: 'an id', limit: 'eventIdBytes', events: size => [event({ id: `${'i'.repeat(size)}` })] },
  { what: 'an id in UTF-8', limit: 'eventIdBytes', events: size => [event({ id: twoByteText(size) })] },
  { what: 'a type', limit: 'eventTypeBytes', events: size => [event({ type: twoByteText(size) })] },
  { what: 'tags', limit: 'tags', events: size => [event({ tags: Array.from({ length: size }, (_, n) => `t${n}`) })] },
  { what: 'a tag', limit: 'tagBytes', events: size => [event({ tags: [twoByteText(size)] })] },
]

async function holds({ store, stream }: Pick<Scene, 'store' | 'stream'>, row: Limited, size: number): Promise<void> {
  const name = stream()
  const { details } = await refused(() => store.appendToStream(name, row.events(size + 1)), 'TOO_LARGE')
  assert.equal(details['limit'], size, row.what)
  assert.equal(await store.streamVersion(name), 0)
  const events = row.events(size)
  assert.equal((await append(store, name, events)).version, events.length, row.what)
}

export const limits: Sentences = {
  ...Object.fromEntries(
    limited.map(row => [
      `${row.what}: ${defaultLimits[row.limit]} pass, one more is TOO_LARGE and names the limit`,
      (scene: Scene) => holds(scene, row, defaultLimits[row.limit]),
    ]),
  ),

  'a stream id of 512 bytes passes, one of 513 is TOO_LARGE': async ({ store, stream }) => {
    for (const fill of ['x', 'é', '€', '😀']) {
      const name = stream()
      const room = defaultLimits.streamIdBytes - name.length
      const bytes = Buffer.byteLength(fill)
      const full = name + fill.repeat(Math.floor(room / bytes)) + 'x'.repeat(room % bytes)
      assert.equal((await append(store, full, event())).version, 1)
      assert.equal(await store.streamVersion(full), 1)
      const { details } = await refused(() => store.appendToStream(`${full}x`, event()), 'TOO_LARGE')
      assert.equal(details['limit'], defaultLimits.streamIdBytes)
      await refused(() => store.streamVersion(`${full}x`), 'TOO_LARGE')
    }
  },

  'limits given at open hold instead of the defaults': async ({ fresh, stream }) => {
    const { store } = await fresh({
      limits: {
        eventBytes: 10,
        requestEvents: 3,
        requestBytes: 20,
        metadataBytes: 20,
        jsonDepth: 2,
        eventIdBytes: 4,
        eventTypeBytes: 5,
        tags: 1,
        tagBytes: 3,
      },
    })
    for (const [what, row, size] of [
      ['an event', limited[0]!, 10],
      ['a request', limited[4]!, 3],
      ['metadata', limited[6]!, 20],
      ['an id', limited[11]!, 4],
      ['a type', limited[13]!, 5],
      ['tags', limited[14]!, 1],
      ['a tag', limited[15]!, 3],
    ] as const)
      await holds({ store, stream }, { ...row, what }, size)
    const { details } = await refused(
      () =>
        store.appendToStream(
          stream(),
          Array.from({ length: 3 }, () => event({ data: new Uint8Array(7) })),
        ),
      'TOO_LARGE',
    )
    assert.equal(details['limit'], 20)
  },

  'streams and conditions of one append: as many as the limits say pass, one more is TOO_LARGE and names the limit': async ({
    fresh,
    stream,
  }) => {
    const { store } = await fresh({ limits: { requestStreams: 3, requestConditions: 2, conditionBytes: 200, requestEvents: 4 } })
    const key = stream()
    const streams = (count: number): StreamAppend[] => range(1, count).map(n => ({ stream: `{${key}}${n}`, events: event() }))
    const noneOf = (count: number, tag = 'no'): RequestOptions => ({ conditions: { none: range(1, count).map(() => ({ tags: [tag] })) } })
    const rows: readonly (readonly [limit: number, passes: () => Promise<unknown>, fails: () => Promise<unknown>])[] = [
      [3, () => store.appendToStreams(streams(3)), () => store.appendToStreams(streams(4))],
      [2, () => store.appendToStreams(streams(1), noneOf(2)), () => store.appendToStreams(streams(1), noneOf(3))],
      [200, () => store.appendToStreams(streams(1), noneOf(1)), () => store.appendToStreams(streams(1), noneOf(1, 'x'.repeat(150)))],
    ]
    for (const [limit, passes, fails] of rows) {
      await passes()
      assert.equal((await refused(fails, 'TOO_LARGE')).details['limit'], limit)
    }
    const many = [
      { stream: `{${key}}a`, events: [event(), event()] },
      { stream: `{${key}}b`, events: [event(), event(), event()] },
    ]
    assert.equal((await refused(() => store.appendToStreams(many), 'TOO_LARGE')).details['limit'], 4)
    assert.deepEqual([await store.streamVersion(`{${key}}1`), await store.streamVersion(`{${key}}a`)], [3, 0])
  },

  'conditions reach over so many blocks, and over any number that the index rules out': async ({ fresh, stream }) => {
    const { store } = await fresh({ limits: { conditionBlocks: 40, segmentEntries: 64 } })
    const name = stream()
    // Each block has an event of the type and one with the tag, and no event has both.
    for (let block = 0; block < 60; block++) await append(store, name, [event(), event({ type: 'b', tags: ['t'] })])
    const { position } = await append(store, name, event())
    const both: RequestOptions['conditions'] = { none: { types: ['a'], tags: ['t'] } }
    assert.equal((await refused(() => store.appendToStream(name, event(), { conditions: both }), 'TOO_LARGE')).details['limit'], 40)
    await append(store, name, event(), { conditions: { ...both, after: position } })
    await append(store, name, event(), { conditions: { none: [{ types: ['c'] }, { tags: ['u'] }], after: position } })
    await refused(() => store.appendToStream(name, event(), { conditions: { none: { types: ['b'] } } }), 'CONDITION_FAILED')
  },

  'appendInOrder holds the limits of single events': async ({ store, stream }) => {
    const name = stream()
    await refused(() => store.appendInOrder([{ stream: name, event: event({ data: textOf(defaultLimits.eventBytes + 1) }) }]), 'TOO_LARGE')
    await refused(() => store.appendInOrder([{ stream: name, event: event({ type: '' }) }]), 'INVALID')
    assert.equal(await store.streamVersion(name), 0)
  },
}
