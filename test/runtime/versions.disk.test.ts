/** Versions over a store on disk that is closed and opened again: state of operators that write another version of it, and a rebuild in two lives. */
// Deadline: 300 s
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Node, openNode } from '../../runtime/index.ts'
import { dataOf, listOf, until } from './deployed-node.ts'
import { records, typeHere } from './command-line.ts'
import { payEach, sumsYaml, type VersionedFolder, versionedFolder } from './versioned-folder.ts'

let folder: VersionedFolder
test.before.each(() => {
  folder = versionedFolder()
})
test.after.each(() => folder.remove())

const open = (): Promise<Node> => openNode({ directory: join(folder.path, 'data'), partitions: 2, shards: 1, workers: 1, epochMs: 10 })

const sums = async (node: Node): Promise<unknown[]> => {
  await node.caughtUp()
  return (await listOf(node, 'sums')).map(({ value }) => value)
}
const five = (value: unknown): unknown[] => Array.from({ length: 5 }, () => value)
const statusOf = async (node: Node) => (await node.topologies())[0]!

test('state that the operators of now can not read fails by name, and a rebuild mends it', async () => {
  let node = await open()
  await node.deploy(folder.module)
  await payEach(node, 10)
  assert.equal(await sums(node), five({ total: 200 }))
  // As an older version of this package would have noted it.
  const plan = await node.deployedPlan('sums')
  const { states: _, ...same } = plan
  const layout = { states: { totals: 0 }, generations: {}, cleared: [], forgotten: [] }
  const data = { name: 'sums', deployment: 1, version: 1, module: folder.module.href, plan: same, layout }
  await node.router.append('$topology', { type: 'topology.updated', data }, {}, { scope: '', isSystem: true })
  await node.close()
  node = await open()
  try {
    await until(async () => (await statusOf(node)).status === 'failed')
    const { error } = await statusOf(node)
    assert.is(error?.code, 'INCOMPATIBLE')
    assert.match(error?.message ?? '', /totals/)
    await node.deploy(folder.write('sums.yaml', ...sumsYaml({ version: 2 })), { rebuild: true })
    await until(async () => (await statusOf(node)).version === 2)
    await payEach(node, 5)
    assert.equal(await sums(node), five({ total: 300 }))
    assert.is((await dataOf(node, 'sums')).length, 15)
  } finally {
    await node.close()
  }
})

test('a rebuild goes on in the next life, and the command waits for it', async () => {
  folder.write(
    'slow.ts',
    'export const slow = (state: { total: number }, row: { cents: number }) => {',
    '  for (const end = performance.now() + 4; performance.now() < end; );',
    '  return { total: state.total + row.cents }',
    '}',
  )
  let node = await open()
  await node.deploy(folder.module)
  await payEach(node, 400)
  await sums(node)
  const fold = 'initial: { total: 0 }, with: ./slow.ts#slow'
  await node.deploy(folder.write('sums.yaml', ...sumsYaml({ version: 2, fold })), { rebuild: true })
  const { rebuilding, version } = await statusOf(node)
  assert.equal([version, rebuilding?.from, rebuilding?.to], [1, 1, 2])
  await node.close()
  node = await open()
  await until(async () => (await statusOf(node)).version === 2)
  assert.equal(await sums(node), five({ total: 8000 }))
  assert.is((await dataOf(node, 'sums')).length, 400)
  await node.close()
  folder.write('v3.yaml', ...sumsYaml({ version: 3 }))
  const { exit, output } = await typeHere('deploy v3.yaml --rebuild --json', { workingDirectory: folder.path, openNode })
  const [deployed] = records(output)
  assert.equal([exit, deployed?.['version'], deployed?.['update']], [0, 3, 'rebuilding'])
  const cancelled = await typeHere('rebuild cancel sums --json', { workingDirectory: folder.path, openNode })
  assert.is(records(cancelled.errors)[0]?.['code'], 'NOT_FOUND')
})

test.run()
