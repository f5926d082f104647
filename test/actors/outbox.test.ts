/** The outbox: numbers without gaps, requests of a bounded size, events as they were given, refusals before anything is kept. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bytesForThread, decodeRequest, eventsOf, oneByOne, Outbox } from '../../actors/outbox.ts'
import { OutboxSender } from '../../actors/outbox-sender.ts'
import { EventStoreError, isEventStoreError } from '../../event/error.ts'
import type { NewEvent } from '../../event/event.ts'
import { type Limits, limitsWith } from '../../event/limits.ts'

const open = (limits: Partial<Limits> = {}, lanes = {}): Outbox =>
  new Outbox({ topology: 't', deployment: 3, partitions: 1, limits: limitsWith(limits) }, lanes)
const codeOf = (work: () => void): string => {
  try {
    work()
    return 'none'
  } catch (error) {
    return isEventStoreError(error) ? error.code : String(error)
  }
}

test('numbers each lane from where it was, and cuts requests at their size; one holds events of several streams', () => {
  const outbox = open({ requestEvents: 3 }, { 's/0': 7 })
  for (const stream of ['a', 'b', 'a', 'b', 'a']) outbox.append('s', stream, { type: 'x', data: stream })
  outbox.append('other', 'a', { type: 'x', data: 1 })
  const requests = outbox.seal().map(decodeRequest)
  assert.equal(
    requests.map(({ step, first, number, producer }) => [step, first, number, producer]),
    [
      ['s', 8, 10, 't#3/s/0'],
      ['s', 11, 12, 't#3/s/0'],
      ['other', 1, 1, 't#3/other/0'],
    ],
  )
  assert.equal(
    requests.map(request => eventsOf(request).map(({ stream, data }) => [stream, data])),
    [[['a', 'a'], ['b', 'b'], ['a', 'a']], [['b', 'b'], ['a', 'a']], [['a', 1]]], // prettier-ignore
  )
  assert.equal(outbox.lanes, { 's/0': 12, 'other/0': 1 })
  assert.equal(outbox.seal(), [])
  assert.is(outbox.textLength, 0)
})

test('a request stays within what the log takes at once', () => {
  const lengths = (outbox: Outbox): number[] => outbox.seal().map(bytes => eventsOf(decodeRequest(bytes)).length)
  const bytes = open({ requestBytes: 3000, eventBytes: 1000 })
  for (let i = 0; i < 12; i++) bytes.append('s', 'a', { type: 'x', data: 'y'.repeat(300) })
  assert.equal(lengths(bytes), [9, 3])
  const streams = open({ requestStreams: 2 })
  for (const stream of ['a', 'b', 'a', 'c', 'd', 'e']) streams.append('s', stream, { type: 'x', data: 1 })
  assert.equal(lengths(streams), [3, 2, 1])
})

test('oneByOne cuts a request into its events', () => {
  const outbox = open({}, { 's/0': 4 })
  for (const [index, stream] of ['x', 'y', 'x'].entries()) outbox.append('s', stream, { type: `t${index}`, data: index, time: index })
  const cut = oneByOne(decodeRequest(outbox.seal()[0]!))
  const parts = cut.map(request => [
    request.first,
    request.number,
    ...eventsOf(request).map(({ stream, type, data }) => [stream, type, data]),
  ])
  assert.equal(parts, [[5, 5, ['x', 't0', 0]], [6, 6, ['y', 't1', 1]], [7, 7, ['x', 't2', 2]]]) // prettier-ignore
})

test('gives events back as they came, to this thread and another', () => {
  const events: NewEvent[] = [
    { type: 'x', data: { $bytes: 'not ours', base64: 1, text: 'é😀"\\' }, id: 'i', time: 5, tags: ['a'], metadata: { m: [1] } },
    { type: 'x', data: Uint8Array.of(0, 255, 10) },
    { type: 'x', data: Buffer.from('{"a":1}'), encoding: 'json' },
    { type: 'x', data: null },
  ]
  const outbox = open()
  for (const event of events) outbox.append('s', 'a', event)
  const request = decodeRequest(outbox.seal()[0]!)
  const given = eventsOf(request)
  assert.equal(eventsOf(decodeRequest(bytesForThread(request))), given)
  assert.equal(given, [
    { stream: 'a', ...events[0], encoding: 'json' },
    { stream: 'a', ...events[1], encoding: 'bytes' },
    { stream: 'a', type: 'x', data: { a: 1 }, encoding: 'json' },
    { stream: 'a', ...events[3], encoding: 'json' },
  ])
})

test('a request that an earlier version left as JSON is read as well', () => {
  const whose = { topology: 't', step: 's', partition: 2, producer: 'p', first: 4, number: 5, stream: 'a' }
  const events = [
    { type: 'x', encoding: 'json', time: 7, data: { n: 1 } },
    { type: 'y', encoding: 'bytes', base64: 'AP8K' },
  ]
  const request = decodeRequest(Buffer.from(JSON.stringify({ ...whose, events })))
  assert.equal([request.producer, request.first, request.number, request.partition], ['p', 4, 5, 2])
  assert.equal(eventsOf(request), [
    { stream: 'a', type: 'x', encoding: 'json', time: 7, data: { n: 1 } },
    { stream: 'a', type: 'y', encoding: 'bytes', data: Uint8Array.of(0, 255, 10) },
  ])
})

test('refuses what the log would refuse, and gives it no number', () => {
  const outbox = open({ eventBytes: 20 })
  const fine = { type: 'x', data: 1 }
  assert.is(
    codeOf(() => outbox.append('s', '$system', fine)),
    'FORBIDDEN',
  )
  assert.is(
    codeOf(() => outbox.append('s', '', fine)),
    'INVALID',
  )
  assert.is(
    codeOf(() => outbox.append('s', 'a', { ...fine, type: '' })),
    'INVALID',
  )
  assert.is(
    codeOf(() => outbox.append('s', 'a', { ...fine, data: 'é'.repeat(10) })),
    'TOO_LARGE',
  )
  assert.is(
    codeOf(() => outbox.append('s', 'a', { ...fine, data: new Uint8Array(21) })),
    'TOO_LARGE',
  )
  assert.is(
    codeOf(() => outbox.append('s', 'a', { ...fine, data: 1n })),
    'INVALID',
  )
  assert.equal([outbox.lanes, outbox.seal()], [{}, []])
  outbox.append('s', 'a', { ...fine, data: 'é'.repeat(9) })
  assert.is(outbox.seal().length, 1)
})

test('a producer’s name is short however long the step’s is, and another for another step', () => {
  const outbox = open()
  for (const end of ['one', 'two']) outbox.append('ü'.repeat(190) + end, 'a', { type: 'x', data: 1 })
  const producers = outbox.seal().map(bytes => decodeRequest(bytes).producer)
  assert.ok(producers.every(producer => Buffer.byteLength(producer) < 400))
  assert.is(new Set(producers).size, 2)
})

test('sending stops when nobody waits any more, and gives up what no second try can mend', async () => {
  const outbox = open()
  outbox.append('s', 'a', { type: 'x', data: 1 })
  const requests = outbox.seal()
  let tries = 0
  const busy = async (): Promise<never> => {
    tries++
    throw new EventStoreError('BUSY', 'full')
  }
  assert.is(await new OutboxSender({ append: busy, isRepeating: false, isStopped: () => tries >= 2 }).send(requests), false)
  assert.is(tries, 2)
  const refuse = (): Promise<never> => Promise.reject(new EventStoreError('READ_ONLY', 'full'))
  const failed = await new OutboxSender({ append: refuse, isRepeating: false, isStopped: () => false })
    .send(requests)
    .catch((error: unknown) => error)
  assert.ok(isEventStoreError(failed, 'READ_ONLY'))
})

test.run()
