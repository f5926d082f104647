/** A tenant that is dropped gives its room back to the disk; what it was beside stays. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import { openNode } from '../../runtime/index.ts'

const PAD = 'x'.repeat(900)
const PATIENCE_MS = 60_000

function* filled(count: number): Generator<{ stream: string; event: { type: string; data: unknown } }> {
  for (let i = 0; i < count; i++) yield { stream: `s-${i % 1000}`, event: { type: 'written', data: { i, pad: PAD } } }
}

test('dropping a tenant of 200 MB beside one of 20 MB leaves less than a third of the files', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'allsource-tenant-space-'))
  const open = () => openNode({ directory, partitions: 8, shards: 1, compression: 'none' })
  let node = await open()
  try {
    const bytes = async (): Promise<number> => (await node.stats()).diskBytes
    await node.appendInOrder(filled(20_000))
    await node.tenant('acme').appendInOrder(filled(200_000))
    const before = await bytes()
    await node.dropTenant('acme')
    // What is still in write-ahead files is gone when they are.
    await node.close()
    node = await open()
    for (let waited = 0; (await bytes()) * 3 > before && waited < PATIENCE_MS; waited += 500)
      await new Promise(resolve => setTimeout(resolve, 500))
    assert.ok((await bytes()) * 3 < before, `${before} bytes before, ${await bytes()} after`)
    const report = await node.verify()
    assert.deepEqual(report.damage, [])
    assert.equal(await node.streamVersion('s-7'), 20)
  } finally {
    await node.close()
    rmSync(directory, { recursive: true, force: true })
  }
})

test.run()
