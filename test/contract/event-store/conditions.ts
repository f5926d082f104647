/** Conditions over the events of a partition key: an append only if nothing came that the writer has not read. */
import assert from 'node:assert/strict'
import type { AppendCondition } from '../../../event/event-store.ts'
import { append, refused, type Sentences, some } from './scene.ts'

const sold = (tags: readonly string[], type = 'sold'): { type: string; data: null; tags: readonly string[] } => ({ type, data: null, tags })

/** Over the events of the test below: which of them a query means. */
const queries: readonly (readonly [AppendCondition['none'], met: boolean])[] = [
  [{}, true],
  [{ types: ['sold'] }, true],
  [{ types: ['other', 'returned'] }, true],
  [{ types: ['other'] }, false],
  [{ types: ['Sold'] }, false],
  [{ tags: ['seat-1'] }, true],
  [{ tags: ['seat-1', 'row-1'] }, true],
  [{ tags: ['row-1', 'seat-1'] }, true],
  [{ tags: ['seat-1', 'row-2'] }, false],
  [{ tags: ['seat-2'] }, true],
  [{ tags: ['seat'] }, false],
  [{ tags: ['seat-9'] }, false],
  [{ types: ['returned'], tags: ['seat-1'] }, false],
  [{ types: ['returned'], tags: ['seat-2'] }, true],
  [{ tags: ['ü "€"'] }, true],
  [[{ tags: ['seat-9'] }, { types: ['other'] }], false],
  [[{ tags: ['seat-9'] }, { types: ['returned'] }], true],
]

const badConditions: readonly (readonly [unknown, field: RegExp])[] = [
  ['none', /^conditions\[0\]$/],
  [null, /^conditions\[0\]$/],
  [{}, /^conditions\[0\]\.none$/],
  [{ none: [] }, /^conditions\[0\]\.none$/],
  [{ none: 'sold' }, /^conditions\[0\]\.none$/],
  [[{ none: {} }, { none: { types: [] } }], /^conditions\[1\]\.none\.types$/],
  [{ none: { types: 'sold' } }, /^conditions\[0\]\.none\.types$/],
  [{ none: { tags: [''] } }, /^conditions\[0\]\.none\.tags$/],
  [{ none: { tags: [1] } }, /^conditions\[0\]\.none\.tags$/],
  [{ none: { tags: ['\ud800'] } }, /^conditions\[0\]\.none\.tags$/],
  [{ none: { type: ['sold'] } }, /^conditions\[0\]\.none\.type$/],
  [{ none: {}, from: 'x' }, /^conditions\[0\]\.from$/],
  [{ none: {}, after: 7 }, /^conditions\[0\]\.after$/],
  [{ none: {}, after: 'soon' }, /^conditions\[0\]\.after$/],
]

