/** Partitions and categories by the contract's words: programs of others compute them, too. */
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventStoreError } from '../../event/error.ts'
import { defaultLimits } from '../../event/limits.ts'
import { categoryOf, checkStreamId, crc32Text, isSystemStream, partitionKeyOf, partitionOf } from '../../event/stream-id.ts'

test('the checksum of a text is that of zlib', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' })), text => {
      if (text.isWellFormed()) assert.is(crc32Text(text), crc32(text))
    }),
    { numRuns: 500, seed: 1 },
  )
  assert.is(crc32Text('123456789'), 0xcbf43926)
})

const keys: readonly (readonly [stream: string, key: string, category: string])[] = [
  ['order-17', 'order-17', 'order'],
  ['{order-17}payments', 'order-17', 'order'],
  ['payments{order-17}', 'order-17', 'paymentsorder'],
  ['order', 'order', 'order'],
  ['order-17-b', 'order-17-b', 'order'],
  ['-17', '-17', ''],
  ['{}order-1', '{}order-1', 'order'],
  ['{}{a}b-1', '{}{a}b-1', 'ab'],
  ['a{b', 'a{b', 'ab'],
  ['a}b', 'a}b', 'ab'],
  ['}a{b}c', 'b', 'abc'],
  ['{a}{b}-1', 'a', 'ab'],
  ['{a{b}c', 'a{b', 'abc'],
  ['$audit-1', '$audit-1', '$audit'],
  ['{ü}x', 'ü', 'üx'],
]

test('the key stands between the first { and the next }, if not empty; the category before the first dash, without braces', () => {
  for (const [stream, key, category] of keys) {
    assert.is(partitionKeyOf(stream), key, stream)
    assert.is(categoryOf(stream), category, stream)
    for (const partitions of [1, 3, 32, 4096]) assert.is(partitionOf(stream, partitions), crc32(Buffer.from(key)) % partitions, stream)
  }
})

test('streams of the system begin with $', () => {
  assert.is(isSystemStream('$a'), true)
  assert.is(isSystemStream('a$'), false)
  assert.is(isSystemStream('{$a}'), false)
})

test('an id of 1 to 512 bytes of UTF-8 without control characters may name a stream, another not', () => {
  const codeOf = (stream: unknown): string => {
    try {
      checkStreamId(stream, defaultLimits)
      return 'fine'
    } catch (error) {
      return (error as EventStoreError).code
    }
  }
  for (const stream of ['a', '...', '. ', ' ', 'ü'.repeat(256), '😀'.repeat(128), 'x'.repeat(512), 'a\u00a0b', '\u2028', '{', '$x'])
    assert.is(codeOf(stream), 'fine', stream)
  for (const stream of ['', '.', '..', '\t', 'a\u0000', 'a\u007f', 'a\u009f', '\ud83d', '\ude00a', 1, null, undefined, {}, ['a']])
    assert.is(codeOf(stream), 'INVALID', JSON.stringify(stream))
  for (const stream of ['x'.repeat(513), 'ü'.repeat(257), '€'.repeat(171), '😀'.repeat(129)]) assert.is(codeOf(stream), 'TOO_LARGE')
})

test.run()
