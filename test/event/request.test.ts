/** A request written and read again is the same: streams, types, encodings, data, extras, stamps, producer; the builder is used again and again. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultLimits } from '../../event/limits.ts'
import type { NewEvent } from '../../event/event.ts'
import { TextHash } from '../../event/hash.ts'
import {
  decodeData,
  decodeExtras,
  encodeData,
  encodeExtras,
  encodingNumbers,
  encodings,
  hasExtras,
  idSliceOf,
} from '../../event/payload.ts'
import { EXTRAS, IDS, PRODUCER, RequestBuilder, STAMPS, targetOf } from '../../event/request.ts'
import { RequestView } from '../../event/request-view.ts'

const hash = new TextHash(3, 4)

interface Given {
  readonly stream: string
  readonly event: NewEvent
  readonly stamp: number
}

interface Request {
  readonly events: readonly Given[]
  readonly producer: string
  readonly at: number
}

const text = fc.oneof(fc.string({ minLength: 1 }), fc.string({ unit: 'grapheme', minLength: 1 })).filter(each => each.isWellFormed())
const data = fc.oneof(fc.integer(), text, fc.uint8Array({ maxLength: 100 }), fc.constant('x'.repeat(5000)))
const extras = fc.record(
  {
    id: text.filter(each => Buffer.byteLength(each) <= 128),
    time: fc.integer(),
    tags: fc.array(text, { maxLength: 3 }),
    metadata: fc.constant({ m: [1, 'ü'] }),
  },
  { requiredKeys: [], noNullPrototype: true },
)
const event = fc
  .tuple(text, data, fc.option(extras, { nil: {}, freq: 2 }))
  .map(([type, value, more]): NewEvent => ({ type, data: value, ...more }))
const streams = fc.array(text, { minLength: 1, maxLength: 6 })
const request = streams.chain(names =>
  fc.record({
    events: fc
      .array(fc.tuple(fc.constantFrom(...names), event, fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 4_000_000 }))), {
        minLength: 1,
        maxLength: 20,
      })
      .map(list => {
        let stamp = 100
        return list.map(([stream, each, step]): Given => ({ stream, event: each, stamp: (stamp += step) }))
      }),
    producer: fc.oneof(fc.constant(''), text),
    at: fc.nat(5).map(n => n * 8),
  }),
)

function write(builder: RequestBuilder, { events, producer, at }: Request): ArrayBuffer {
  builder.clear()
  for (const { stream, event: each, stamp } of events) {
    const { encoding, data: bytes } = encodeData(each, 0, defaultLimits)
    builder.add(
      builder.stream(stream, hash),
      builder.type(each.type),
      encodingNumbers[encoding],
      bytes,
      hasExtras(each) ? encodeExtras(each) : null,
      stamp,
    )
  }
  const sealed = builder.seal(producer)
  const buffer = new ArrayBuffer(at + ((sealed.bytes + 7) & ~7) + 8)
  new Uint8Array(buffer).fill(0xaa)
  builder.writeTo(targetOf(buffer), at, sealed, {
    request: 7,
    partition: 4095,
    durability: 2,
    expected: -2,
    firstStamp: 2 ** 52 + 1,
    producerSequence: 2 ** 40 + 3,
  })
  assert.ok(
    new Uint8Array(buffer, at + sealed.bytes).every(byte => byte === 0xaa),
    'nothing is written behind its end',
  )
  return buffer
}

function check(buffer: ArrayBuffer, { events, producer, at }: Request): void {
  const view = new RequestView().read(targetOf(buffer), at)
  const { words, bytes } = view
  assert.equal([view.request, view.partition, view.durability, view.expected, view.events], [7, 4095, 2, -2, events.length])
  assert.equal([view.firstStamp, view.producerSequence, view.producer()], [2 ** 52 + 1, 2 ** 40 + 3, producer])
  const names: string[] = []
  let name = view.names
  for (let i = 0; i < view.streams + view.types; i++) {
    const size = i < view.streams ? words[view.streamTable + i * 4 + 3]! : words[view.typeTable + i - view.streams]!
    names.push(Buffer.from(bytes).toString('utf8', name, name + size))
    name += size
  }
  for (let i = 0; i < view.streams; i++) {
    hash.text(names[i]!)
    assert.equal([...words.subarray(view.streamTable + i * 4, view.streamTable + i * 4 + 3)], [hash.lo, hash.hi, hash.check])
  }
  assert.is(new Set(names.slice(0, view.streams)).size, view.streams)
  let payload = view.payload
  let extra = view.extras
  events.forEach(({ stream, event: each, stamp }, i) => {
    const pair = words[view.eventTable + i * 2]!
    const size = words[view.eventTable + i * 2 + 1]!
    assert.is(names[pair & 0xffff], stream)
    assert.is(names[view.streams + (pair >>> 16)], each.type)
    const end = payload + (size & 0x3fffffff)
    const value = decodeData(bytes, payload, end, encodings[size >>> 30]!)
    assert.equal(value, each.data instanceof Uint8Array ? new Uint8Array(each.data) : each.data)
    payload = end
    const extraEnd = extra + (view.flags & EXTRAS ? words[view.extrasTable + i]! : 0)
    const { type: _, data: __, ...given } = each
    assert.equal(decodeExtras(bytes, extra, extraEnd), given)
    const id = idSliceOf(bytes, extra, extraEnd)
    assert.is(id ? Buffer.from(bytes).toString('utf8', id.start, id.end) : undefined, each.id)
    extra = extraEnd
    assert.is(view.flags & STAMPS ? words[view.stampTable + i]! : i, stamp - events[0]!.stamp)
  })
  assert.is(payload - view.payload, view.payloadBytes)
  assert.is(
    (view.flags & IDS) !== 0,
    events.some(each => each.event.id !== undefined),
  )
  assert.is((view.flags & PRODUCER) !== 0, producer !== '')
}

test('what one builder writes, request after request, is what is read', () => {
  const builder = new RequestBuilder()
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 3 }), requests => {
      for (const each of requests) check(write(builder, each), each)
    }),
    { numRuns: 200, seed: 1 },
  )
})

test('ten thousand events, events of a mebibyte, two thousand streams and types', () => {
  const builder = new RequestBuilder()
  const many = (count: number, each: (n: number) => Given): Request => ({
    events: Array.from({ length: count }, (_, n) => each(n)),
    producer: 'p',
    at: 0,
  })
  const requests = [
    many(10_000, n => ({ stream: 'mine', event: { type: 'a', data: n }, stamp: n })),
    many(4, n => ({ stream: 'mine', event: { type: 'a', data: new Uint8Array(1 << 20).fill(n) }, stamp: n })),
    many(2000, n => ({ stream: `s-${n}`.padEnd(300, 'é'), event: { type: `t-${n}`, data: n }, stamp: n * 7 })),
    many(1, n => ({ stream: 'mine', event: { type: 'a', data: n }, stamp: n })),
  ]
  for (const each of requests) check(write(builder, each), each)
})

test('extras that stand only in some events stay with them', () => {
  const builder = new RequestBuilder()
  for (const withExtras of [[0], [2], [0, 4], [1, 2, 3], []]) {
    const each: Request = {
      events: Array.from({ length: 5 }, (_, n) => ({
        stream: 's',
        event: { type: 'a', data: n, ...(withExtras.includes(n) ? { id: `i${n}` } : {}) },
        stamp: n,
      })),
      producer: '',
      at: 8,
    }
    check(write(builder, each), each)
  }
})

test.run()
