/** Emmett over a node on disk and over one that is asked: the suite, the same bigints after opening it again, and the page of the example. */
// Deadline: 300 s
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { connect, type RemoteTenant } from '../../client/index.ts'
import { getAllsourceEventStore } from '../../examples/emmett/emmett-event-store.ts'
import { type Node, openNode } from '../../runtime/index.ts'
import { booked, opened } from './emmett/given.ts'
import { emmettContract } from './emmett/suite.ts'
import { runPage } from './readme-commands.ts'

const root = mkdtempSync(join(tmpdir(), 'allsource-emmett-'))
const nodes: Node[] = []
const clients: RemoteTenant[] = []

test.after(async () => {
  for (const opened of [...clients, ...nodes]) await opened.close()
  rmSync(root, { recursive: true })
})

emmettContract(test, 'disk', async () => {
  nodes.push(await openNode({ directory: join(root, 'suite'), partitions: 8, shards: 2, durability: 'os' }))
  return getAllsourceEventStore(nodes[0]!)
})

emmettContract(test, 'asked over HTTP', async () => {
  const node = await openNode({ directory: join(root, 'asked'), partitions: 8, shards: 2, durability: 'os' })
  nodes.push(node)
  const { addresses } = await node.serve({ port: 0 })
  clients.push(connect({ url: addresses['http']! }))
  return getAllsourceEventStore(clients[0]!)
})

test('a store that is opened again reads the same, and global positions go on above', async () => {
  const directory = join(root, 'again')
  const node = await openNode({ directory })
  const { lastEventGlobalPosition } = await getAllsourceEventStore(node).appendToStream('evening-1', [opened(), booked('Ada')])
  const before = await getAllsourceEventStore(node).readStream('evening-1')
  await node.close()
  const again = await openNode({ directory })
  nodes.push(again)
  const store = getAllsourceEventStore(again)
  assert.equal(await store.readStream('evening-1'), before)
  const next = await store.appendToStream('evening-2', [opened()])
  assert.ok(next.lastEventGlobalPosition > lastEventGlobalPosition)
})

test('the commands of examples/emmett/README.md do what it says', () => runPage('examples/emmett/README.md'))

test.run()
