/** A block gives back what was put into it, plain or compressed, and notices every byte that is not as it was written. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../../event/error.ts'
import { TextHash } from '../../../event/hash.ts'
import { encodings } from '../../../event/payload.ts'
import { Block, BLOCK_EVENTS_MAX, BLOCK_HEADER_BYTES, damageOf } from '../../../store/log/block.ts'
import { BlockBuilder } from '../../../store/log/block-builder.ts'

interface Row {
  readonly stream: string
  readonly type: string
  readonly version: number
  readonly stamp: number
  readonly encoding: number
  readonly data: Buffer
  readonly extras: Buffer
}

const text = fc.oneof(fc.string({ minLength: 1 }), fc.string({ unit: 'grapheme', minLength: 1 })).filter(each => each.isWellFormed())
const bytes = (maxLength: number): fc.Arbitrary<Buffer> => fc.uint8Array({ maxLength }).map(each => Buffer.from(each))
const data = fc.oneof(
  { weight: 4, arbitrary: bytes(200) },
  { weight: 1, arbitrary: fc.nat(30_000).map(size => Buffer.alloc(size, 'compressible ')) },
)
const rows = fc.array(text, { minLength: 1, maxLength: 70 }).chain(streams =>
  fc
    .array(
      fc.record({
        stream: fc.constantFrom(...streams),
        type: text,
        version: fc.integer({ min: 1, max: 0x7fffffff }),
        step: fc.nat(100_000),
        encoding: fc.nat(2),
        data,
        extras: fc.oneof(fc.constant(Buffer.alloc(0)), bytes(60)),
      }),
      {
        minLength: 1,
        maxLength: BLOCK_EVENTS_MAX,
      },
    )
    .map(list => {
      let stamp = 2 ** 50
      return list.map(({ step, ...row }): Row => ({ ...row, stamp: (stamp += 1 + step) }))
    }),
)

/** Hash words of a name; those that pick the slot are the same for all when told. */
function hashOf(name: string, collide: boolean): [number, number, number] {
  const { lo, hi, check } = new TextHash(1, 2).text(name)
  return [collide ? 5 : lo, hi, check]
}

function build(
  builder: BlockBuilder,
  list: readonly Row[],
  options: { firstSequence: number; previousCrc: number; compress: boolean; collide?: boolean },
): Buffer {
  builder.begin(options.firstSequence)
  for (const row of list) {
    const source = Buffer.concat([Buffer.from(row.stream), Buffer.from(row.type), row.data, row.extras])
    const streamBytes = Buffer.byteLength(row.stream)
    const typeBytes = Buffer.byteLength(row.type)
    const stream = builder.stream(...hashOf(row.stream, options.collide ?? false), source, 0, streamBytes)
    const type = builder.type(source, streamBytes, typeBytes)
    const at = streamBytes + typeBytes
    builder.add(
      { stream, type, version: row.version, stamp: row.stamp, encoding: row.encoding },
      source,
      at,
      row.data.length,
      at + row.data.length,
      row.extras.length,
    )
  }
  return builder.seal(options.previousCrc, options.compress)
}

function same(block: Block, list: readonly Row[]): void {
  list.forEach((row, i) => {
    assert.equal(
      [block.streamOf(i), block.typeOf(i), block.versionAt(i), block.stampAt(i), block.encodingOf(i)],
      [row.stream, row.type, row.version, row.stamp, encodings[row.encoding]],
    )
    assert.ok(row.data.equals(block.bytes.subarray(block.dataStart(i), block.dataEnd(i))), `data of row ${i}`)
    assert.ok(row.extras.equals(block.bytes.subarray(block.extrasStart(i), block.extrasEnd(i))), `extras of row ${i}`)
  })
  for (const stream of new Set(list.map(row => row.stream))) {
    assert.equal(
      block.rowsOf(stream),
      list.flatMap((row, i) => (row.stream === stream ? [i] : [])),
    )
  }
  assert.equal(block.rowsOf('a stream that is not there'), [])
}

