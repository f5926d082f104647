/** What a leader lets the shared log forget: never what a replica lacks that counts, but for one that lacks too much. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TrimMarks } from '../../../actors/replication/trim-marks.ts'

const MiB = 1024 * 1024

/** Records of so many bytes each; record i stands at 10 i in the log. */
function taken(sizes: readonly number[]): TrimMarks {
  const marks = new TrimMarks()
  for (const [i, bytes] of sizes.entries()) marks.took(i + 1, (i + 1) * 10, bytes)
  return marks
}

test('what all have is forgotten, but for a margin', () => {
  const marks = taken(Array.from({ length: 100 }, () => MiB))
  const before = marks.before(100)!
  assert.is(before, 840)
  assert.is(marks.before(100), null, 'once')
})

test('what one lacks is kept', () => {
  const marks = taken(Array.from({ length: 100 }, () => MiB))
  assert.is(marks.before(0), null)
  assert.is(marks.before(30), 300)
})

test('who lacks more than a gibibyte is not waited for', () => {
  const marks = taken(Array.from({ length: 1100 }, () => MiB))
  assert.is(marks.before(0), 760)
})

test('a record that comes twice counts once', () => {
  const marks = taken(Array.from({ length: 40 }, () => MiB))
  for (let i = 1; i <= 40; i++) marks.took(i, i * 10, MiB)
  assert.is(marks.before(40), 240)
})

test('whatever comes, no record is forgotten that lies behind the index or within the margin', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 8 * MiB }), { maxLength: 200 }), fc.nat(220), (sizes, index) => {
      const before = taken(sizes).before(index)
      if (before === null) return
      const record = before / 10
      const after = sizes.slice(record).reduce((sum, bytes) => sum + bytes, 0)
      assert.ok(record <= index || after >= 1024 * MiB)
      assert.ok(after >= 16 * MiB)
    }),
  )
})

test.run()
