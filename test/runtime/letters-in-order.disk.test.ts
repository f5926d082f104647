/** Dead letters in order on disk, where pipelines run in threads and the node is closed and opened again: no row overtakes another of its key. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Node, openNode } from '../../runtime/index.ts'
import { dataOf, topologyModule, until } from './deployed-node.ts'

let directory = ''
test.before(() => void (directory = mkdtempSync(join(tmpdir(), 'allsource-in-order-'))))
test.after(() => rmSync(directory, { recursive: true, force: true }))

const open = (): Promise<Node> => openNode({ directory, partitions: 4, shards: 2, workers: 1, epochMs: 15 })

const rows = Array.from({ length: 600 }, (_, i) => ({
  i,
  key: ['a', 'b', null, 'ключ'][(i * 5) % 4] ?? null,
  n: i % 41 === 7 ? -i : i % 67 === 3 ? 500 : 1,
}))

async function passed(node: Node): Promise<{ i: number; key: string | null }[]> {
  return (await dataOf(node, 'in-order')) as { i: number; key: string | null }[]
}

test('rows that wait, replays and discards outlive the node, each key in its order', async () => {
  let node = await open()
  await node.deploy(topologyModule('in-order'))
  for (let at = 0; at < rows.length; at += 60) {
    await node.appendInOrder(
      rows.slice(at, at + 60).map(data => ({ stream: `made-${data.i % 5}`, event: { type: 'made', data: { ...data } } })),
    )
    const dead = node.deadLetters('in-order')
    if (at % 120 === 0 && at > 0) await dead.replay('all', { set: { n: 2 } })
    // Closed at once: what was sent back and not taken yet is taken at the next open.
    if (at % 180 === 0) {
      await node.close()
      node = await open()
    }
  }
  const discarded = new Set<number>()
  await until(async () => {
    const letters = await Array.fromAsync(node.deadLetters('in-order').list())
    const head = letters.find(({ behind }) => behind === undefined)
    if (head === undefined) return false
    discarded.add(head.row['i'] as number)
    return (await node.deadLetters('in-order').discard(head.id)).letters === 1
  })
  await node.close()
  node = await open()
  await until(async () => {
    await node.deadLetters('in-order').replay('all', { set: { n: 2 } })
    return (await passed(node)).length === rows.length - 1
  })
  const out = await passed(node)
  for (const [key, of] of Map.groupBy(out, one => one.key ?? null))
    assert.equal(of.map(({ i }) => i), rows.filter(row => row.key === key && !discarded.has(row.i)).map(({ i }) => i), String(key)) // prettier-ignore
  await node.close()
})

test.run()