test('what is built, block after block by one builder, is what is read, plain and compressed', () => {
  const builder = new BlockBuilder(4095)
  fc.assert(
    fc.property(rows, fc.boolean(), fc.boolean(), fc.integer({ min: 0, max: 0xffffffff }), (list, compress, collide, previousCrc) => {
      const firstSequence = 2 ** 40 + list.length
      const value = build(builder, list, { firstSequence, previousCrc, compress, collide })
      assert.is(builder.streams, new Set(list.map(row => row.stream)).size)
      const block = new Block(9, value)
      assert.equal(
        [block.number, block.partition, block.count, block.previousCrc, block.storedBytes],
        [9, 4095, list.length, previousCrc, value.length],
      )
      assert.equal([block.firstSequence, block.lastSequence], [firstSequence, firstSequence + list.length - 1])
      assert.equal([block.firstStamp, block.lastStamp], [list[0]!.stamp, list.at(-1)!.stamp])
      assert.is(block.crc, value.readUInt32LE(4))
      same(block, list)
    }),
    { numRuns: 200, seed: 1 },
  )
})

const row = (n: number, more: Partial<Row> = {}): Row => ({
  stream: 's',
  type: 't',
  version: n + 1,
  stamp: 1000 + n,
  encoding: 0,
  data: Buffer.from(`{"n":${n}}`),
  extras: Buffer.alloc(0),
  ...more,
})

test('a block of one event of a mebibyte, and of 64 streams and types with names of 512 and 256 bytes', () => {
  const builder = new BlockBuilder(0)
  for (const compress of [true, false]) {
    for (const fill of ['a', Buffer.from(Array.from({ length: 1009 }, (_, n) => (n * 7919) >> 2))]) {
      const list = [row(0, { data: Buffer.alloc(1 << 20, fill), extras: Buffer.alloc(70_000, 'x') })]
      same(new Block(0, build(builder, list, { firstSequence: 1, previousCrc: 0, compress })), list)
    }
    const many = Array.from({ length: 64 }, (_, n) => row(n, { stream: `${n}`.padEnd(512, 's'), type: `${n}`.padEnd(256, 't') }))
    same(new Block(0, build(builder, many, { firstSequence: 1, previousCrc: 0, compress })), many)
  }
})

test('compression is used when it pays', () => {
  const builder = new BlockBuilder(0)
  const list = Array.from({ length: 60 }, (_, n) => row(n))
  const plain = build(builder, list, { firstSequence: 1, previousCrc: 0, compress: false })
  const packed = build(builder, list, { firstSequence: 1, previousCrc: 0, compress: true })
  assert.ok(packed.length < plain.length * 0.6, `${packed.length} of ${plain.length}`)
  assert.is(new Block(0, packed).rawBytes, new Block(0, plain).rawBytes)
  const tiny = [row(0)]
  assert.is(
    build(builder, tiny, { firstSequence: 1, previousCrc: 0, compress: true }).length,
    build(builder, tiny, { firstSequence: 1, previousCrc: 0, compress: false }).length,
  )
})

test('every flipped bit and every cut is noticed, and named DAMAGED', () => {
  const builder = new BlockBuilder(3)
  for (const compress of [true, false]) {
    const list = Array.from({ length: 12 }, (_, n) => row(n, { extras: Buffer.from([2, n]) }))
    const value = build(builder, list, { firstSequence: 5, previousCrc: 77, compress })
    assert.is(damageOf(value), null)
    for (let byte = 0; byte < value.length; byte++) {
      for (const bit of [1, 128]) {
        const other = Buffer.from(value)
        other[byte]! ^= bit
        assert.is.not(damageOf(other), null, `byte ${byte}`)
        if (byte % 16 === 0)
          assert.throws(
            () => new Block(0, other),
            (error: unknown) => isEventStoreError(error, 'DAMAGED'),
          )
      }
    }
    for (let length = 0; length < value.length; length++) assert.is.not(damageOf(value.subarray(0, length)), null, `cut at ${length}`)
    assert.is.not(damageOf(Buffer.concat([value, Buffer.alloc(1)])), null)
    assert.is.not(damageOf(Buffer.alloc(BLOCK_HEADER_BYTES)), null)
  }
})

test.run()
