/** Our reader of write-ahead files tells whole from torn from damaged, on files that RocksDB wrote. */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkWriteAhead, writeAheadFiles } from '../../store/damage/write-ahead.ts'
import type { Verdict } from '../../store/damage/write-ahead.ts'
import { openRocks } from '../../store/rocks.ts'
import { columns, harm, keyOf, mainFile, onCopy, valueOf, writeDatabase } from './write-ahead-fixture.ts'

const one = await writeDatabase(400)
const several = await writeDatabase(400, { split: true })
const file = mainFile(one.directory)
const original = readFileSync(file)
const bytes = original.length

/** Where the last record begins: cutting one byte off leaves everything before it. */
const lastStart = ((): number => {
  writeFileSync(file, original.subarray(0, bytes - 1))
  const { goodBytes } = checkWriteAhead(one.directory).files.find(entry => entry.file === file)!
  writeFileSync(file, original)
  return goodBytes
})()

/** The verdict on the database with its main file changed; the file is put back. */
function verdictWith(change: (content: Buffer) => Buffer | void): Verdict {
  harm(file, change)
  const { verdict } = checkWriteAhead(one.directory)
  writeFileSync(file, original)
  return verdict
}

const runs = { seed: 7, numRuns: 60 }

test('files that were closed are clean and count every change', () => {
  const report = checkWriteAhead(one.directory)
  assert.is(report.verdict, 'clean')
  assert.is(
    report.files.reduce((sum, entry) => sum + entry.records, 0),
    one.rows,
  )
  assert.ok(lastStart > 0 && lastStart < bytes)
})

test('several files join', () => {
  const report = checkWriteAhead(several.directory)
  assert.is(report.verdict, 'clean')
  assert.ok(report.files.filter(entry => entry.records > 0).length >= 3, `${report.files.length} files`)
})

test('a database that was opened again is clean', () =>
  onCopy(several, async directory => {
    for (let round = 0; round < 3; round++) {
      const database = await openRocks(directory, { columns })
      const batch = database.batch()
      batch.put('log', keyOf(1_000 + round), valueOf(round))
      database.write(batch, { sync: true })
      await database.close()
      assert.is(checkWriteAhead(directory).verdict, 'clean')
    }
  }))

test('one flipped bit before the last record is damage', () => {
  const property = fc.property(fc.nat(lastStart - 1), fc.nat(7), (at, bit) => {
    assert.is(
      verdictWith(content => {
        content[at]! ^= 1 << bit
      }),
      'damaged',
    )
  })
  fc.assert(property, runs)
})

test('one flipped bit in the last record can not be told from a torn write', () => {
  const property = fc.property(fc.integer({ min: lastStart, max: bytes - 1 }), fc.nat(7), (at, bit) => {
    assert.is(
      verdictWith(content => {
        content[at]! ^= 1 << bit
      }),
      'torn',
    )
  })
  fc.assert(property, runs)
})

test('a file cut anywhere is torn, or clean between two records, never damaged', () => {
  const property = fc.property(fc.nat(bytes), at => {
    const verdict = verdictWith(content => content.subarray(0, at))
    assert.is.not(verdict, 'damaged')
    harm(file, content => content.subarray(0, at))
    const entry = checkWriteAhead(one.directory).files.find(each => each.file === file)!
    writeFileSync(file, original)
    assert.is(verdict, entry.goodBytes === at ? 'clean' : 'torn')
  })
  fc.assert(property, runs)
})

test('a page of zeros in the middle is damage, zeros at the end are a torn tail', () => {
  const property = fc.property(fc.nat(Math.floor(lastStart / 4096) - 1), page => {
    assert.is(
      verdictWith(content => {
        content.fill(0, page * 4096, (page + 1) * 4096)
      }),
      'damaged',
    )
  })
  fc.assert(property, { ...runs, numRuns: 20 })
  assert.is(
    verdictWith(content => Buffer.concat([content, Buffer.alloc(10_000)])),
    'torn',
  )
})

test('pages missing from a large last record are a torn tail, though whole pieces follow them', async () => {
  const large = await writeDatabase(50)
  const last = mainFile(large.directory)
  assert.ok(statSync(last).size > 80_000)
  harm(last, content => {
    content.fill(0, content.length - 50_000, content.length - 46_000)
  })
  assert.is(checkWriteAhead(large.directory).verdict, 'torn')
  rmSync(dirname(large.directory), { recursive: true })
})

test('a file missing between two others is damage', () =>
  onCopy(several, directory => {
    rmSync(checkWriteAhead(directory).files.filter(entry => entry.records > 0)[1]!.file)
    const report = checkWriteAhead(directory)
    assert.is(report.verdict, 'damaged')
    assert.is(report.cut?.at, 0)
  }))

test('an older file cut short is damage and named', () =>
  onCopy(several, directory => {
    const older = checkWriteAhead(directory).files.find(entry => entry.records > 0)!.file
    harm(older, content => content.subarray(0, content.length - 10))
    const report = checkWriteAhead(directory)
    assert.is(report.verdict, 'damaged')
    assert.ok(report.cause.includes(older))
  }))

test('no files, and an empty file, are clean', () =>
  onCopy(one, directory => {
    for (const each of writeAheadFiles(directory)) writeFileSync(each, '')
    assert.is(checkWriteAhead(directory).verdict, 'clean')
    for (const each of writeAheadFiles(directory)) rmSync(each)
    assert.equal(checkWriteAhead(directory).files, [])
  }))

test.after(() => {
  for (const { directory } of [one, several]) rmSync(dirname(directory), { recursive: true })
})
test.run()
