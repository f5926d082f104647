/** Subscriptions to the state of a node on disk, and what they say when the thread that folds dies. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openNode } from '../../runtime/index.ts'
import { topologyModule, until } from './deployed-node.ts'
import type { OpenNode } from './hot-rows-tests.ts'
import { Following, paid, subscribeStateTests } from './subscribe-state-tests.ts'

let directory = ''
test.before.each(() => {
  directory = mkdtempSync(join(tmpdir(), 'allsource-subscribe-'))
})
test.after.each(() => rmSync(directory, { recursive: true, force: true }))

const open: OpenNode = options => openNode({ directory, partitions: 4, shards: 2, workers: 1, ...options })

subscribeStateTests(open)

test('rows that were folded and lost with their thread are told of again, as they are', async () => {
  const node = await open({ epochMs: 1_000_000 })
  await node.deploy(topologyModule('traps'), { export: 'exiting' })
  const following = new Following(node.state('exits').subscribe())
  await paid(node, 'c1', 5)
  await until(() => following.seen.length === 1)
  await paid(node, 'c2', 13)
  await until(() => following.seen.filter(({ key }) => key[0] === 'c1').length > 1)
  await paid(node, 'c3', 6)
  await until(() => following.rows.get('["c3",6]') !== undefined && following.rows.get('["c1",5]') !== undefined)
  assert.equal([...following.rows.keys()].sort(), ['["c1",5]', '["c3",6]'])
  await node.close()
  assert.is(await following.ended, 'CLOSED')
})

test.run()
