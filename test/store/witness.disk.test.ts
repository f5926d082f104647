/** The witness under every flipped byte and every cut: it says an older truth or that it is damaged, never something false. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { openWitness, readWitness } from '../../store/damage/witness.ts'
import type { WitnessReading } from '../../store/damage/witness.ts'

const directory = mkdtempSync(join(tmpdir(), 'allsource-witness-'))
const file = join(directory, 'witness-00')
let now = 1_000
const clock = { now: () => now++, monotonic: () => 0, random: (count: number) => new Uint8Array(count) }

test.before.each(() => rmSync(file, { force: true }))
test.after(() => rmSync(directory, { recursive: true }))

const said = (reading: WitnessReading): number | string => (reading.state === 'good' ? reading.testimony.sequences[0]! : reading.state)

/** Writes `values` one after the other; each testimony is [value, 2 × value, 7]. */
function testify(...values: number[]): void {
  const witness = openWitness(file, clock)
  for (const value of values) witness.write(Float64Array.of(value, value * 2, 7), { sync: true })
  witness.close()
}

test('it is missing until it is written, then says the newest', () => {
  assert.is(said(readWitness(file)), 'missing')
  for (const value of [5, 6, 7]) {
    testify(value)
    const reading = readWitness(file)
    assert.is(said(reading), value)
    assert.ok(reading.state === 'good' && !reading.halfDamaged && reading.testimony.sequences.length === 3)
  }
})

test('an open witness reads what it wrote', () => {
  const witness = openWitness(file, clock)
  for (let value = 1; value < 6; value++) {
    witness.write(Float64Array.of(value), { sync: false })
    assert.is(said(witness.read()), value)
  }
  witness.close()
})

test('any flipped byte leaves the newest, or the one before it, or hits bytes that are not used', () => {
  testify(5, 6, 7)
  const content = readFileSync(file)
  let older = 0
  // Both slots whole, and a few places of the gap between them.
  const places = [...Array(100).keys(), 1_000, 60_000, ...Array.from({ length: content.length - 65_536 }, (_, i) => 65_536 + i)]
  for (const at of places) {
    const flipped = Buffer.from(content)
    flipped[at]! ^= 1 << (at % 8)
    writeFileSync(file, flipped)
    const answer = said(readWitness(file))
    assert.ok(answer === 7 || answer === 6, `byte ${at}: ${answer}`)
    if (answer === 6) older++
  }
  assert.is(older, 52, 'each byte of the newest slot counts: 24 + 3 × 8 + 4')
})

test('a file cut at any length says the newest, the one before, or that it is damaged', () => {
  for (const writes of [
    [5, 6],
    [5, 6, 7],
  ]) {
    rmSync(file, { force: true })
    testify(...writes)
    const content = readFileSync(file)
    for (const length of [...Array(60).keys(), 5_000, 65_535, ...Array.from({ length: content.length - 65_536 }, (_, i) => 65_536 + i)]) {
      writeFileSync(file, content.subarray(0, length))
      const answer = said(readWitness(file))
      const expected = length < 52 ? ['damaged'] : writes.slice(-2)
      assert.ok(expected.includes(answer as never), `${length} bytes: ${answer}`)
    }
  }
})

test('both slots bad is damaged, and the next write heals it', () => {
  testify(5, 6)
  const content = readFileSync(file)
  content[10]! ^= 1
  content[65_546]! ^= 1
  writeFileSync(file, content)
  assert.is(said(readWitness(file)), 'damaged')
  testify(8)
  assert.is(said(readWitness(file)), 8)
  writeFileSync(file, '')
  assert.is(said(readWitness(file)), 'damaged')
})

test('a place that can not be written is READ_ONLY', () => {
  const witness = openWitness(join(directory, 'none', 'witness-00'), clock)
  assert.throws(
    () => witness.write(Float64Array.of(1), { sync: true }),
    (error: unknown) => isEventStoreError(error, 'READ_ONLY'),
  )
})

test.run()
