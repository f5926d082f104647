/** The envelope of messages between nodes: whole ones come back, others are refused by name and never throw. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeEnvelope, encodeEnvelope, isNodeId, readJson, WIRE_HEADER_BYTES, type WireHeader, writeJson } from '../../cluster/wire.ts'

const header: WireHeader = { cluster: 'shop-4f1c', node: 'n1', incarnation: 'a1', kind: 'heartbeat' }
const body = Uint8Array.of(1, 2, 3)

test('what is sent comes back', () => {
  const text = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' })
  const headers = fc.record({ cluster: text, node: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/), incarnation: text, kind: text })
  fc.assert(
    fc.property(headers, fc.uint8Array({ maxLength: 200 }), fc.nat(9), (sent, bytes, offset) => {
      const made = encodeEnvelope(sent, bytes)
      // Received bytes are often a part of something larger.
      const received = new Uint8Array(made.length + offset)
      received.set(made, offset)
      assert.equal(decodeEnvelope(received.subarray(offset), sent.cluster), { ...sent, body: bytes })
    }),
  )
})

test('each fault has its name', () => {
  const sent = encodeEnvelope(header, body)
  const changed = (at: number, value: number): Uint8Array => sent.with(at, value)
  assert.equal(decodeEnvelope(sent, 'bank-9'), { fault: 'cluster' })
  assert.equal(decodeEnvelope(changed(0, 0), header.cluster), { fault: 'magic' })
  assert.equal(decodeEnvelope(changed(4, 9), header.cluster), { fault: 'version' })
  assert.equal(decodeEnvelope(changed(7, 255), header.cluster), { fault: 'size' })
  assert.equal(decodeEnvelope(sent.subarray(0, 30), header.cluster), { fault: 'size' })
  assert.equal(decodeEnvelope(sent.subarray(0, 7), header.cluster), { fault: 'size' })
  assert.equal(decodeEnvelope(changed(8, 0x20), header.cluster), { fault: 'header' })
  assert.equal(decodeEnvelope(encodeEnvelope({ ...header, node: 'a.b' }), header.cluster), { fault: 'header' })
  assert.equal(decodeEnvelope(encodeEnvelope({ ...header, kind: '' }), header.cluster), { fault: 'header' })
})

test('no bytes make it throw', () => {
  const any = fc.uint8Array({ maxLength: 64 })
  const almost = fc.tuple(fc.nat(encodeEnvelope(header, body).length - 1), fc.nat(255))
  fc.assert(fc.property(any, bytes => 'fault' in decodeEnvelope(bytes, header.cluster)))
  fc.assert(
    fc.property(almost, ([at, value]) => {
      const read = decodeEnvelope(encodeEnvelope(header, body).with(at, value), header.cluster)
      // A byte of the header or the body may be another without a fault; the cluster may not.
      assert.ok('fault' in read || read.cluster === header.cluster)
    }),
  )
})

test('a header has a limit', () => {
  assert.throws(
    () => encodeEnvelope({ ...header, kind: 'k'.repeat(WIRE_HEADER_BYTES) }),
    (error: unknown) => error instanceof RangeError,
  )
})

test('ids of nodes', () => {
  for (const id of ['n1', 'N_1-a', 'x'.repeat(64)]) assert.ok(isNodeId(id), id)
  for (const id of ['', 'a.b', 'a b', '*', '>', 'ä', 'x'.repeat(65), 7, null]) assert.not.ok(isNodeId(id), String(id))
})

test('JSON of a peer', () => {
  assert.equal(readJson(writeJson({ a: [1, 'ä'] })), { a: [1, 'ä'] })
  assert.is(readJson(Uint8Array.of(0x7b)), null)
  assert.is(readJson(Uint8Array.of(0x22, 0xff, 0x22)), null)
})

test.run()
