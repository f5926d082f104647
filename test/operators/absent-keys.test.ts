/** The filter over keys on disk: never wrong about one that is there, seldom about one that is not, and bounded. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { AbsentKeys } from '../../operators/keyed/absent-keys.ts'
import { KeyBytes } from '../../operators/keyed/key-bytes.ts'

const bytes = new KeyBytes()
const keyOf = (value: unknown): Uint8Array => bytes.begin(3).value(value).take()

for (const [name, make] of [
  ['numbers', (at: number): unknown => at],
  ['texts', (at: number): unknown => `user-${at}`],
] as const)
  test(`${name} that were added are found, and hardly any others`, () => {
    const keys = new AbsentKeys(1024 * 1024)
    const count = 100_000
    assert.is(keys.mayHold(keyOf(make(1))), false)
    for (let at = 0; at < count; at++) keys.add(keyOf(make(2 * at)))
    let wrong = 0
    for (let at = 0; at < count; at++) {
      assert.is(keys.mayHold(keyOf(make(2 * at))), true)
      if (keys.mayHold(keyOf(make(2 * at + 1)))) wrong++
    }
    assert.is(keys.isFull, false)
    // One layer says yes in vain for about one key in a hundred, and there are four.
    assert.ok(wrong < 0.05 * count, String(wrong))
  })

test('it takes no more memory than it may, and says when that is too little', () => {
  const keys = new AbsentKeys(4096)
  for (let at = 0; at < 20_000; at++) keys.add(keyOf(at))
  assert.is(keys.isFull, true)
  for (let at = 0; at < 20_000; at++) assert.is(keys.mayHold(keyOf(at)), true)
})

test('where everything may be there, everything may', () => {
  const keys = new AbsentKeys(4096)
  keys.everything()
  assert.is(keys.mayHold(keyOf('x')), true)
  assert.is(keys.isFull, true)
})

test.run()
