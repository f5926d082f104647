/** State ten times as large as its memory, on a node: the same rows as with memory for all of it, also when it is closed in the middle. */
// Deadline: 300 s
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openNode } from '../../runtime/index.ts'

const module = new URL('large-state-topologies.ts', import.meta.url)

interface How {
  readonly stateBytes?: number
  /** After so many rows it is closed and opened again. */
  readonly closings: readonly number[]
}

async function rowsOf(name: string, { stateBytes, closings }: How): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'allsource-large-'))
  const limits = stateBytes === undefined ? {} : { stateBytes }
  const open = (): ReturnType<typeof openNode> => openNode({ directory, workers: 1, shards: 1, durability: 'os', limits })
  try {
    let node = await open()
    await node.deploy(module, { export: name })
    for (const rows of closings) {
      for (;;) {
        const [status] = await node.topologies()
        if (status !== undefined && status.rowsIn >= rows) break
        await new Promise(resolve => setTimeout(resolve, 5))
      }
      await node.close()
      node = await open()
    }
    const ended = await node.topologyEnded(name)
    assert.is(ended.status, 'ended')
    const rows: string[] = []
    for await (const { key, value } of node.state(name).list()) rows.push(JSON.stringify([key, value]))
    await node.close()
    return rows
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

for (const name of ['counting', 'hopping'])
  test(`${name}: 1 MiB for some 10 MiB of state gives the same`, async () => {
    const whole = await rowsOf(name, { closings: [] })
    assert.ok(whole.length > 0)
    assert.equal(await rowsOf(name, { stateBytes: 1024 * 1024, closings: [30_000, 70_000] }), whole)
  })

test.run()
