/** A store on a read-only mount: opening is refused with READ_ONLY and changes nothing. Needs root to mount. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError, openNode } from '../../runtime/index.ts'

const root = mkdtempSync(join(tmpdir(), 'allsource-read-only-'))
const directory = join(root, 'store')
mkdirSync(directory)
const mount = (...words: readonly string[]): boolean => spawnSync('mount', words, { stdio: 'ignore' }).status === 0
const canMount = mount('--bind', directory, directory)
// Without root nothing can be mounted; a directory without write permission does not stop root and stops others before RocksDB is asked.
const testMounted = canMount ? test : test.skip

test.after(() => {
  if (canMount) spawnSync('umount', [directory])
  rmSync(root, { recursive: true })
})

testMounted('a store on a read-only mount is READ_ONLY at open, made or not', async () => {
  assert.ok(mount('-o', 'remount,ro,bind', directory))
  assert.is(await codeOfOpen(), 'READ_ONLY')
  assert.ok(mount('-o', 'remount,rw,bind', directory))
  const node = await openNode({ directory, partitions: 2, shards: 1 })
  await node.appendToStream('one', { type: 'counted', data: 1 })
  await node.close()
  assert.ok(mount('-o', 'remount,ro,bind', directory))
  assert.is(await codeOfOpen(), 'READ_ONLY')
  assert.ok(mount('-o', 'remount,rw,bind', directory))
  const again = await openNode({ directory })
  assert.is(await again.streamVersion('one'), 1)
  await again.close()
})

async function codeOfOpen(): Promise<string> {
  return openNode({ directory, partitions: 2, shards: 1 }).then(
    () => 'open',
    (error: unknown) => (isEventStoreError(error) ? error.code : String(error)),
  )
}

test.run()
