/** A disk that takes no more, played by a limit on the size of files: writing stops with a code, reading goes on, nothing acknowledged is lost. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkWriteAhead } from '../../store/damage/write-ahead.ts'
import { openRocks } from '../../store/rocks.ts'

const writer = fileURLToPath(new URL('./rocks-full-writer.ts', import.meta.url))

test('rocks: a refused write is READ_ONLY, and so is each later one; reads go on; all that was acknowledged is there again', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'allsource-full-'))
  // Node ignores the signal that comes with the limit, so that a write fails as it does on a full disk.
  const { stdout, stderr, status } = spawnSync('sh', ['-c', 'ulimit -f 2000; exec "$0" "$@"', process.execPath, writer, directory], {
    encoding: 'utf8',
  })
  assert.is(status, 0, stderr)
  const end = JSON.parse(stdout) as { acknowledged: number; refusal: string; second: string; readable: number }
  assert.equal([end.refusal, end.second], ['READ_ONLY', 'READ_ONLY'])
  assert.ok(end.acknowledged > 10 && end.acknowledged < 1_000 && end.readable === end.acknowledged, stdout)
  assert.is.not(checkWriteAhead(directory).verdict, 'damaged')
  const database = await openRocks(directory, { columns: { log: 'rising' } })
  assert.ok(database.scan('log', {}).keys.length >= end.acknowledged)
  await database.close()
  rmSync(directory, { recursive: true })
})

test.run()
