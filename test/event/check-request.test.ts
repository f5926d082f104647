/** Requests from other nodes: what this version writes passes, and whatever else a peer sends leads no reader out of its bytes. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { wrongWith } from '../../event/check-request.ts'
import { encodeTerms } from '../../event/condition.ts'
import { TextHash } from '../../event/hash.ts'
import { decodeExtras, encodeExtras } from '../../event/payload.ts'
import { RequestBuilder, type RequestTarget, targetOf, Word } from '../../event/request.ts'
import { RequestCopies, RequestCopy } from '../../event/request-copy.ts'
import { rebuild } from '../../event/rebuild-request.ts'

const streamHash = new TextHash(3, 4)
const bounds = { partitions: 8, requestEvents: 100, requestStreams: 10, streamHash }
const head = { request: 5, partition: 3, durability: 1, expected: -1, firstStamp: 4096, producerSequence: 7 }

interface Given {
  readonly streams: readonly string[]
  readonly events: readonly { readonly data: string; readonly id: string | null; readonly gap: number }[]
  readonly producer: string
  readonly isWide: boolean
}

const given: fc.Arbitrary<Given> = fc.record({
  streams: fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 3 }),
  events: fc.array(fc.record({ data: fc.json(), id: fc.option(fc.string({ minLength: 1, maxLength: 8 })), gap: fc.nat(2) }), {
    minLength: 1,
    maxLength: 4,
  }),
  producer: fc.string({ maxLength: 5 }),
  isWide: fc.boolean(),
})

function built({ streams, events, producer, isWide }: Given): { target: RequestTarget; bytes: number } {
  const builder = new RequestBuilder()
  for (const stream of streams) builder.stream(stream, streamHash)
  let stamp = 4096
  for (const [index, { data, id, gap }] of events.entries()) {
    const extras = id === null ? null : encodeExtras({ type: 'x', data: 0, id, tags: ['a'], metadata: { b: 1 } })
    builder.add(index % streams.length, builder.type(`t${index % 2}`), 0, data, extras, (stamp += 1 + gap))
  }
  const after = { stamp: 0, partition: 0, sequence: 0 }
  const terms = encodeTerms({ scope: '', key: 'k', queries: [{ condition: 0, types: ['a'], tags: null, after }] })
  if (isWide)
    builder.widen(
      streams.map(() => 3),
      terms,
    )
  const sealed = builder.seal(producer)
  const target = targetOf(new ArrayBuffer((sealed.bytes + 7) & ~7))
  builder.writeTo(target, 0, sealed, head)
  return { target, bytes: sealed.bytes }
}

test('whatever this version builds passes, also as a copy under another number', () => {
  fc.assert(
    fc.property(given, request => {
      const { target, bytes } = built(request)
      assert.is(wrongWith(target, bytes, bounds), null)
      const copy = new RequestCopies().copy(new RequestCopy(target, 0), new RequestCopy(target, 0), { ...head, request: 99 })
      assert.is(copy.bytes, bytes)
      const view = copy.view()
      assert.is(view.request, 99)
      assert.equal([view.partition, view.producerSequence, view.producer()], [3, 7, request.producer])
    }),
    { seed: 1 },
  )
})

test('a request that is built anew is the same one', () => {
  fc.assert(
    fc.property(given, request => {
      const plain = { ...request, isWide: false, producer: '' }
      const { target, bytes } = built(plain)
      const builder = new RequestBuilder()
      rebuild(new RequestCopy(target, 0), builder, streamHash)
      const sealed = builder.seal()
      assert.is(sealed.bytes, bytes)
      const again = targetOf(new ArrayBuffer((bytes + 7) & ~7))
      builder.writeTo(again, 0, sealed, head)
      assert.equal(Buffer.from(again.bytes), Buffer.from(target.bytes))
    }),
    { seed: 2 },
  )
})

test('with any words changed it is refused, or every reader stays within it', () => {
  let refused = 0
  const changes = fc.array(
    fc.record({ at: fc.nat(), to: fc.oneof(fc.nat(40), fc.nat(0xffffffff), fc.constantFrom(0xffffffff, 0x7fffffff, 0)) }),
    { minLength: 1, maxLength: 3 },
  )
  fc.assert(
    fc.property(given, changes, (request, list) => {
      const { target, bytes } = built(request)
      for (const { at, to } of list) target.words[at % (bytes >>> 2)] = to
      if (wrongWith(target, bytes, bounds) !== null) return void refused++
      const view = new RequestCopy(target, 0).view()
      let extras = view.extras
      for (let i = 0; i < view.events; i++) {
        const length = view.extrasTable === view.stampTable ? 0 : view.words[view.extrasTable + i]!
        decodeExtras(view.bytes, extras, extras + length)
        extras += length
        assert.ok(view.streamOf(i) < view.streams)
      }
      assert.ok(Math.max(extras, view.payload + view.payloadBytes, view.terms + view.termsBytes) <= view.bytes.length)
    }),
    { numRuns: 2000, seed: 3 },
  )
  assert.ok(refused > 500)
})

test('what is no request at all is refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), noise => {
      const target = targetOf(new ArrayBuffer((noise.length + 7) & ~7))
      target.bytes.set(noise)
      assert.type(wrongWith(target, noise.length, bounds), 'string')
      if (noise.length >= 64) target.words[Word.total] = noise.length
      assert.type(wrongWith(target, noise.length, bounds), 'string')
    }),
    { seed: 4 },
  )
})

test.run()
