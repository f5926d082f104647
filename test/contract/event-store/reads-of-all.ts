/** Reading all streams as one order. */
import assert from 'node:assert/strict'
import type { Event } from '../../../event/event.ts'
import type { EventStore, ReadAllOptions } from '../../../event/event-store.ts'
import { all, append, first, pause, positions, refused, type Scene, type Sentences, some } from './scene.ts'

const streams = ['order-1', 'order-2', '{order-3}paid', 'order', 'cart-1', 'cart-{x}', 'noDash', 'ordering-1', '-odd']
const types = ['opened', 'changed', 'closed']

/** About 120 events in single appends and in batches. */
export async function filled(store: EventStore): Promise<Event[]> {
  for (let round = 0; round < 6; round++) {
    await Promise.all(streams.map((stream, n) => append(store, stream, some(1 + ((n + round) % 3), types[(n + round) % 3]))))
    if (round === 2) await pause(3)
  }
  return all(store.readAll())
}

/** The dumb filter of the options. */
function passes(event: Event, options: ReadAllOptions): boolean {
  const category = event.stream.replace(/[{}]/g, '').split('-')[0]!
  const inCategory = !options.categories || options.categories.includes(event.stream.includes('-') ? category : event.stream)
  return (!options.types || options.types.includes(event.type)) && inCategory && (options.system === true || !event.stream.startsWith('$'))
}

const filters: readonly ReadAllOptions[] = [
  {},
  { types: ['opened'] },
  { types: ['opened', 'closed'] },
  { types: ['never'] },
  { types: [] },
  { categories: ['order'] },
  { categories: ['cart', 'noDash'] },
  { categories: [''] },
  { categories: ['never'] },
  { categories: ['order'], types: ['closed'] },
  { system: true },
]

const badOptions: readonly object[] = [
  { from: 'x' },
  { from: 3 },
  { limit: -1 },
  { limit: 0.5 },
  { direction: 'down' },
  { types: 'a' },
  { types: [1] },
  { categories: 'a' },
  { asOf: 'x' },
  { atLeast: 'x' },
]

async function ordered({ store, maker }: Scene): Promise<void> {
  const events = await filled(store)
  for (let i = 1; i < events.length; i++) {
    const [a, b] = [events[i - 1]!, events[i]!]
    assert.ok(a.stamp < b.stamp || (a.stamp === b.stamp && a.partition < b.partition), `${a.position} ${b.position}`)
  }
  const each = (await Promise.all(streams.map(stream => all(store.readStream(stream))))).flat()
  assert.equal(events.length, each.length)
  assert.deepEqual(new Set(positions(events)), new Set(positions(each)))
  for (const partition of new Set(events.map(event => event.partition))) {
    const sequences = events.filter(event => event.partition === partition).map(event => event.sequence)
    const wanted = maker.scope !== undefined ? sequences.toSorted((a, b) => a - b) : sequences.map((_, i) => i + 1)
    assert.deepEqual(sequences, wanted)
  }
}

