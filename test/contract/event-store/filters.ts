/** Reading and following all streams by tag, correlation id and recorded time. */
import assert from 'node:assert/strict'
import type { Event, NewEvent } from '../../../event/event.ts'
import type { EventStore, ReadAllOptions, SubscribeToAllOptions } from '../../../event/event-store.ts'
import { all, append, first, pause, positions, refused, type Sentences } from './scene.ts'

const tags = ['vip', 'vi', 'a "quoted" one', 'ünï', 'back\\slash', 'closed']
const streams = ['order-1', 'order-2', 'cart-1', '{order-3}paid']

/** The event of a number: every other is plain, the others differ in what they carry. */
function numbered(n: number): NewEvent {
  const plain = { type: n % 9 === 4 ? 'closed' : 'opened', data: { n } }
  if (n % 2 === 0) return plain
  return {
    ...plain,
    ...(n % 3 === 0 && { id: `given-${n}` }),
    ...(n % 5 === 0 && { time: 1_000_000 + n }),
    tags: tags.filter((_, i) => (n >> 1) % (i + 2) === 0),
    metadata: {
      nested: { correlationId: 'no' },
      ...(n % 7 === 1 && { correlationId: `c-${n % 4}` }),
      ...(n % 7 === 3 && { $correlationId: `c-${n % 4}` }),
      ...(n % 7 === 5 && { correlationId: n }),
    },
  }
}

/** 160 events, in the middle of which a few milliseconds go by. */
async function filled(store: EventStore): Promise<Event[]> {
  for (let n = 0; n < 160; n += 4) {
    await append(store, streams[(n / 4) % streams.length]!, [n, n + 1, n + 2, n + 3].map(numbered))
    if (n % 80 === 40) await pause(3)
  }
  return all(store.readAll())
}

/** The dumb filter of the options. */
function passes(event: Event, { types, tags: wanted, correlation, since, until, categories }: ReadAllOptions): boolean {
  const { correlationId, $correlationId } = event.metadata ?? {}
  const ids = typeof correlation === 'string' ? [correlation] : correlation
  return (
    (types?.includes(event.type) ?? true) &&
    (categories?.includes(event.stream.replace(/[{}]/g, '').split('-')[0]!) ?? true) &&
    (wanted?.every(tag => event.tags?.includes(tag)) ?? true) &&
    (ids?.some(id => id === correlationId || id === $correlationId) ?? true) &&
    (since === undefined || event.recorded >= Number(since)) &&
    (until === undefined || event.recorded < Number(until))
  )
}

const filters: readonly ReadAllOptions[] = [
  ...tags.map(tag => ({ tags: [tag] })),
  { tags: ['vip', 'vi'] },
  { tags: ['vip', 'vip'] },
  { tags: ['vip', 'never'] },
  { tags: [] },
  { correlation: 'c-1' },
  { correlation: ['c-1'] },
  { correlation: ['c-0', 'c-3', 'never'] },
  { correlation: 'no' },
  { correlation: [] },
  { tags: ['vip'], correlation: ['c-1', 'c-2', 'c-3'] },
  { tags: ['closed'], types: ['closed'] },
  { tags: ['vip'], categories: ['order'] },
  { types: ['closed'], correlation: 'c-1', tags: ['vi'] },
]

const badOptions: readonly object[] = [
  { tags: 'a' },
  { tags: [1] },
  { tags: ['\ud800'] },
  { correlation: 7 },
  { correlation: [null] },
  { correlation: '\udc00' },
  { since: 'yesterday' },
  { since: Number.NaN },
  { since: null },
  { until: '12' },
  { until: {} },
  { until: Number.POSITIVE_INFINITY },
]

const small = { limits: { segmentEntries: 20 } }

