/** Events on the wire and back: bytes, numbers as received, and values that only look like bytes. */
import fc from 'fast-check'
import { unpack } from 'msgpackr'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { base64Of, bytesOf } from '../../client/base64.ts'
import { eventIn, newEventText, pageIn } from '../../client/event-json.ts'
import type { NewEvent } from '../../event/event.ts'
import { refused } from '../contract/event-store/scene.ts'

const wireOf = (event: NewEvent): Record<string, unknown> => JSON.parse(newEventText(event, 'events[0]')) as Record<string, unknown>
const stored = { id: 'i', type: 'a', stream: 's', version: 1, partition: 0, sequence: 1, stamp: 4096 * 5 + 3, position: '0.1.0.1' }
const times = { recorded: '2020-01-01T00:00:00.005Z', time: '2020-01-01T00:00:00.000Z' }

test('bytes are base64, as every other encoder writes it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 30_000 }), bytes => {
      const text = base64Of(bytes)
      assert.is(text, Buffer.from(bytes).toString('base64'))
      assert.equal(bytesOf(text), bytes)
    }),
    { numRuns: 30 },
  )
})

test('what a user hands in is what is sent', () => {
  assert.equal(wireOf({ type: 'a', data: { n: 1 } }), { type: 'a', data: { n: 1 } })
  assert.equal(wireOf({ type: 'a', data: Uint8Array.of(1, 2) }), { type: 'a', encoding: 'bytes', data: { $bytes: 'AQI=' } })
  // What is missing is the node's to say.
  assert.equal(wireOf({ data: 1 } as unknown as NewEvent), { data: 1 })
  assert.equal(wireOf({ type: 'a', data: null, time: new Date(5), tags: ['t'], metadata: { m: 1 }, id: 'x' }), {
    type: 'a',
    data: null,
    time: 5,
    tags: ['t'],
    metadata: { m: 1 },
    id: 'x',
  })
})

test('JSON text handed in as bytes is sent as it is', () => {
  const text = String.raw` { "n": 1.50, "n": 12345678901234567890, "é": "\u0041" } `
  assert.is(newEventText({ type: 'a', data: Buffer.from(text), encoding: 'json' }, ''), `{"type":"a","encoding":"json","data":${text}}`)
})

test('text that would go on behind its value is refused, and so is what has no JSON', async () => {
  const bad: readonly unknown[] = [
    { type: 'a', data: Buffer.from('1},{"type":"b","data":2'), encoding: 'json' },
    { type: 'a', data: Buffer.from('1 2'), encoding: 'json' },
    { type: 'a', data: Uint8Array.of(34, 255, 34), encoding: 'json' },
    { type: 'a', data: () => 1 },
    { type: 'a', data: 1n },
    { type: 'a' },
    { type: 'a', data: 1, time: Number.NaN },
    { type: 'a', data: 1, time: new Date('never') },
    { type: 'a', data: 1, metadata: { n: 1n } },
    'event',
    null,
  ]
  for (const event of bad)
    assert.match(String((await refused(() => newEventText(event as NewEvent, 'events[3]'), 'INVALID')).details['field']), /^events\[3\]/)
  const deep = { type: 'a', data: JSON.parse('['.repeat(20_000) + ']'.repeat(20_000)) as unknown }
  await refused(() => newEventText(deep, 'events[0]'), 'TOO_LARGE')
})

test('a value of MessagePack that looks like bytes on the wire is sent packed', () => {
  for (const $bytes of ['AAEC', '', 'é"\\', 'x'.repeat(70_000)]) {
    const { data } = wireOf({ type: 'a', data: { $bytes }, encoding: 'msgpack' }) as { data: { $bytes: string } }
    assert.equal(unpack(Buffer.from(data.$bytes, 'base64')), { $bytes })
  }
  assert.equal(wireOf({ type: 'a', data: { $bytes: 'AAEC' } })['data'], { $bytes: 'AAEC' })
  assert.equal(wireOf({ type: 'a', data: { $bytes: 1 }, encoding: 'msgpack' })['data'], { $bytes: 1 })
})

test('a stored event has its times in milliseconds, and bytes only where it is of bytes', () => {
  const event = eventIn(JSON.stringify({ ...stored, ...times, encoding: 'json', data: { $bytes: 'AQI=' } }), {})
  assert.equal([event.recorded, event.time, event.data], [Date.UTC(2020, 0, 1) + 5, Date.UTC(2020, 0, 1), { $bytes: 'AQI=' }])
  const bytes = eventIn(JSON.stringify({ ...stored, ...times, encoding: 'bytes', data: { $bytes: 'AQI=' } }), { jsonAs: 'bytes' })
  assert.equal(bytes.data, Uint8Array.of(1, 2))
  const packed = eventIn(JSON.stringify({ ...stored, ...times, encoding: 'msgpack', data: { n: 1 } }), { jsonAs: 'bytes' })
  assert.equal(packed.data, { n: 1 })
  assert.is(eventIn(JSON.stringify({ ...stored, ...times, time: -1.5, data: 1 }), {}).time, -1.5)
})

test('jsonAs bytes gives the data as it was received, in single events and in pages', () => {
  const data = String.raw`{ "n": 1.50, "big": 12345678901234567890, "s": "\u00e9 \" ]" }`
  const text = `${JSON.stringify({ ...stored, ...times }).slice(0, -1)},"encoding":"json","data":${data}}`
  assert.is(Buffer.from(eventIn(text, { jsonAs: 'bytes' }).data as Uint8Array).toString(), data)
  const page = pageIn(`{"events":[${text}, ${text}],"next":"1.2.3.4"}`, { jsonAs: 'bytes' })
  assert.equal([page.events.length, page.next], [2, '1.2.3.4'])
  for (const event of page.events) assert.is(Buffer.from(event.data as Uint8Array).toString(), data)
  assert.equal(pageIn('{"events":[],"next":null}', { jsonAs: 'bytes' }), { events: [], next: null })
  assert.equal(pageIn('{"events":[],"next":null}', {}), { events: [], next: null })
})

test.run()
