/** Buckets of durations against a sorted list. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { addDuration, BUCKETS, bucketOf, bucketStart, Durations, ROW } from '../../event/log-buckets.ts'

test('every microsecond has one bucket, and buckets follow each other', () => {
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const [start, next] = [bucketStart(bucket), bucketStart(bucket + 1)]
    assert.ok(next > start)
    assert.ok(bucket < 16 || (next - start) / start <= 1 / 8)
    assert.is(bucketOf(start), bucket)
    assert.is(bucketOf(next - 1), bucket)
  }
  assert.is(bucketStart(BUCKETS), 2 ** 31)
})

test('percentiles are within an eighth of those of the sorted list', () => {
  const us = fc.oneof(fc.nat(40), fc.nat(100_000), fc.nat(2 ** 31 - 1))
  const check = (all: number[], share: number): void => {
    const counts = new Float64Array(3 * ROW)
    for (const one of all) addDuration(counts, ROW, one / 1000)
    const durations = new Durations().add(counts, ROW)
    const sorted = all.toSorted((a, b) => a - b)
    const exact = sorted[Math.max(1, Math.ceil(share * all.length)) - 1]!
    assert.is(durations.count, all.length)
    // Halves of a microsecond may be lost on the way to milliseconds and back.
    const found = durations.percentileMs(share) * 1000
    assert.ok(Math.abs(found - exact) <= exact / 8 + 2, `${found} for ${exact}`)
    assert.ok(counts.subarray(0, ROW).every(count => count === 0) && counts.subarray(2 * ROW).every(count => count === 0))
  }
  fc.assert(fc.property(fc.array(us, { minLength: 1, maxLength: 200 }), fc.double({ min: 0, max: 1, noNaN: true }), check))
})

test('what is shorter than a power of two is counted exactly', () => {
  const counts = new Float64Array(ROW)
  for (const ms of [0.001, 0.063, 0.0641, 0.5, 1.023, 1.025, 2_000]) addDuration(counts, 0, ms)
  const durations = new Durations().add(counts)
  assert.equal(
    [64, 1024, 2048, 2 ** 40].map(us => durations.shorterThan(us)),
    [2, 5, 6, 7],
  )
  assert.ok(Math.abs(durations.sumMs - 2002.676) < 0.01)
})

test('nothing, a clock that went back, and hours', () => {
  assert.is(new Durations().percentileMs(0.5), 0)
  const counts = new Float64Array(ROW)
  addDuration(counts, 0, -5)
  assert.is(new Durations().add(counts).percentileMs(1), 0.0005)
  addDuration(counts, 0, 10 * 3_600_000)
  assert.ok(new Durations().add(counts).percentileMs(1) > 2_000_000)
})

test.run()
