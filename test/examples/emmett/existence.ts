/** When a stream is there, and that a name which is no stream's is refused in Emmett's words. */
import { ValidationError } from '@event-driven-io/emmett'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../../runtime/index.ts'
import { booked, opened, type Sentences } from './given.ts'
import { refused } from './refused.ts'

export const existence: Sentences = {
  async 'a stream is there from its first event on, whatever others there are'({ store, stream }) {
    assert.is(await store.streamExists(stream), false)
    await store.appendToStream(stream, [opened()])
    assert.is(await store.streamExists(stream), true)
    assert.is(await store.streamExists(`${stream}-other`), false)
    await store.appendToStream(`${stream}-other`, [opened()])
    assert.is(await store.streamExists(stream), true)
    assert.is(await store.streamExists(`${stream}-other`), true)
  },

  async 'a stream that is not there reads as none, at version 0n'({ store, stream }) {
    assert.equal(await store.readStream(stream), { currentStreamVersion: 0n, events: [], streamExists: false })
    assert.equal(await store.readStream(stream, { from: 2n, to: 5n, maxCount: 2n }), {
      currentStreamVersion: 0n,
      events: [],
      streamExists: false,
    })
    const aggregated = await store.aggregateStream(stream, { evolve: () => 1, initialState: () => 0 })
    assert.equal(aggregated, { state: 0, currentStreamVersion: 0n, streamExists: false })
  },

  async 'a name or a range that can not be is a ValidationError with ours as its cause'({ store, stream }) {
    await store.appendToStream(stream, [opened(), booked('Ada')])
    const attempts = [
      () => store.streamExists(''),
      () => store.readStream('a\u0000b'),
      () => store.readStream(stream, { from: -1n }),
      () => store.aggregateStream(stream, { evolve: () => 0, initialState: () => 0, read: { to: -1n } }),
      () => store.appendToStream('', [opened()]),
      () => store.appendToStream(stream, []),
      () => store.appendToStream(stream, [opened()], { expectedStreamVersion: -1n }),
      () => store.appendToStream(stream, [{ type: 'EveningOpened', data: { evening: 'jazz', seats: 10n } }]),
    ]
    for (const attempt of attempts) {
      const error = await refused(attempt)
      assert.instance(error, ValidationError)
      assert.ok(isEventStoreError(error.cause, 'INVALID'), attempt.toString())
    }
    const words = [{ type: 'Said', data: { words: 'x'.repeat(2 ** 21) } }]
    const tooLarge = await refused(() => store.appendToStream(stream, words))
    assert.instance(tooLarge, ValidationError)
    assert.ok(isEventStoreError(tooLarge.cause, 'TOO_LARGE'))
    assert.is((await store.readStream(stream)).currentStreamVersion, 2n)
  },

  async 'what has no word in Emmett stays the error that it is'({ store }) {
    assert.ok(isEventStoreError(await refused(() => store.appendToStream('$system', [opened()])), 'FORBIDDEN'))
  },
}
