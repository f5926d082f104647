/** Keys of projections: bytes that come back as the key, and sort as the values do. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeRowKey, encodeRowKey } from '../../store/row-key.ts'

const scalar = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.constantFrom('', '\0', 'a', 'a\0', 'a\0b', 'ab', 'é', '😀', '\uffff'),
)
const key = fc.array(fc.oneof(scalar, fc.array(scalar, { maxLength: 3 })), { maxLength: 4 })

const kindOf = (value: unknown): number =>
  value === null ? 0 : value === false ? 1 : value === true ? 2 : typeof value === 'number' ? 3 : typeof value === 'string' ? 4 : 5

function compare(a: unknown, b: unknown): number {
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
      const order = compare(a[i], b[i])
      if (order !== 0) return order
    }
    return a.length - b.length
  }
  if (kindOf(a) !== kindOf(b)) return kindOf(a) - kindOf(b)
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string))
  return typeof a === 'number' ? a - (b as number) : 0
}

const wellFormed = (value: unknown): boolean => JSON.stringify(value).isWellFormed() && !/\\ud[89a-f]/i.test(JSON.stringify(value))

test('come back as they were', () => {
  fc.assert(
    fc.property(key.filter(wellFormed), values => {
      const back = decodeRowKey(encodeRowKey(values))
      assert.equal(JSON.stringify(back), JSON.stringify(values).replaceAll('-0', '-0'))
    }),
    { seed: 4, numRuns: 500 },
  )
  assert.equal(decodeRowKey(encodeRowKey([{ b: 1, a: [{ d: 1, c: 2 }] }])), [{ a: [{ c: 2, d: 1 }], b: 1 }])
})

test('sort as their values', () => {
  fc.assert(
    fc.property(key.filter(wellFormed), key.filter(wellFormed), (a, b) => {
      assert.is(Math.sign(Buffer.compare(encodeRowKey(a), encodeRowKey(b))), Math.sign(compare(a, b)), JSON.stringify([a, b]))
    }),
    { seed: 4, numRuns: 2000 },
  )
})

test('make one key of equal values, however they are written', () => {
  assert.equal(encodeRowKey([-0]), encodeRowKey([0]))
  assert.equal(encodeRowKey([{ a: 1, b: { c: 1, d: 2 } }]), encodeRowKey([{ b: { d: 2, c: 1 }, a: 1 }]))
  assert.equal(encodeRowKey([undefined, Number.NaN]), encodeRowKey([null, null]))
})

test('a key of more elements begins with the bytes of those of less', () => {
  fc.assert(
    fc.property(key, key, (a, b) => {
      const whole = encodeRowKey([...a, ...b])
      assert.equal(Buffer.from(whole.subarray(0, encodeRowKey(a).length)), Buffer.from(encodeRowKey(a)))
    }),
    { seed: 4, numRuns: 200 },
  )
})

test.run()
