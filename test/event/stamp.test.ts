/** Stamps rise whatever the wall clock does; positions are texts that come back as they were and sort as their numbers do. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Clock } from '../../event/clock.ts'
import { isEventStoreError } from '../../event/error.ts'
import { comparePlaces, placeOf, positionOf } from '../../event/position.ts'
import { recordedOf, STAMP_EPOCH_MS, StampClock, stampOf, STAMPS_PER_MS } from '../../event/stamp.ts'

/** A wall clock that shows the times it was given, then stands still. */
const clockOf = (times: readonly number[]): Clock => {
  let next = 0
  return {
    now: () => STAMP_EPOCH_MS + times[Math.min(next++, times.length - 1)]!,
    monotonic: () => 0,
    random: count => new Uint8Array(count),
  }
}

test('a stamp is milliseconds since 2020 times 4096, and tells them again', () => {
  assert.is(STAMP_EPOCH_MS, Date.UTC(2020, 0, 1))
  assert.is(STAMPS_PER_MS, 4096)
  for (const ms of [0, 1, 86_400_000, 200_000_000_000]) {
    const stamp = stampOf(STAMP_EPOCH_MS + ms)
    assert.is(stamp, ms * 4096)
    assert.is(recordedOf(stamp), STAMP_EPOCH_MS + ms)
    assert.is(recordedOf(stamp + 4095), STAMP_EPOCH_MS + ms)
    assert.is(recordedOf(stamp + 4096), STAMP_EPOCH_MS + ms + 1)
  }
  assert.ok(Number.isSafeInteger(stampOf(Date.UTC(2080, 0, 1))))
})

test('stamps rise by as many as were taken, also when the clock goes back, stands still, or more are taken than a millisecond has', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(1000), { minLength: 1 }),
      fc.array(fc.integer({ min: 1, max: 10_000 }), { maxLength: 30 }),
      fc.nat(5_000_000),
      (times, counts, seen) => {
        const stamps = new StampClock(seen, clockOf(times))
        let last = seen
        counts.forEach((count, n) => {
          const first = stamps.take(count)
          assert.ok(first > last)
          assert.ok(first >= times[Math.min(n, times.length - 1)]! * 4096)
          last = first + count - 1
          assert.is(stamps.last, last)
        })
      },
    ),
    { seed: 1 },
  )
})

test('a stamp seen elsewhere is passed, a lower one changes nothing', () => {
  const stamps = new StampClock(0, clockOf([5]))
  stamps.see(1_000_000)
  assert.is(stamps.take(1), 1_000_001)
  stamps.see(10)
  assert.is(stamps.take(1), 1_000_002)
})

const place = fc.record({ stamp: fc.maxSafeNat(), partition: fc.nat(4095), sequence: fc.maxSafeNat() }, { noNullPrototype: true })

test('a position is a text that gives its place again', () => {
  fc.assert(
    fc.property(place, each => {
      assert.equal(placeOf(positionOf(each.stamp, each.partition, each.sequence)), each)
    }),
    { numRuns: 500, seed: 2 },
  )
})

test('places are ordered by stamp, then partition, then sequence', () => {
  fc.assert(
    fc.property(place, place, (a, b) => {
      const wanted =
        a.stamp !== b.stamp
          ? Math.sign(a.stamp - b.stamp)
          : a.partition !== b.partition
            ? Math.sign(a.partition - b.partition)
            : Math.sign(a.sequence - b.sequence)
      assert.is(Math.sign(comparePlaces(a, b)), wanted)
      assert.is(Math.sign(comparePlaces(a, { ...a, sequence: b.sequence })), Math.sign(a.sequence - b.sequence))
    }),
    { seed: 3 },
  )
})

test('what is no position is INVALID', () => {
  const fine = positionOf(stampOf(Date.UTC(2026, 0, 1)), 31, 1000)
  for (const text of [
    '',
    '.',
    fine.slice(1, 3),
    `${fine}.1`,
    ` ${fine}`,
    fine.replace('.', ','),
    fine.replace(/\d/, '-'),
    '9'.repeat(40),
    null,
    undefined,
    7,
    {},
    [fine],
  ]) {
    assert.throws(
      () => placeOf(text as string),
      (error: unknown) => isEventStoreError(error, 'INVALID'),
    )
  }
})

test.run()
