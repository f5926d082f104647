/** What a projection was, on a node with workers: the same, and what does not return costs nobody else anything. */
// Deadline: 300 s
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { type Limits, type Node, openNode } from '../../runtime/index.ts'
import { listOf, topologyModule } from './deployed-node.ts'
import { pastStateTests } from './past-state-tests.ts'

const folder = mkdtempSync(join(tmpdir(), 'allsource-past-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))
let stores = 0
const open = (limits: Partial<Limits>): Promise<Node> =>
  openNode({ directory: join(folder, `store-${++stores}`), partitions: 4, shards: 2, workers: 1, epochMs: 5, durability: 'os', limits })

pastStateTests('disk', open)

test('a call that did not return is given up then as now; after a restart it costs the thread, and the topology goes on', async () => {
  const limits = { silentWorkerMs: 500 }
  const directory = join(folder, 'trapped')
  const pay = async (node: Node, cents: number): Promise<string> => {
    const answer = await node.appendToStream('customer-1', { type: 'paid', data: { to: '', customer: `c${cents}`, cents, at: 0 } })
    return answer.duplicate ? '' : answer.position
  }
  const node = await openNode({ directory, partitions: 2, shards: 1, workers: 1, limits })
  await node.deploy(topologyModule('past'), { export: 'trap' })
  await pay(node, 1)
  await pay(node, 13)
  const asOf = await pay(node, 2)
  await node.caughtUp()
  const rows = await listOf(node, 'trapped')
  assert.equal(
    rows.map(({ key }) => key[0]),
    ['c1', 'c2'],
  )
  assert.equal(await Array.fromAsync(node.state('trapped').list({ asOf })), rows)
  await node.close()
  const again = await openNode({ directory, limits })
  try {
    await again.state('trapped').get('c1', { asOf })
    assert.unreachable('the row returned')
  } catch (error) {
    assert.ok(isEventStoreError(error, 'CLOSED'), String(error))
  }
  const third = await pay(again, 3)
  await again.caughtUp()
  assert.is((await again.state('trapped').get('c3'))!.position, third)
  await again.close()
})

test.run()
