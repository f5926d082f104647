/** Folding a stream: the state and the version that belong together, now and as they were. */
import { isExpectedVersionConflictError, type ReadEvent, type ReadEventMetadataWithGlobalPosition } from '@event-driven-io/emmett'
import * as assert from 'uvu/assert'
import { type Evening, type EveningEvent, evolve, initialState } from '../../../examples/emmett/evening.ts'
import { booked, cancelled, type Given, opened, type Sentences } from './given.ts'

/** The same with an event as it was read. */
const evolveRead = (evening: Evening, event: ReadEvent<EveningEvent, ReadEventMetadataWithGlobalPosition>): Evening => {
  const { streamPosition, globalPosition } = event.metadata
  assert.equal([typeof streamPosition, typeof globalPosition], ['bigint', 'bigint'])
  return evolve(evening, event)
}

async function filled({ store, stream }: Given): Promise<bigint[]> {
  const positions: bigint[] = []
  for (const event of [opened(), booked('Ada'), booked('Ben', 3), cancelled('Ada')])
    positions.push((await store.appendToStream<EveningEvent>(stream, [event])).lastEventGlobalPosition)
  return positions
}

export const aggregates: Sentences = {
  async 'a fold up to a position is the state as it was there'(given) {
    const positions = await filled(given)
    const free = [10, 8, 5, 7]
    for (const each of [evolve, evolveRead])
      for (const [at, expected] of free.entries()) {
        const to = BigInt(at + 1)
        const { state, ...rest } = await given.store.aggregateStream<Evening, EveningEvent>(given.stream, {
          evolve: each,
          initialState,
          read: { to },
        })
        assert.is(state.free, expected)
        assert.equal(rest, { currentStreamVersion: to, streamExists: true, lastEventGlobalPosition: positions[at]! })
      }
  },

  async 'a fold of a range in which nothing lies is at the version of the stream'(given) {
    const positions = await filled(given)
    for (const read of [{ from: 5n }, { maxCount: 0n }]) {
      const aggregated = await given.store.aggregateStream(given.stream, { evolve, initialState, read })
      const expected = { state: initialState(), currentStreamVersion: 4n, streamExists: true, lastEventGlobalPosition: positions[3]! }
      assert.equal(aggregated, expected)
    }
  },

  async 'a reader who expects a version is told at once when the stream is at another'({ store, stream }) {
    const fold = (expectedStreamVersion: bigint | 'STREAM_EXISTS' | 'STREAM_DOES_NOT_EXIST') =>
      store.aggregateStream<Evening, EveningEvent>(stream, { evolve, initialState, read: { expectedStreamVersion } }).then(
        () => 'folded',
        (error: unknown) => (isExpectedVersionConflictError(error) ? 'conflict' : error),
      )
    assert.equal([await fold(0n), await fold('STREAM_DOES_NOT_EXIST')], ['folded', 'folded'])
    assert.equal([await fold(1n), await fold('STREAM_EXISTS')], Array(2).fill('conflict'))
    await store.appendToStream<EveningEvent>(stream, [opened()])
    assert.equal([await fold(1n), await fold('STREAM_EXISTS')], ['folded', 'folded'])
    assert.equal([await fold(0n), await fold(2n), await fold('STREAM_DOES_NOT_EXIST')], Array(3).fill('conflict'))
  },

  async 'state and version belong together while others write'({ store, stream }) {
    await store.appendToStream<EveningEvent>(stream, [opened(1000)])
    let isWriting = true
    const writing = (async () => {
      for (let n = 0; n < 100; n++) await store.appendToStream<EveningEvent>(stream, [booked(`guest ${n}`, 1)])
      isWriting = false
    })()
    let looks = 0
    do {
      const { state, currentStreamVersion } = await store.aggregateStream<Evening, EveningEvent>(stream, { evolve, initialState })
      assert.is(BigInt(1000 - state.free), currentStreamVersion - 1n)
      const read = await store.readStream(stream)
      assert.is(BigInt(read.events.length), read.currentStreamVersion)
      looks++
    } while (isWriting)
    await writing
    assert.ok(looks > 0)
    assert.is((await store.aggregateStream(stream, { evolve, initialState })).currentStreamVersion, 101n)
  },
}
