/** Limits may be replaced, but not by what the formats of requests and blocks can not hold. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { defaultLimits, limitsMost, limitsWith, type Limits } from '../../event/limits.ts'

const isInvalid = (error: unknown): boolean => isEventStoreError(error, 'INVALID')

test('some limits replaced leave the others', () => {
  assert.equal(limitsWith(), defaultLimits)
  assert.equal(limitsWith({ tags: 1 }), { ...defaultLimits, tags: 1 })
})

test('unknown names and numbers that are none are INVALID', () => {
  for (const given of [
    { tag: 1 },
    { toString: 1 },
    { tags: 0 },
    { tags: -1 },
    { tags: 1.5 },
    { tags: Number.NaN },
    { tags: '1' },
    { tags: null },
  ]) {
    assert.throws(() => limitsWith(given as unknown as Partial<Limits>), isInvalid)
  }
})

test('what the formats have no room for is INVALID', () => {
  for (const [name, most] of Object.entries(limitsMost)) {
    assert.is(limitsWith({ [name]: most })[name as keyof Limits], most)
    assert.throws(() => limitsWith({ [name]: most + 1 }), isInvalid)
    assert.ok(defaultLimits[name as keyof Limits] <= most)
  }
  assert.equal(limitsMost, {
    eventBytes: 2 ** 29,
    requestEvents: 65_535,
    requestStreams: 65_535,
    requestBytes: 2 ** 30,
    eventIdBytes: 255,
    hotBytes: 2 ** 32,
  })
})

test.run()
