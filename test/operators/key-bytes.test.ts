/** Keys as bytes: they come back as they were, and sort as `compareKeys` does. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { KeyBytes, KeyReader } from '../../operators/keyed/key-bytes.ts'
import { compareKeys } from '../../operators/windows/window-keys.ts'

const bytes = new KeyBytes()
const written = (key: readonly unknown[]): Uint8Array => bytes.begin(7).key(key).take()

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom('', '\0', 'a\0', 'a\0\uffff', '\ud800', '\udc00a', '\ue000', '\u{10000}', '\ufffd'),
)
const value = fc.oneof(text, fc.double({ noNaN: true }), fc.integer(), fc.boolean(), fc.constant(null), fc.jsonValue())

test('a key comes back as it was, with what stands beside it', () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 4 }), fc.integer({ min: 0, max: 0xffff_ffff }), (key, more) => {
      const reader = new KeyReader(bytes.begin(7).number(-1.5).key(key).integer(more).take())
      assert.is(reader.value(), -1.5)
      const read = reader.key(key.length)
      assert.equal(
        read,
        key.map(one => (Object.is(one, -0) ? 0 : one)),
      )
      assert.is(reader.integer(), more)
      assert.ok(reader.isAtEnd)
    }),
    { seed: 4, numRuns: 1000 },
  )
})

test('keys that JSON can not tell apart stay apart', () => {
  const keys = [null, NaN, Infinity, -Infinity, 10n, '10', 10, [NaN], [null], '\ud800', '\ufffd', { $: 1 }, { a: { $: ['number', 'NaN'] } }]
  const texts = keys.map(key => Buffer.from(written([key])).toString('hex'))
  assert.is(new Set(texts).size, keys.length)
  for (const [at, key] of keys.entries()) assert.equal(new KeyReader(Buffer.from(texts[at] as string, 'hex')).value(), key)
})

test('bytes sort as keys do', () => {
  const pairs = fc.integer({ min: 1, max: 3 }).chain(length => {
    const key = fc.array(value, { minLength: length, maxLength: length })
    return fc.oneof(
      fc.tuple(key, key),
      key.chain(one =>
        fc.tuple(
          fc.constant(one),
          fc.array(value, { minLength: length, maxLength: length }).map(two => [...one.slice(0, length - 1), ...two.slice(length - 1)]),
        ),
      ),
    )
  })
  fc.assert(
    fc.property(pairs, ([a, b]) => {
      assert.is(Math.sign(Buffer.compare(written(a), written(b))), Math.sign(compareKeys(a, b)) + 0)
    }),
    { seed: 4, numRuns: 3000 },
  )
})

test('texts sort by code point, where surrogates and zeros are', () => {
  const texts = [
    '',
    '\0',
    '\0\0',
    '\0a',
    'a',
    'a\0',
    'a\0b',
    'aa',
    '\u007f',
    '\u0080',
    '\u07ff',
    '\u0800',
    '\ud7ff',
    '\ue000',
    '\uffff',
    '\ud800',
    '\u{10000}',
    '\u{10ffff}',
    '\udc00',
  ]
  for (const a of texts)
    for (const b of texts)
      assert.is(Math.sign(Buffer.compare(written([a, 1]), written([b, 1]))), Math.sign(compareKeys([a, 1], [b, 1])) + 0)
})

test.run()
