/** What is folded from a log that lost something: state that had folded it is folded again, state that is damaged is made anew. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Node, openNode } from '../../runtime/index.ts'
import { checkWriteAhead } from '../../store/damage/write-ahead.ts'
import { quarantineFolder, salvageWriteAhead } from '../../store/damage/salvage.ts'
import { systemClock } from '../../event/clock.ts'
import { examineSums } from '../soak/sums-examined.ts'
import { failure, flipBit, layout, onCopy, readAll, withNode, writeAheadFile } from './stores.ts'

const made = mkdtempSync(join(tmpdir(), 'allsource-folded-losses-'))
let count = 0

test.before(async () => {
  // Opened once only: opening again would move what lies in the write-ahead files elsewhere.
  await withNode({ directory: made, ...layout, epochMs: 20 }, async node => {
    for (let request = 0; request < 120; request++) {
      const data = { lane: request % 7, request, index: 0, cents: request, at: request * 600_000 }
      await node.appendToStream(`lane-${request % 7}`, { type: 'sent.ids', data })
    }
    await node.deploy(new URL('../soak/sums-topology.ts', import.meta.url), { export: 'sums' })
    await expectFolded(node)
    count = (await ofUsers(node)).length
  })
})

test.after(() => rmSync(made, { recursive: true, force: true }))

async function expectFolded(node: Node): Promise<void> {
  assert.equal((await examineSums(node, false)).different, [])
}

const ofUsers = async (node: Node): Promise<unknown[]> => (await readAll(node)).filter(({ type }) => type === 'sent.ids')

test('state that had folded what is lost is folded again', () =>
  onCopy(made, async directory => {
    const file = writeAheadFile(join(directory, 'shard-00'))
    flipBit(file, Math.floor(statSync(file).size / 5))
    await withNode({ directory, ...layout, acceptLoss: true }, async node => {
      assert.ok((await ofUsers(node)).length < count)
      const [topology] = await node.topologies()
      assert.is(topology!.rebuilt, true)
      await expectWindows(node)
    })
  }))

/** Outputs of what is lost were sent before it was lost, so only the windows can equal a replay. */
async function expectWindows(node: Node): Promise<void> {
  const { different } = await examineSums(node, false, 10_000)
  assert.equal(
    different.filter(words => words.startsWith('window')),
    [],
  )
}

test('a damaged state is refused, or kept aside and folded again, and nothing is sent twice', () =>
  onCopy(made, async directory => {
    const file = writeAheadFile(join(directory, 'state'))
    flipBit(file, statSync(file).size >> 1)
    assert.is((await failure('DAMAGED', () => openNode({ directory }))).details['file'], file)
    await withNode({ directory, ...layout, acceptLoss: true }, async node => {
      await expectFolded(node)
      assert.match((await node.stats()).damage[0]!.reason, 'state')
    })
    assert.is(readdirSync(join(directory, 'quarantine')).length, 1)
    await withNode({ directory, ...layout }, async node => {
      await expectFolded(node)
      assert.equal((await node.verify()).damage, [])
    })
  }))

test('a salvage that a crash cut off is taken up at the next open', () =>
  onCopy(made, async directory => {
    const database = join(directory, 'shard-01')
    const file = writeAheadFile(database)
    flipBit(file, statSync(file).size >> 1)
    // As if the process had died after the files were cut and before anything was put back.
    salvageWriteAhead(checkWriteAhead(database), quarantineFolder(directory, database, systemClock))
    await withNode({ directory, ...layout }, async node => {
      const events = await ofUsers(node)
      assert.ok(events.length > count - 20, `${events.length} of ${count}`)
      for (const { partition, sequences } of (await node.stats()).damage) if (sequences) assert.is(partition! % 2, 1)
    })
  }))

test.run()
