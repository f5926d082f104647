/** Emmett's own command handlers over our store: deciding, retrying after a conflict, and deciding nothing. */
import { CommandHandler, DeciderCommandHandler, ExpectedVersionConflictError, IllegalStateError } from '@event-driven-io/emmett'
import * as assert from 'uvu/assert'
import { decider, type Evening, type EveningCommand, type EveningEvent, evolve, initialState } from '../../../examples/emmett/evening.ts'
import { booked, opened, type Sentences } from './given.ts'
import { refused } from './refused.ts'

const handle = CommandHandler<Evening, EveningEvent>({ evolve, initialState })
const decide = DeciderCommandHandler<Evening, EveningCommand, EveningEvent>(decider)
const retrying = DeciderCommandHandler<Evening, EveningCommand, EveningEvent>({
  ...decider,
  retry: { onVersionConflict: { retries: 30, minTimeout: 1, maxTimeout: 20, factor: 1.5 } },
})

const open = (seats = 10): EveningCommand => ({ type: 'OpenEvening', data: { evening: 'jazz', seats } })
const book = (guest: string, seats = 2): EveningCommand => ({ type: 'BookSeats', data: { evening: 'jazz', guest, seats } })

export const commands: Sentences = {
  async 'a command handler makes a stream, goes on with it, and answers the new state'({ store, stream }) {
    const first = await handle(store, stream, () => opened())
    assert.equal([first.createdNewStream, first.nextExpectedStreamVersion, first.newState.free], [true, 1n, 10])
    const second = await handle(store, stream, ({ free }) => [booked('Ada', free / 2), booked('Ben', 1)])
    assert.equal([second.createdNewStream, second.nextExpectedStreamVersion, second.newState.free], [false, 3n, 4])
    assert.equal(second.newEvents, [booked('Ada', 5), booked('Ben', 1)])
    const several = await handle(store, stream, [({ free }) => booked('Cem', free - 1), ({ free }) => booked('Dora', free)])
    assert.equal([several.nextExpectedStreamVersion, several.newState.free, several.newEvents.length], [5n, 0, 2])
    assert.is((await store.readStream(stream)).currentStreamVersion, 5n)
    assert.ok(several.lastEventGlobalPosition > second.lastEventGlobalPosition)
  },

  async 'a handler that decides nothing changes nothing'({ store, stream }) {
    const none = await handle(store, stream, () => [])
    assert.equal([none.createdNewStream, none.nextExpectedStreamVersion, none.newEvents], [false, 0n, []])
    assert.is(await store.streamExists(stream), false)
    const { lastEventGlobalPosition } = await handle(store, stream, () => opened())
    const still = await handle(store, stream, () => [])
    assert.equal([still.nextExpectedStreamVersion, still.newState.free], [1n, 10])
    assert.is(still.lastEventGlobalPosition, lastEventGlobalPosition)
  },

  async 'a decider decides on the state, and what it refuses is not stored'({ store, stream }) {
    assert.instance(await refused(() => decide(store, stream, book('Ada'))), IllegalStateError)
    const { newState } = await decide(store, stream, [open(5), book('Ada'), book('Ben')])
    assert.equal(newState, { isOpen: true, free: 1, booked: { Ada: 2, Ben: 2 } })
    assert.instance(await refused(() => decide(store, stream, book('Cem'))), IllegalStateError)
    assert.instance(await refused(() => decide(store, stream, [book('Cem', 1), book('Cem', 1)])), IllegalStateError)
    assert.is((await store.readStream(stream)).currentStreamVersion, 3n)
    const after = await decide(store, stream, { type: 'CancelBooking', data: { evening: 'jazz', guest: 'Ada' } })
    assert.equal([after.newState.free, after.nextExpectedStreamVersion], [3, 4n])
  },

  async 'an expected version goes with a command'({ store, stream }) {
    const expect = (expectedStreamVersion: bigint | 'STREAM_EXISTS' | 'STREAM_DOES_NOT_EXIST') => ({ expectedStreamVersion })
    assert.instance(await refused(() => decide(store, stream, open(), expect('STREAM_EXISTS'))), ExpectedVersionConflictError)
    await decide(store, stream, open(), expect('STREAM_DOES_NOT_EXIST'))
    let calls = 0
    const counting = () => {
      calls++
      return booked('Ada')
    }
    for (const wrong of [expect('STREAM_DOES_NOT_EXIST'), expect(0n), expect(2n)])
      assert.instance(await refused(() => handle(store, stream, counting, wrong)), ExpectedVersionConflictError)
    assert.is(calls, 0, 'told before anything is decided')
    assert.is((await handle(store, stream, counting, expect(1n))).nextExpectedStreamVersion, 2n)
  },

  async 'without retries a conflict is the answer, with them the decision is made again'({ store, stream }) {
    await store.appendToStream(stream, [opened()])
    let calls = 0
    const overtaken = async () => {
      if (calls++ === 0) await store.appendToStream(stream, [booked('Ben')])
      return booked('Ada')
    }
    assert.instance(await refused(() => handle(store, stream, overtaken)), ExpectedVersionConflictError)
    assert.is(calls, 1)
    calls = 0
    const { newState, nextExpectedStreamVersion } = await handle(store, stream, overtaken, { retry: { onVersionConflict: 2 } })
    assert.is(calls, 2)
    assert.equal([newState.free, nextExpectedStreamVersion], [4, 4n])
  },

  async 'twelve parties who book at once get ten seats between them, and not one more'({ store, stream }) {
    await retrying(store, stream, open(10))
    const answers = await Promise.allSettled(Array.from({ length: 12 }, (_, at) => retrying(store, stream, book(`guest ${at}`))))
    const causes = answers.flatMap(answer => (answer.status === 'rejected' ? [answer.reason as unknown] : []))
    assert.is(causes.length, 7)
    assert.ok(causes.every(cause => cause instanceof IllegalStateError))
    const { state, currentStreamVersion } = await store.aggregateStream<Evening, EveningEvent>(stream, { evolve, initialState })
    assert.equal([state.free, Object.keys(state.booked).length, currentStreamVersion], [0, 5, 6n])
  },
}
