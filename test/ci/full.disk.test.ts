/** A disk that is full, on a small tmpfs: writing stops, reading goes on, and nothing acknowledged is lost. Needs root to mount. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError, openNode } from '../../runtime/index.ts'
import { expectStopped, expectWhole, works, writeUntilRefused } from './faults.ts'

const disk = mkdtempSync(join(tmpdir(), 'allsource-full-'))
const writer = join(import.meta.dirname, 'writer.ts')
const mounted = works('mount', '-t', 'tmpfs', '-o', 'size=200m', 'tmpfs', disk)

test.after(() => {
  if (mounted) spawnSync('umount', [disk])
  rmdirSync(disk)
})

// Without root nothing can be mounted, and a disk of one's own is the only one that may be filled.
const testMounted = mounted ? test : test.skip

testMounted('a full disk stops writing; once there is room again the store opens with all that was acknowledged', async () => {
  // To open again, RocksDB writes once more what its write-ahead file holds.
  const ballast = join(disk, 'ballast')
  writeFileSync(ballast, Buffer.alloc(104 * 1024 * 1024))
  const directory = join(disk, 'store')
  const written = await writeUntilRefused([process.execPath, writer, directory], () => undefined)
  expectStopped(written)
  await written.stop()
  rmSync(ballast)
  await expectWhole(directory, written.acknowledged)
})

testMounted('a store can not be made on a full disk, and says so', async () => {
  rmSync(join(disk, 'store'), { recursive: true, force: true })
  for (let n = 0; n < 200; n++) {
    try {
      writeFileSync(join(disk, `ballast-${n}`), Buffer.alloc(1024 * 1024))
    } catch {
      break
    }
  }
  const thrown: unknown = await openNode({ directory: join(disk, 'other'), partitions: 2, shards: 1 }).then(
    () => null,
    (error: unknown) => error,
  )
  assert.ok(isEventStoreError(thrown, 'READ_ONLY'), String(thrown))
})

test.run()
