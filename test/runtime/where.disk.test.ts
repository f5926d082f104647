/** Rows found by the values of their fields, in a node on disk. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import { openNode } from '../../runtime/index.ts'
import { whereTests } from './where-tests.ts'

let directory = ''
test.before.each(() => {
  directory = mkdtempSync(join(tmpdir(), 'allsource-where-'))
})
test.after.each(() => rmSync(directory, { recursive: true, force: true }))

whereTests(options => openNode({ directory, partitions: 4, shards: 2, workers: 1, ...options }))

test.run()
