/** A hot slab in one thread against a dumb twin: what it says is there is right, and it never calls absent what only the fold has. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { closeSlab, makeSlab, PAGE_WORDS, slabHash, slabShape } from '../../../store/hot/layout.ts'
import { SlabReader } from '../../../store/hot/slab-reader.ts'
import { SlabWriter } from '../../../store/hot/slab-writer.ts'
import { encodeRowKey, RowKey } from '../../../store/row-key.ts'

const KIB = 1024

function slabOf(bytes: number): { slab: SharedArrayBuffer; writer: SlabWriter; reader: SlabReader } {
  const slab = makeSlab(bytes)
  return { slab, writer: new SlabWriter(slab), reader: new SlabReader(slab) }
}

const keyOf = (...key: unknown[]): RowKey => new RowKey().set(key)
const textOf = (reader: SlabReader): string => reader.bytes.toString('utf8', 0, reader.length)

test('a row is found with its bytes, whether it is durable, and the place it reflects', () => {
  const { writer, reader } = slabOf(256 * KIB)
  assert.is(reader.place, null)
  assert.is(reader.look(keyOf('a')), 'absent')
  writer.put(encodeRowKey(['a']), Buffer.from('{"n":1}'), 1)
  writer.place.set({ stamp: 2 ** 50 + 7, partition: 31, sequence: 2 ** 40 + 3 })
  assert.is(reader.look(keyOf('a')), 'found')
  assert.is(textOf(reader), '{"n":1}')
  assert.is(reader.isDurable, false)
  assert.equal(reader.place, { stamp: 2 ** 50 + 7, partition: 31, sequence: 2 ** 40 + 3 })
  writer.written(1)
  assert.is(reader.look(keyOf('a')), 'found')
  assert.is(reader.isDurable, true)
  assert.is(reader.look(keyOf('b')), 'absent')
  assert.is(reader.look(keyOf('a', 1)), 'absent')
})

test('a deleted row is known to be gone, and an empty value is one', () => {
  const { writer, reader } = slabOf(256 * KIB)
  writer.put(encodeRowKey([]), new Uint8Array(0), 1)
  assert.is(reader.look(keyOf()), 'found')
  assert.is(reader.length, 0)
  writer.put(encodeRowKey([]), undefined, 1)
  assert.is(reader.look(keyOf()), 'deleted')
  writer.put(encodeRowKey([]), Buffer.from('1'), 1)
  assert.is(reader.look(keyOf()), 'found')
  assert.is(textOf(reader), '1')
})

test('closed by its writer or by whoever outlives it, it holds nothing', () => {
  const { slab, writer, reader } = slabOf(256 * KIB)
  writer.put(encodeRowKey(['a']), Buffer.from('1'), 1)
  writer.close()
  assert.is(reader.look(keyOf('a')), 'closed')
  const other = slabOf(256 * KIB)
  other.writer.put(encodeRowKey(['a']), Buffer.from('1'), 1)
  closeSlab(other.slab)
  assert.is(other.reader.look(keyOf('a')), 'closed')
  assert.is(new SlabReader(slab).look(keyOf('a')), 'closed')
})

test('keys of one hash are told apart by their bytes', () => {
  const seen = new Map<number, Uint8Array>()
  let pair: [Uint8Array, Uint8Array] | undefined
  for (let i = 0; pair === undefined && i < 2_000_000; i++) {
    const key = encodeRowKey([createHash('md5').update(String(i)).digest('base64')])
    const hash = slabHash(new RowKey().setBytes(key).words, key.length)
    const before = seen.get(hash)
    if (before) pair = [before, key]
    seen.set(hash, key)
  }
  assert.ok(pair)
  const { writer, reader } = slabOf(256 * KIB)
  const [first, second] = pair
  writer.put(first, Buffer.from('first'), 1)
  const wanted = new RowKey().setBytes(second)
  assert.is(reader.look(wanted), 'absent')
  writer.put(second, Buffer.from('second'), 1)
  assert.is(reader.look(wanted), 'found')
  assert.is(textOf(reader), 'second')
  wanted.setBytes(first)
  assert.is(reader.look(wanted), 'found')
  assert.is(textOf(reader), 'first')
})

test('durable rows make room, others stay and new ones are left out until they are written', () => {
  const { writer, reader } = slabOf(256 * KIB)
  const value = Buffer.alloc(1000, 'x')
  const { pages } = slabShape(256 * KIB)
  const fit = pages * Math.floor(PAGE_WORDS / 320)
  for (let i = 0; i < fit; i++) writer.put(encodeRowKey([i]), value, 1)
  for (let i = 0; i < fit; i++) assert.is(reader.look(keyOf(i)), 'found', String(i))
  writer.put(encodeRowKey(['late']), value, 1)
  assert.is(reader.look(keyOf('late')), 'unsure')
  assert.is(reader.look(keyOf('none')), 'unsure', 'nobody knows which keys were left out')
  writer.written(1)
  assert.is(reader.look(keyOf('late')), 'absent')
  writer.put(encodeRowKey(['new']), value, 2)
  assert.is(reader.look(keyOf('new')), 'found')
  assert.is(writer.rows, fit)
})

test('a row that grows too large for any chunk goes, and one that shrinks comes back', () => {
  const { writer, reader } = slabOf(256 * KIB)
  writer.put(encodeRowKey(['a']), Buffer.from('1'), 1)
  writer.put(encodeRowKey(['a']), Buffer.alloc(PAGE_WORDS * 4), 2)
  assert.is(reader.look(keyOf('a')), 'unsure')
  writer.written(2)
  assert.is(reader.look(keyOf('a')), 'absent')
  writer.put(encodeRowKey(['a']), Buffer.from('2'), 3)
  assert.is(reader.look(keyOf('a')), 'found')
  assert.is(textOf(reader), '2')
  const largest = Buffer.alloc(PAGE_WORDS * 4 - 64, 'y')
  writer.put(encodeRowKey(['a']), largest, 3)
  assert.is(reader.look(keyOf('a')), 'found')
  assert.is(reader.length, largest.length)
})

test('where there is no room for a page, every row is cold', () => {
  for (const bytes of [1, KIB, 64 * KIB]) {
    const { writer, reader } = slabOf(bytes)
    writer.put(encodeRowKey(['a']), Buffer.from('1'), 1)
    assert.is(reader.look(keyOf('a')), 'unsure')
    writer.written(1)
    assert.is(reader.look(keyOf('a')), 'absent')
  }
})

test('memory that moves from one size of rows to another', () => {
  const { writer, reader } = slabOf(1024 * KIB)
  let epoch = 1
  const fill = (size: number, rows: number): void => {
    for (let i = 0; i < rows; i++) {
      writer.put(encodeRowKey([size, i]), Buffer.alloc(size, 'z'), epoch)
      if (i % 16 === 15) writer.written(epoch++)
    }
    writer.written(epoch++)
  }
  fill(40, 20_000)
  fill(3000, 2000)
  let hot = 0
  for (let i = 0; i < 2000; i++) if (reader.look(keyOf(3000, i)) === 'found') hot++
  // Most of the memory, not the one page that a new size begins with.
  assert.ok(hot > 100, `only ${hot} rows of the new size are hot`)
})

interface Put {
  readonly key: number
  readonly size: number | null
}
const put: fc.Arbitrary<Put | 'seal' | 'written'> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ key: fc.nat(400), size: fc.option(fc.oneof(fc.nat(60), fc.nat(3000)), { freq: 6 }) }) },
  { weight: 1, arbitrary: fc.constant('seal' as const) },
  { weight: 1, arbitrary: fc.constant('written' as const) },
)

test('against a twin: found is the newest, absent is durable', () => {
  fc.assert(
    fc.property(fc.array(put, { maxLength: 400, size: 'max' }), fc.constantFrom(1, 100 * KIB, 256 * KIB, 2048 * KIB), (moves, bytes) => {
      const { writer, reader } = slabOf(bytes)
      const newest = new Map<number, { text: string | undefined; epoch: number }>()
      let [epoch, written] = [1, 0]
      for (const [at, move] of moves.entries()) {
        if (move === 'seal') epoch++
        else if (move === 'written') writer.written((written = epoch - 1))
        else {
          const text = move.size === null ? undefined : `${at} `.padEnd(move.size, String.fromCharCode(97 + (at % 26)))
          writer.put(encodeRowKey([move.key]), text === undefined ? undefined : Buffer.from(text), epoch)
          newest.set(move.key, { text, epoch })
        }
      }
      for (let key = 0; key <= 401; key++) {
        const row = newest.get(key)
        const look = reader.look(keyOf(key))
        if (look === 'found') {
          assert.is(textOf(reader), row?.text)
          assert.is(reader.isDurable, row!.epoch <= written)
        } else if (look === 'deleted') assert.ok(row && row.text === undefined)
        else if (look === 'absent') assert.ok(row === undefined || row.epoch <= written, `key ${key} is only in the fold`)
        else assert.is(look, 'unsure')
      }
    }),
    { numRuns: 150 },
  )
})

test('a table that grows keeps its rows', () => {
  const { writer, reader } = slabOf(4096 * KIB)
  const rows = 15_000
  for (let i = 0; i < rows; i++) writer.put(encodeRowKey([`key-${i}`]), Buffer.from(String(i)), 1)
  let found = 0
  for (let i = 0; i < rows; i++) {
    const look = reader.look(keyOf(`key-${i}`))
    if (look !== 'found') continue
    found++
    assert.is(textOf(reader), String(i))
  }
  assert.ok(found > rows * 0.99, `${found} of ${rows}`)
})

test.run()