export const conditions: Sentences = {
  'each query means what its row says, and a refusal stores nothing and names the newest event met': async ({ store, stream }) => {
    const key = stream()
    const first = await append(store, `{${key}}a`, [sold(['seat-1', 'row-1'])])
    const second = await append(store, `{${key}}b`, [sold(['seat-2', 'ü "€"'], 'returned')])
    const name = `{${key}}c`
    let stored = 0
    for (const [none, met] of queries) {
      // What is stored here is meant by none of the queries to come.
      const tried = (): Promise<{ version: number }> => append(store, name, { type: 'noise', data: 1 }, { conditions: { none } })
      if (met) await refused(tried, 'CONDITION_FAILED')
      else assert.equal((await tried()).version, ++stored)
      assert.equal(await store.streamVersion(name), stored)
    }
    for (const [type, position] of [
      ['sold', first.position],
      ['returned', second.position],
    ] as const) {
      const { details } = await refused(
        () => store.appendToStream(name, some(1), { conditions: { none: { types: [type] } } }),
        'CONDITION_FAILED',
      )
      assert.deepEqual([details['condition'], details['position']], [0, position])
    }
  },

  'only what came after the position counts': async ({ store, stream }) => {
    const key = stream()
    const name = `{${key}}a`
    const one = await append(store, name, [sold(['seat-1'])])
    await append(store, name, some(1), { conditions: { none: { tags: ['seat-1'] }, after: one.position } })
    const two = await append(store, `{${key}}b`, [sold(['seat-1'])])
    const { details } = await refused(
      () =>
        store.appendToStream(name, some(1), {
          conditions: [
            { none: {}, after: two.position },
            { none: { tags: ['seat-1'] }, after: one.position },
          ],
        }),
      'CONDITION_FAILED',
    )
    assert.deepEqual([details['condition'], details['position']], [1, two.position])
    await append(store, name, some(1), { conditions: { none: {}, after: two.position } })
    await refused(() => store.appendToStream(name, some(1), { conditions: { none: {}, after: two.position } }), 'CONDITION_FAILED')
  },

  'events of other partition keys do not count, though they may be in the same partition': async ({ store, stream }) => {
    const key = stream()
    await Promise.all(Array.from({ length: 64 }, (_, n) => append(store, `{${key}-${n}}a`, [sold(['seat-1'])])))
    assert.equal((await append(store, `{${key}}a`, [sold(['seat-1'])], { conditions: { none: { tags: ['seat-1'] } } })).version, 1)
    await refused(() => store.appendToStream(`{${key}}b`, some(1), { conditions: { none: { tags: ['seat-1'] } } }), 'CONDITION_FAILED')
  },

  'of many writers that do not wait for each other one sells each seat': async ({ store, stream }) => {
    const key = stream()
    const seats = Array.from({ length: 10 }, (_, n) => `seat-${n}`)
    const tries = await Promise.allSettled(
      Array.from({ length: 64 }, (_, writer) => seats[(writer * 7) % seats.length]!).map((seat, writer) =>
        append(store, `{${key}}order-${writer}`, [sold([seat])], { conditions: { none: { types: ['sold'], tags: [seat] } } }),
      ),
    )
    assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, seats.length)
    for (const result of tries)
      if (result.status === 'rejected') await refused(() => Promise.reject(result.reason as Error), 'CONDITION_FAILED')
  },

  'a condition sees what was appended just before, in large and in small appends': async ({ store, stream }) => {
    const key = stream()
    for (const count of [1, 63, 64, 65, 500]) {
      const tag = `tag-${count}`
      const events = some(count).map((event, n) => (n === 0 ? { ...event, tags: [tag] } : event))
      const written = append(store, `{${key}}a`, events)
      await refused(() => store.appendToStream(`{${key}}b`, some(1), { conditions: { none: { tags: [tag] } } }), 'CONDITION_FAILED')
      const { position } = await written
      await append(store, `{${key}}b`, some(1), { conditions: { none: { tags: [tag] }, after: position } })
    }
  },

  'a condition holds for all of an append to several streams, or none of it is stored': async ({ store, stream }) => {
    const key = stream()
    const streams = ['a', 'b'].map(name => ({ stream: `{${key}}${name}`, events: [sold(['seat-1'])] }))
    await store.appendToStreams(streams, { conditions: { none: { tags: ['seat-1'] } } })
    await refused(() => store.appendToStreams(streams, { conditions: { none: { tags: ['seat-1'] } } }), 'CONDITION_FAILED')
    assert.equal(await store.streamVersion(`{${key}}b`), 1)
  },

  'an expectation that is not met is heard of before a condition that is not': async ({ store, stream }) => {
    const name = stream()
    await append(store, name, some(1))
    await refused(() => store.appendToStream(name, some(1), { expectedVersion: 0, conditions: { none: {} } }), 'WRONG_EXPECTED_VERSION')
    await refused(() => store.appendToStream(name, some(1), { expectedVersion: 1, conditions: { none: {} } }), 'CONDITION_FAILED')
  },

  'the same append with ids again gets the first answer again, though its condition would not hold any more': async ({ store, stream }) => {
    const name = stream()
    const events = [{ type: 'sold', data: 1, id: `${name}-1`, tags: ['seat-1'] }]
    const options = { conditions: { none: { tags: ['seat-1'] } } }
    const answer = await append(store, name, events, options)
    assert.deepEqual(await append(store, name, events, options), answer)
    await refused(() => store.appendToStream(name, some(1), options), 'CONDITION_FAILED')
  },

  'what is not a condition is INVALID, and names the field': async ({ store, stream }) => {
    const name = stream()
    for (const [given, field] of badConditions) {
      const { details } = await refused(() => store.appendToStream(name, some(1), { conditions: given as AppendCondition }), 'INVALID')
      assert.match(String(details['field']), field)
    }
    assert.equal(await store.streamVersion(name), 0)
  },
}
