/** kill -9 while a loss is being accepted: whoever opens next comes to the same as if nothing had happened. */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fill, flipBit, layout, onCopy, openKilled, readAll, withNode, writeAheadFile } from './stores.ts'

const made = mkdtempSync(join(tmpdir(), 'allsource-killed-salvage-'))
let saved: unknown[] = []

test.before(async () => {
  await withNode({ directory: made, ...layout }, node => fill(node, 200))
  for (const shard of ['shard-00', 'shard-01']) {
    const file = writeAheadFile(join(made, shard))
    flipBit(file, statSync(file).size >> 1)
  }
  saved = await onCopy(made, directory => withNode({ directory, ...layout, acceptLoss: true }, readAll))
})

test.after(() => rmSync(made, { recursive: true, force: true }))

test('a salvage that is killed is done again, to the same end', async () => {
  assert.ok(saved.length > 180 && saved.length < 200, `${saved.length} of 200 were saved undisturbed`)
  for (let round = 0; round < 4; round++) {
    await onCopy(made, async directory => {
      // Starting takes some 200 ms here, opening some 200 more; elsewhere it may fall before or behind.
      const afterMs = 150 + Math.random() * 350
      await openKilled(directory, afterMs)
      await withNode({ directory, ...layout, acceptLoss: true }, async node =>
        assert.equal(await readAll(node), saved, `killed after ${afterMs} ms`),
      )
      await withNode({ directory, ...layout }, async node => {
        assert.equal((await node.verify()).damage, [])
        assert.equal(await readAll(node), saved)
      })
    })
  }
})

test.run()
