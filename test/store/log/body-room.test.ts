/** Bodies of blocks in room that is used again. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BodyRoom } from '../../../store/log/body-room.ts'

test('what is taken between two resets does not overlap, and lies at multiples of eight', () => {
  const room = new BodyRoom()
  for (let round = 0; round < 3; round++) {
    room.reset()
    const taken = [5, 0, 100_000, 8, 3_000_000, 2_000_000, 9_000_000].map((bytes, number) => {
      const part = room.take(bytes)
      assert.is(part.length, bytes)
      assert.is(part.byteOffset % 8, 0)
      return part.fill(number)
    })
    for (const [number, part] of taken.entries()) assert.ok(part.every(byte => byte === number))
  }
})

test('after a reset the same bytes are given again', () => {
  const room = new BodyRoom()
  room.take(70_000)
  room.reset()
  const { buffer } = room.take(10)
  room.reset()
  assert.is(room.take(60_000).buffer, buffer)
})

test.run()
