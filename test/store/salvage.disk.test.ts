/** After damage: everything is kept aside, the database opens, and what is whole behind the damage comes back but for what is named lost. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { quarantineFolder, salvageWriteAhead, unfinishedSalvages } from '../../store/damage/salvage.ts'
import type { LostStretch, Salvage } from '../../store/damage/salvage.ts'
import { checkWriteAhead } from '../../store/damage/write-ahead.ts'
import { columnOfId } from '../../store/damage/write-batch.ts'
import { compareBytes } from '../../event/compare-bytes.ts'
import { openRocks } from '../../store/rocks.ts'
import { columns, harm, mainFile, onCopy, temporary, valueOf, writeDatabase } from './write-ahead-fixture.ts'

const ROWS = 400
const one = await writeDatabase(ROWS)
const several = await writeDatabase(ROWS, { split: true })
const clock = { now: () => 1_767_225_600_000, monotonic: () => 0, random: (count: number) => new Uint8Array(count) }

interface Outcome {
  readonly before: number
  readonly after: number
  readonly lost: readonly LostStretch[]
}

/** Opens the database that was cut, puts back what is rescued, and counts rows before and after. */
async function putBack(directory: string, salvage: Salvage): Promise<Outcome> {
  const database = await openRocks(directory, { columns })
  const before = database.scan('log', {}).keys.length
  const lost: LostStretch[] = []
  for (const found of salvage.rescue()) {
    if (found.kind === 'lost') {
      lost.push(found.lost)
      continue
    }
    const batch = database.batch()
    for (const row of found.batch.rows) {
      const column = columnOfId(columns, row.columnId)
      assert.ok(column !== undefined && row.kind === 'put')
      batch.put(column, row.key, row.value)
    }
    database.write(batch, { sync: false })
  }
  const { keys, values } = database.scan('log', {})
  for (const [i, key] of keys.entries()) {
    const row = Buffer.from(key).readUInt32BE()
    assert.is(compareBytes(values[i]!, valueOf(row)), 0, `row ${row}`)
  }
  await database.close()
  return { before, after: keys.length, lost }
}

async function salvaged(directory: string): Promise<{ outcome: Outcome; salvage: Salvage; store: string }> {
  const store = temporary()
  const report = checkWriteAhead(directory)
  assert.is(report.verdict, 'damaged')
  const salvage = salvageWriteAhead(report, quarantineFolder(store, directory, clock))
  assert.is.not(checkWriteAhead(directory).verdict, 'damaged')
  const outcome = await putBack(directory, salvage)
  return { outcome, salvage, store }
}

test('a flip in the middle costs its record, and the loss is named', () =>
  onCopy(one, async directory => {
    const file = mainFile(directory)
    harm(file, content => {
      content[Math.floor(content.length / 2)]! ^= 1
    })
    const { outcome, salvage, store } = await salvaged(directory)
    assert.ok(outcome.before > 100 && outcome.before < 300, `${outcome.before} rows before`)
    const lostChanges = outcome.lost.reduce((sum, lost) => sum + lost.nextSequence - lost.firstSequence, 0)
    assert.is(outcome.lost.length, 1)
    assert.is(outcome.after, ROWS - lostChanges)
    assert.ok(lostChanges >= 1 && lostChanges <= 3, `${lostChanges} lost`)
    assert.equal(
      unfinishedSalvages(store).map(each => each.quarantine),
      [salvage.quarantine],
    )
    salvage.finish()
    assert.equal(unfinishedSalvages(store), [])
    rmSync(store, { recursive: true })
  }))

test('an interrupted salvage hands out the same again', () =>
  onCopy(one, async directory => {
    harm(mainFile(directory), content => {
      content.fill(0, 8192, 12_288)
    })
    const { outcome, store } = await salvaged(directory)
    const again = unfinishedSalvages(store)
    assert.is(again.length, 1)
    const second = await putBack(directory, again[0]!)
    assert.equal([second.after, second.lost], [outcome.after, outcome.lost])
    rmSync(store, { recursive: true })
  }))

test('a missing file in the middle: all other rows come back, the gap is named by its changes', () =>
  onCopy(several, async directory => {
    const withRows = checkWriteAhead(directory).files.filter(entry => entry.records > 0)
    const missing = withRows[1]!
    rmSync(missing.file)
    const { outcome, store } = await salvaged(directory)
    assert.equal(
      outcome.lost.map(lost => [lost.firstSequence, lost.nextSequence]),
      [[missing.firstSequence, missing.nextSequence]],
    )
    assert.ok(outcome.after < ROWS && outcome.after > ROWS / 2)
    rmSync(store, { recursive: true })
  }))

test('damage from the first byte on: the database opens empty and all behind it comes back', () =>
  onCopy(one, async directory => {
    harm(mainFile(directory), content => {
      content[4]! ^= 0x40
    })
    const { outcome, store } = await salvaged(directory)
    assert.is(outcome.before, 0)
    assert.is(outcome.after, ROWS - 1)
    assert.is(outcome.lost.length, 1)
    rmSync(store, { recursive: true })
  }))

test('all files are copied before one is changed', () =>
  onCopy(several, async directory => {
    harm(mainFile(directory), content => {
      content[100]! ^= 1
    })
    const report = checkWriteAhead(directory)
    const store = temporary()
    const quarantine = quarantineFolder(store, directory, clock)
    salvageWriteAhead(report, quarantine)
    for (const entry of report.files) assert.ok(readdirSync(quarantine).some(name => entry.file.endsWith(name)))
    assert.is(checkWriteAhead(quarantine).verdict, 'damaged')
    assert.is.not(quarantineFolder(store, directory, clock), quarantine)
    assert.ok(existsSync(join(quarantine, 'salvage.json')))
    rmSync(store, { recursive: true })
  }))

test.after(() => {
  for (const { directory } of [one, several]) rmSync(dirname(directory), { recursive: true })
})
test.run()
