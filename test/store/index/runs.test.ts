/** Runs of numbers: what is read is what was written, and bytes that are not whole end the walk. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RunReader, RunWriter } from '../../../store/index/runs.ts'

function encoded(numbers: readonly number[]): Uint8Array {
  const writer = new RunWriter()
  writer.begin()
  for (const number of numbers) writer.add(number)
  writer.end()
  return writer.written.slice()
}

function decoded(bytes: Uint8Array, end = bytes.length): number[] {
  const numbers: number[] = []
  new RunReader(bytes).runs(end, (from, to) => {
    for (let number = from; number < Math.min(to, from + 100_000); number++) numbers.push(number)
  })
  return numbers
}

test('reads what was written, however dense', () => {
  const gap = fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 100_000 }))
  const property = fc.property(fc.array(gap, { maxLength: 200 }), fc.boolean(), (gaps, fromZero) => {
    let last = fromZero ? -1 : 6
    const numbers = gaps.map(step => (last += step))
    assert.equal(decoded(encoded(numbers)), numbers)
  })
  fc.assert(property, { seed: 5, numRuns: 300 })
})

test('every number costs two bytes in all, a lone one a few, the same one twice nothing', () => {
  assert.is(encoded(Array.from({ length: 100 }, (_, n) => n)).length, 2)
  assert.is(encoded([30_000]).length, 4)
  assert.equal(decoded(encoded([3, 3, 4, 4, 4, 9])), [3, 4, 9])
  assert.is(encoded([]).length, 0)
})

test('lists stand one behind the other, and words among them', () => {
  const writer = new RunWriter()
  for (const number of [0xffffffff, 0, 0x12345678]) {
    writer.word(number)
    writer.varint(number)
  }
  for (let n = 0; n < 1000; n++) writer.varint(n * 1000)
  const reader = new RunReader(writer.written)
  for (const number of [0xffffffff, 0, 0x12345678]) {
    assert.is(reader.word(), number)
    assert.is(reader.varint(), number)
  }
  for (let n = 0; n < 1000; n++) assert.is(reader.varint(), n * 1000)
  assert.is(reader.ended, true)
})

test('bytes cut short or made up come to an end', () => {
  const whole = encoded([1, 500, 70_000, 70_001])
  for (let cut = 0; cut < whole.length; cut++) decoded(whole.subarray(0, cut), whole.length)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), bytes => {
      decoded(bytes)
    }),
    { seed: 6, numRuns: 200 },
  )
})

test.run()
