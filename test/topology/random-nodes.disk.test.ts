/** Random topologies on nodes: in memory with any page size and epoch, and on disk, closed and opened again in the middle. */
// Deadline: 300 s
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { randomCase } from './random-cases.ts'
import { runOnNode } from './random-nodes.ts'
import { functions } from './random-options.ts'
import { difference } from './random-runs.ts'

test('a node finds every function that random topologies name', async () => {
  const module = (await import(new URL('random-module.ts?seed=1', import.meta.url).href)) as object
  for (const reference of Object.keys(functions)) assert.ok(reference.slice(1) in module, reference)
})

for (const seed of [2, 8, 20, 31])
  test(`case ${seed} gives the same on every node`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'allsource-random-'))
    try {
      const one = randomCase(seed, { forNode: true })
      const whole = await runOnNode(seed, one, { pageRows: 4096, epochMs: 1000 })
      assert.ok(Object.keys(whole).length > 2)
      assert.is(difference(whole, await runOnNode(seed, one, { pageRows: 1, epochMs: 1 })), undefined, 'pages of 1')
      const closed = await runOnNode(seed, one, { pageRows: 3, stateBytes: 500, epochMs: 2, directory, closings: [5, 40, 1] })
      assert.is(difference(whole, closed), undefined, 'closed and opened')
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })

test.run()
