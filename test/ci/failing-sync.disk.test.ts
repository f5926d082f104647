/** A disk whose syncs fail, by libfiu: writing stops for good, reading goes on, and nothing acknowledged is lost. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { expectStopped, expectWhole, works, writeUntilRefused } from './faults.ts'

const writer = join(import.meta.dirname, 'writer.ts')
// Without libfiu (fiu-utils, which .ci/run installs) there is no way to make a sync fail.
const testFaulty = works('fiu-run', '-x', 'true') ? test : test.skip

for (const once of [false, true]) {
  testFaulty(
    `${once ? 'one failing sync' : 'failing syncs'}: no append is taken after it, and none that was answered is lost`,
    async () => {
      const root = mkdtempSync(join(tmpdir(), 'allsource-sync-'))
      const directory = join(root, 'store')
      const fault = `enable name=posix/io/sync/*${once ? ',onetime' : ''}`
      const written = await writeUntilRefused(['fiu-run', '-x', '-f', join(root, 'fiu'), process.execPath, writer, directory], child => {
        sleep(300).then(
          () => {
            const { status, stderr } = spawnSync('fiu-ctrl', ['-f', join(root, 'fiu'), '-c', fault, String(child.pid)], {
              encoding: 'utf8',
            })
            assert.is(status, 0, stderr)
          },
          () => undefined,
        )
      })
      expectStopped(written)
      await written.stop()
      await expectWhole(directory, written.acknowledged)
      rmSync(root, { recursive: true })
    },
  )
}

test.run()