export const filteredReads: Sentences = {
  'tags and correlation ids give what passes them, both ways, with a limit and from every place': async ({ fresh }) => {
    const { store } = await fresh(small)
    const events = await filled(store)
    for (const options of filters) {
      const wanted = events.filter(event => passes(event, options))
      assert.deepEqual(await all(store.readAll(options)), wanted, JSON.stringify(options))
      assert.deepEqual(await all(store.readAll({ ...options, direction: 'backwards' })), [...wanted].reverse())
      assert.deepEqual(await all(store.readAll({ ...options, limit: 3 })), wanted.slice(0, 3))
      for (const [i, { position: from }] of events.entries()) {
        if (i % 13 !== 0) continue
        assert.deepEqual(
          await all(store.readAll({ ...options, from })),
          events.slice(i + 1).filter(event => passes(event, options)),
        )
        const before = events.slice(0, i).filter(event => passes(event, options))
        assert.deepEqual(await all(store.readAll({ ...options, from, direction: 'backwards' })), before.reverse())
        assert.deepEqual(
          await all(store.readAll({ ...options, asOf: from })),
          events.slice(0, i + 1).filter(event => passes(event, options)),
        )
      }
    }
    assert.ok(
      events.some(event => passes(event, { tags: ['vip', 'vi'] })),
      'the filters find something',
    )
    assert.ok(events.some(event => passes(event, { types: ['closed'], correlation: 'c-1' })))
  },

  'since is inclusive, until is not, in milliseconds, as Date and as ISO 8601': async ({ store }) => {
    const events = await filled(store)
    const moments = [...new Set(events.map(event => event.recorded))]
    assert.ok(moments.length > 1)
    const ranges = moments.flatMap((since, i) => [{ since }, { until: since }, { since, until: moments[i + 1] ?? since + 1 }])
    for (const range of [...ranges, { since: moments[0]! + 0.5 }, { until: moments.at(-1)! - 0.5 }, { since: 0 }, { until: 0 }]) {
      for (const direction of ['forwards', 'backwards'] as const) {
        const wanted = positions(events.filter(event => passes(event, range)))
        if (direction === 'backwards') wanted.reverse()
        assert.deepEqual(positions(await all(store.readAll({ ...range, direction }))), wanted, JSON.stringify(range))
      }
    }
    for (const as of [(ms: number) => new Date(ms), (ms: number) => new Date(ms).toISOString()]) {
      const [since, until] = [moments[0]!, moments.at(-1)!]
      const wanted = positions(events.filter(event => passes(event, { since, until })))
      assert.deepEqual(positions(await all(store.readAll({ since: as(since), until: as(until) }))), wanted)
    }
    const late = { since: moments.at(-1)!, tags: ['vi'] }
    assert.deepEqual(positions(await all(store.readAll(late))), positions(events.filter(event => passes(event, late))))
  },

  'a subscription to tags or a correlation id gives what is there and what comes': async ({ fresh }) => {
    const { store } = await fresh(small)
    await filled(store)
    const filtered: SubscribeToAllOptions[] = [{ tags: ['vip'] }, { correlation: ['c-1', 'c-2'] }, { types: ['closed'], tags: ['vi'] }]
    const followed = filtered.map(options => {
      const seen: Event[] = []
      const stop = new AbortController()
      const done = (async () => {
        for await (const event of store.subscribeToAll({ ...options, signal: stop.signal })) {
          if (event.type === 'last') return
          seen.push(event)
        }
      })()
      return { options, seen, stop, done }
    })
    const events = await filled(store)
    await append(store, 'end', { type: 'last', data: 0, tags: ['vip', 'vi'], metadata: { correlationId: 'c-1' } })
    await append(store, 'end', { type: 'closed', data: 0, tags: ['vi'] })
    for (const { options, seen, stop, done } of followed) {
      if (options.types) {
        while (seen.at(-1)?.stream !== 'end') await pause(5)
        stop.abort()
        seen.pop()
      }
      await done
      assert.deepEqual(
        seen,
        events.filter(event => passes(event, options as ReadAllOptions)),
      )
    }
  },

  'a subscription begins at a recorded time': async ({ store }) => {
    const events = await filled(store)
    const since = events.at(-1)!.recorded
    const wanted = events.filter(event => event.recorded >= since)
    assert.deepEqual(await first(store.subscribeToAll({ since }), wanted.length), wanted)
  },

  'filters that are none are INVALID, at the call, and name the field': async ({ store }) => {
    for (const options of badOptions) {
      const { details } = await refused(() => store.readAll(options as ReadAllOptions), 'INVALID')
      assert.equal(details['field'], Object.keys(options)[0])
    }
    await refused(() => store.subscribeToAll({ tags: 'a' as unknown as string[] }), 'INVALID')
    await refused(() => store.subscribeToAll({ since: 'x' }), 'INVALID')
  },
}
