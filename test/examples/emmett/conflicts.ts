/** Expected versions of appends: each of Emmett's words against a stream that is there, is not there, or has gone on. */
import {
  EmmettError,
  type ExpectedStreamVersion,
  ExpectedVersionConflictError,
  isExpectedVersionConflictError,
} from '@event-driven-io/emmett'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../../runtime/index.ts'
import { booked, type Given, opened, type Sentences } from './given.ts'
import { refused } from './refused.ts'

const append = ({ store, stream }: Given, expectedStreamVersion: ExpectedStreamVersion, guest = 'Ada') =>
  store.appendToStream(stream, [booked(guest)], { expectedStreamVersion })

async function conflict(given: Given, expected: ExpectedStreamVersion, actual: bigint): Promise<void> {
  const error = await refused(() => append(given, expected))
  assert.instance(error, ExpectedVersionConflictError)
  assert.ok(isExpectedVersionConflictError(error))
  assert.ok(EmmettError.isInstanceOf(error, EmmettError.Codes.ConcurrencyError))
  const { current, expected: said } = error as ExpectedVersionConflictError
  assert.equal([current, said], [String(actual), String(expected)])
  assert.ok(isEventStoreError(error.cause, 'WRONG_EXPECTED_VERSION'))
}

export const conflicts: Sentences = {
  async 'a stream that is not there takes no check, 0n and STREAM_DOES_NOT_EXIST'(given) {
    const { store, stream } = given
    await conflict(given, 'STREAM_EXISTS', 0n)
    await conflict(given, 1n, 0n)
    await conflict(given, 2n ** 80n, 0n)
    assert.is(await store.streamExists(stream), false, 'a conflict leaves nothing behind')
    for (const [at, expected] of (['STREAM_DOES_NOT_EXIST', 0n, 'NO_CONCURRENCY_CHECK'] as const).entries()) {
      const { nextExpectedStreamVersion, createdNewStream } = await append({ store, stream: `${stream}-${at}` }, expected)
      assert.equal([nextExpectedStreamVersion, createdNewStream], [1n, true])
    }
  },

  async 'a stream that is there takes no check, its version and STREAM_EXISTS'(given) {
    const { store, stream } = given
    await store.appendToStream(stream, [opened(), booked('Ada')])
    await conflict(given, 'STREAM_DOES_NOT_EXIST', 2n)
    for (const expected of [0n, 1n, 3n]) await conflict(given, expected, 2n)
    const accepted = [2n, 'STREAM_EXISTS', 'NO_CONCURRENCY_CHECK'] as const
    for (const [at, expected] of accepted.entries()) {
      const { nextExpectedStreamVersion, createdNewStream } = await append(given, expected)
      assert.equal([nextExpectedStreamVersion, createdNewStream], [BigInt(at + 3), false])
    }
    assert.is((await store.appendToStream(stream, [booked('Ben')])).nextExpectedStreamVersion, 6n, 'and none at all')
  },

  async 'of many writers who saw the same version one is stored'(given) {
    const { store, stream } = given
    await store.appendToStream(stream, [opened()])
    const answers = await Promise.allSettled(Array.from({ length: 20 }, (_, at) => append(given, 1n, `guest ${at}`)))
    const stored = answers.filter(({ status }) => status === 'fulfilled')
    assert.is(stored.length, 1)
    const others = answers.flatMap(answer => (answer.status === 'rejected' ? [answer.reason as unknown] : []))
    assert.ok(others.every(isExpectedVersionConflictError))
    const { events, currentStreamVersion } = await store.readStream(stream)
    assert.equal([events.length, currentStreamVersion], [2, 2n])
  },

  async 'many events are stored all or not at all'({ store, stream }) {
    const bad = [opened(), { type: 'SeatsBooked', data: { seats: 1n } }]
    await refused(() => store.appendToStream(stream, bad))
    assert.is(await store.streamExists(stream), false)
    const many = [opened(1000), ...Array.from({ length: 999 }, (_, at) => booked(`guest ${at}`, 1))]
    const { nextExpectedStreamVersion } = await store.appendToStream(stream, many, { expectedStreamVersion: 'STREAM_DOES_NOT_EXIST' })
    assert.is(nextExpectedStreamVersion, 1000n)
    const { events } = await store.readStream(stream)
    assert.equal(
      events.map(({ type, data }) => ({ type, data })),
      many,
    )
  },
}
