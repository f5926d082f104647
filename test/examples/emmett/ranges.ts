/** Reading a stream: what an event comes back as, and ranges from a position to another, both inclusive. */
import type { Event } from '@event-driven-io/emmett'
import * as assert from 'uvu/assert'
import type { EveningEvent } from '../../../examples/emmett/evening.ts'
import { booked, type Given, opened, type Sentences } from './given.ts'

const guests = Array.from({ length: 9 }, (_, at) => `guest ${at}`)

async function filled({ store, stream }: Given): Promise<void> {
  await store.appendToStream(stream, [opened(100), ...guests.map(guest => booked(guest))])
}

export const ranges: Sentences = {
  async 'an event comes back with its data, its metadata, its id and its places as bigints'({ store, stream }) {
    type Noted = Event<'Noted', { words: string; nothing: null; list: number[] }, { by: string; traceId: string }>
    const noted: Noted = { type: 'Noted', data: { words: 'ü', nothing: null, list: [1, 2.5] }, metadata: { by: 'Ada', traceId: '17' } }
    const { lastEventGlobalPosition, nextExpectedStreamVersion, createdNewStream } = await store.appendToStream<Noted>(stream, [noted])
    assert.equal({ nextExpectedStreamVersion, createdNewStream }, { nextExpectedStreamVersion: 1n, createdNewStream: true })
    const { events } = await store.readStream<Noted>(stream)
    const { messageId, ...metadata } = events[0]!.metadata
    assert.equal(
      { ...events[0]!, metadata },
      {
        ...noted,
        kind: 'Event',
        metadata: { ...noted.metadata, streamName: stream, streamPosition: 1n, globalPosition: lastEventGlobalPosition },
      },
    )
    assert.ok(messageId.length > 0)
    await store.appendToStream<Noted>(stream, [noted])
    const again = (await store.readStream<Noted>(stream)).events
    assert.not.equal(again[0]!.metadata.messageId, again[1]!.metadata.messageId)
  },

  async 'metadata of the user does not stand before a place of the store'({ store, stream }) {
    const claims = { type: 'Claimed', data: {}, metadata: { streamName: 'another', streamPosition: 'first', mine: true } }
    await store.appendToStream(stream, [claims])
    const { metadata } = (await store.readStream(stream)).events[0]!
    assert.is(metadata.streamName, stream)
    assert.is(metadata.streamPosition, 1n)
    assert.is((metadata as unknown as { mine: boolean }).mine, true)
  },

  async 'from, to and maxCount say what is read, and the version is that of the stream'(given) {
    await filled(given)
    const cases: [{ from?: bigint; to?: bigint; maxCount?: bigint }, number[]][] = [
      [{}, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
      [{ from: 0n }, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
      [{ from: 4n }, [4, 5, 6, 7, 8, 9, 10]],
      [{ to: 3n }, [1, 2, 3]],
      [{ from: 3n, to: 5n }, [3, 4, 5]],
      [{ from: 10n, to: 10n }, [10]],
      [{ maxCount: 2n }, [1, 2]],
      [{ maxCount: 0n }, []],
      [{ from: 9n, maxCount: 5n }, [9, 10]],
      [{ from: 2n, to: 8n, maxCount: 3n }, [2, 3, 4]],
      [{ from: 2n, to: 3n, maxCount: 2n ** 70n }, [2, 3]],
      [{ from: 11n }, []],
      [{ from: 2n ** 64n }, []],
      [{ from: 5n, to: 4n }, []],
      [{ to: 2n ** 63n - 1n }, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    ]
    for (const [range, versions] of cases) {
      const { events, ...rest } = await given.store.readStream(given.stream, range)
      assert.equal(
        events.map(({ metadata }) => metadata.streamPosition),
        versions.map(BigInt),
      )
      assert.equal(rest, { currentStreamVersion: 10n, streamExists: true })
    }
  },

  async 'global positions rise in the order in which streams were written, whatever their partitions'({ store, stream }) {
    const streams = Array.from({ length: 20 }, (_, at) => `${stream}-${at}`)
    const written: bigint[] = []
    for (const name of [...streams, ...streams])
      written.push((await store.appendToStream(name, [opened(), booked('Ada')])).lastEventGlobalPosition)
    assert.equal(
      written,
      written.toSorted((a, b) => (a < b ? -1 : 1)),
    )
    assert.is(new Set(written).size, written.length)
    const read: bigint[] = []
    for (const name of streams) {
      const positions = (await store.readStream(name)).events.map(({ metadata }) => metadata.globalPosition)
      assert.is(positions.length, 4)
      assert.ok(positions.every((position, at) => at === 0 || position > positions[at - 1]!))
      read.push(...positions)
    }
    assert.is(new Set(read).size, 80, 'no two events have the same one')
  },

  async 'what was stored in an older shape is read in the new one, and written in the old'({ store, stream }) {
    type Stored = Event<'SeatsBooked', { evening: string; who: string; seats: number }>
    type Booked = Extract<EveningEvent, { type: 'SeatsBooked' }>
    const downcast = ({ data: { guest, ...data } }: Booked): Stored => ({ type: 'SeatsBooked', data: { ...data, who: guest } })
    const upcast = ({ data: { who, ...data } }: Stored): Booked => ({ type: 'SeatsBooked', data: { ...data, guest: who } })
    const one = booked('Ada') as Booked
    await store.appendToStream<Booked, Stored>(stream, [one], { schema: { versioning: { downcast } } })
    const stored = await store.readStream<Stored>(stream)
    assert.equal(stored.events[0]!.data, { evening: 'jazz', who: 'Ada', seats: 2 })
    const read = await store.readStream<Booked, Stored>(stream, { schema: { versioning: { upcast } } })
    assert.equal(read.events[0]!.data, one.data)
    assert.is(read.events[0]!.metadata.streamPosition, 1n)
    const guests = await store.aggregateStream<string[], Booked, Stored>(stream, {
      evolve: (names: string[], event: Booked) => [...names, event.data.guest],
      initialState: () => [],
      read: { schema: { versioning: { upcast } } },
    })
    assert.equal(guests.state, ['Ada'])
  },
}
