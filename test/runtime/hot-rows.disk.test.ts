/** What is hot in a node on disk, whose pipelines fold in threads of their own; and what becomes of it when such a thread dies. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openNode } from '../../runtime/index.ts'
import { topologyModule, until } from './deployed-node.ts'
import { hotRowsTests, type OpenNode } from './hot-rows-tests.ts'

let directory = ''
test.before.each(() => {
  directory = mkdtempSync(join(tmpdir(), 'allsource-hot-'))
})
test.after.each(() => rmSync(directory, { recursive: true, force: true }))

const open: OpenNode = options => openNode({ directory, partitions: 4, shards: 2, workers: 1, ...options })

hotRowsTests(open)

test('when the thread that folds dies, what was not durable is seen no more, and comes again', async () => {
  const node = await open({ epochMs: 1_000_000 })
  await node.deploy(topologyModule('traps'), { export: 'exiting' })
  const state = node.state('exits')
  const paid = (customer: string, cents: number) => node.appendToStream(customer, { type: 'paid', data: { customer, cents } })
  await paid('c1', 5)
  await until(() => state.peek(['c1', 5]) !== undefined)
  const seen = state.peek(['c1', 5])!
  assert.is(seen.durable, false)
  await paid('c2', 13)
  await until(() => state.peek(['c1', 5]) === undefined)
  await paid('c3', 6)
  // The row that kills is given up after two deaths.
  await until(() => state.peek(['c3', 6]) !== undefined)
  assert.equal(state.peek(['c1', 5])!.value, { cents: 5 })
  assert.is(state.peek(['c2', 13]), undefined)
  await node.close()
})

test.run()