export const readsOfAll: Sentences = {
  'an empty store reads as nothing': async ({ store }) => {
    assert.deepEqual(await all(store.readAll()), [])
    assert.deepEqual(await all(store.readAll({ direction: 'backwards' })), [])
  },

  'all events come once, in rising stamps, with gapless sequences in each partition': ordered,

  'events of one caller come in the order of its calls': async ({ store }) => {
    await Promise.all(Array.from({ length: 100 }, (_, n) => append(store, `s-${n % 13}`, { type: 'a', data: n })))
    await store.appendInOrder(Array.from({ length: 100 }, (_, n) => ({ stream: `s-${n % 17}`, event: { type: 'a', data: 100 + n } })))
    assert.deepEqual(
      (await all(store.readAll())).map(event => event.data),
      Array.from({ length: 200 }, (_, n) => n),
    )
  },

  'what was answered can be read at once': async ({ store }) => {
    for (let n = 1; n <= 50; n++) {
      const { position } = await append(store, `s-${n}`, some(1))
      assert.equal((await first(store.readAll({ direction: 'backwards' }), 1))[0]!.position, position)
    }
  },

  'each filter gives what passes it, both ways and with a limit': async ({ store, maker }) => {
    await filled(store)
    await maker.appendSystem?.(store, '$audit-1', some(3, 'opened'))
    const every = await all(store.readAll({ system: true }))
    for (const options of filters) {
      const wanted = every.filter(event => passes(event, options))
      assert.deepEqual(await all(store.readAll(options)), wanted, JSON.stringify(options))
      assert.deepEqual(await all(store.readAll({ ...options, direction: 'backwards' })), [...wanted].reverse())
      assert.deepEqual(await all(store.readAll({ ...options, limit: 5 })), wanted.slice(0, 5))
      assert.deepEqual(await all(store.readAll({ ...options, limit: 0 })), [])
    }
  },

  'a read goes on after every position, and backwards before it, filtered or not': async ({ store }) => {
    const events = await filled(store)
    for (const options of [{}, { types: ['opened'] }, { categories: ['order'] }] as ReadAllOptions[]) {
      for (const [i, { position }] of events.entries()) {
        const after = events.slice(i + 1).filter(event => passes(event, options))
        const before = events
          .slice(0, i)
          .filter(event => passes(event, options))
          .reverse()
        assert.deepEqual(positions(await all(store.readAll({ ...options, from: position }))), positions(after))
        assert.deepEqual(
          positions(await all(store.readAll({ ...options, from: position, direction: 'backwards', limit: 9 }))),
          positions(before.slice(0, 9)),
        )
      }
    }
  },

  'reading by cursors gives what reading at once gives': async ({ store }) => {
    const events = await filled(store)
    for (const direction of ['forwards', 'backwards'] as const) {
      const got: Event[] = []
      for (;;) {
        const from = got.at(-1)?.position
        const page = await all(store.readAll({ direction, limit: 7, ...(from === undefined ? {} : { from }) }))
        if (page.length === 0) break
        got.push(...page)
      }
      assert.deepEqual(positions(got), positions(direction === 'forwards' ? events : [...events].reverse()))
    }
  },

  'asOf a position or a time leaves out what came later': async ({ store }) => {
    const events = await filled(store)
    for (const [i, event] of events.entries()) {
      assert.deepEqual(positions(await all(store.readAll({ asOf: event.position }))), positions(events.slice(0, i + 1)))
      assert.deepEqual(
        positions(await all(store.readAll({ asOf: event.position, direction: 'backwards', limit: 3 }))),
        positions(
          events
            .slice(0, i + 1)
            .reverse()
            .slice(0, 3),
        ),
      )
    }
    for (const asOf of new Set(events.map(event => event.recorded))) {
      const wanted = positions(events.filter(event => event.recorded <= asOf))
      assert.deepEqual(positions(await all(store.readAll({ asOf }))), wanted)
      assert.deepEqual(positions(await all(store.readAll({ asOf: new Date(asOf) }))), wanted)
    }
  },

  'a read backwards goes on backwards while others append': async ({ store }) => {
    await filled(store)
    let last = Number.POSITIVE_INFINITY
    let seen = 0
    for await (const event of store.readAll({ direction: 'backwards' })) {
      assert.ok(event.stamp <= last, `${event.stamp} after ${last}`)
      last = event.stamp
      if (++seen % 10 === 0) await append(store, `late-${seen}`, some(2))
    }
    const count = (await all(store.readAll())).filter(event => !event.stream.startsWith('late')).length
    assert.equal(seen, count)
  },

  'a read at least as new as an answer sees it': async ({ store }) => {
    for (let n = 1; n <= 20; n++) {
      const { position } = await append(store, `s-${n}`, some(1))
      assert.equal((await all(store.readAll({ atLeast: position }))).length, n)
    }
  },

  'options that are none are INVALID, at the call': async ({ store }) => {
    for (const options of badOptions) await refused(() => store.readAll(options as ReadAllOptions), 'INVALID')
    await refused(() => store.subscribeToAll({ from: 'x' }), 'INVALID')
    await refused(() => store.subscribeToAll({ types: 'a' as unknown as string[] }), 'INVALID')
  },
}
