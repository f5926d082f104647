/** Records as bytes: what is written is read, in one piece or many, and nothing else is taken for a record. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeRecord, pieceHead, type RecordHead, recordKinds, RecordReader } from '../../cluster/record.ts'
import { MESSAGE_BYTES } from '../../cluster/shared-log.ts'
import { isEventStoreError } from '../../event/error.ts'

const hex = fc.uint8Array({ minLength: 8, maxLength: 8 }).map(bytes => Buffer.from(bytes).toString('hex'))
const bytes = (most: number) => fc.uint8Array({ maxLength: most })
const heads: fc.Arbitrary<RecordHead> = fc.record({
  kind: fc.constantFrom(...recordKinds),
  partition: fc.nat(4095),
  index: fc.nat(2 ** 30),
  term: fc.nat(2 ** 30),
  previous: fc.nat(0xffffffff),
  stamp: fc.nat(2 ** 30),
  sequence: fc.nat(2 ** 30),
  cluster: hex,
  node: fc.stringMatching(/^[a-z0-9_-]{1,64}$/),
  incarnation: hex,
})
const rows = fc.array(fc.tuple(bytes(20), bytes(40)), { maxLength: 5 })
const plain = (value: Uint8Array): number[] => [...value]

test('what is written is read, whatever the size of its pieces', () => {
  fc.assert(
    fc.property(heads, rows, fc.array(bytes(400), { maxLength: 6 }), fc.integer({ min: 64, max: 2000 }), (head, given, blocks, size) => {
      const { messages, crc } = encodeRecord(head, given, blocks, size)
      const reader = new RecordReader()
      const records = messages.map(message => reader.add(message))
      assert.ok(records.slice(0, -1).every(record => record === null))
      const record = records.at(-1)!
      for (const [name, value] of Object.entries(head)) assert.is(record[name as keyof RecordHead], value, name)
      assert.is(record.crc, crc)
      assert.equal(
        record.rows.map(([key, value]) => [plain(key), plain(value)]),
        given.map(([key, value]) => [plain(key), plain(value)]),
      )
      assert.equal(record.blocks.map(plain), blocks.map(plain))
      assert.ok(record.blocks.every(block => block.byteOffset % 4 === 0))
      for (const message of messages) assert.is(pieceHead(message).crc, crc)
    }),
  )
})

test('a bit that changed is found, wherever it is', () => {
  fc.assert(
    fc.property(heads, fc.array(bytes(200), { maxLength: 3 }), fc.nat(), fc.nat(7), (head, blocks, at, bit) => {
      const { messages, crc } = encodeRecord(head, [], blocks)
      const changed = Uint8Array.from(messages[0]!)
      changed[at % changed.length]! ^= 1 << bit
      const reader = new RecordReader()
      try {
        const record = reader.add(changed)
        // What stands before the record is looked at by whoever compares it: another index, term, or number of pieces is not this record.
        const piece = pieceHead(changed)
        assert.ok(record === null || record.crc !== crc || piece.index !== head.index || piece.term !== head.term)
      } catch (error) {
        assert.ok(isEventStoreError(error, 'DAMAGED') || isEventStoreError(error, 'INCOMPATIBLE'), String(error))
      }
    }),
  )
})

test('delivery that begins in the middle, or again, gives each record once it is whole', () => {
  const head = { ...fc.sample(heads, 1)[0]!, kind: 'blocks' as const }
  const { messages } = encodeRecord(head, [], [new Uint8Array(5000)], 1000)
  const reader = new RecordReader()
  for (const message of messages.slice(2)) assert.is(reader.add(message), null)
  for (const message of messages.slice(0, 3)) assert.is(reader.add(message), null)
  const read = messages.map(message => reader.add(message))
  assert.is(read.filter(record => record !== null).length, 1)
})

test('what is larger than a message is several', () => {
  const head = fc.sample(heads, 1)[0]!
  const { messages } = encodeRecord(head, [], [new Uint8Array(MESSAGE_BYTES), new Uint8Array(10)])
  assert.is(messages.length, 2)
  assert.ok(messages.every(({ length }) => length <= MESSAGE_BYTES))
})

test.run()
