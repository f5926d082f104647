/** Topologies in lanes over threads: the same results, also when one of the threads is gone. */
// Deadline: 400 s
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Node, openNode } from '../../runtime/index.ts'
import { dataOf, pay, topologyModule } from './deployed-node.ts'
import { spreadSeen, spreadTests } from './spread-tests.ts'

const root = mkdtempSync(join(tmpdir(), 'allsource-spread-'))
let stores = 0
test.after(() => rmSync(root, { recursive: true, force: true }))

const openOnDisk = (directory = join(root, String(stores++))): Promise<Node> =>
  openNode({ directory, partitions: 4, shards: 2, workers: 2, epochMs: 20 })

const wholeRun = spreadTests(() => openOnDisk())

test('goes on after the node was closed, in as many lanes', async () => {
  const whole = await wholeRun()
  const directory = join(root, 'again')
  const first = await openOnDisk(directory)
  await pay(first, 2000)
  await first.deploy(topologyModule('spread'), { workers: 3 })
  await first.close()
  const second = await openOnDisk(directory)
  assert.is((await second.topologies())[0]?.workers, 3)
  await pay(second, 100, 2000)
  await second.drain('spread')
  await second.topologyEnded('spread')
  assert.equal(await spreadSeen(second), whole)
  await second.close()
})

test('a function that ends the thread of a lane costs its row and nothing else', async () => {
  process.env['SPREAD_TRAP'] = 'on'
  try {
    const node = await openOnDisk()
    const items = Array.from({ length: 60 }, (_, i) => {
      return { stream: `customer-${i % 7}`, event: { type: 'paid', data: { customer: `c${i % 7}`, cents: i, at: i * 60_000 } } }
    })
    await node.appendInOrder(items)
    await node.deploy(topologyModule('spread'), { workers: 3 })
    await node.drain('spread')
    const status = await node.topologyEnded('spread')
    assert.equal([status.status, status.rowsIn, status.dead], ['ended', 60, 1])
    const letters = (await dataOf(node, '$dead-letter-spread')) as { step: string; payload: { cents: number } }[]
    assert.equal(
      letters.map(({ step, payload }) => [step, payload.cents]),
      [['spent', 13]],
    )
    await node.close()
  } finally {
    delete process.env['SPREAD_TRAP']
  }
})

test.run()
