/** A projection deployed over one of its name, on a node in memory: other code, another revision with and without an upgrade, and what is refused. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Node, openNode } from '../../runtime/index.ts'
import { listOf, pay, refusal, topologyModule } from './deployed-node.ts'
import { counted, type ProjectionFolder, projectionFolder } from './projection-folder.ts'

let folder: ProjectionFolder
let node: Node
test.before.each(async () => {
  folder = projectionFolder()
  node = await openNode({ memory: true, epochMs: 5 })
})
test.after.each(async () => {
  await node.close()
  folder.remove()
})

const counts = async (): Promise<unknown[]> => {
  await node.caughtUp()
  return (await listOf(node, 'counted')).map(({ value }) => value)
}

/** The same for each of the five customers. */
const five = (count: number, revision = 1): unknown[] => Array.from({ length: 5 }, () => ({ count, revision }))

test('other code of the same revision goes on where the one before stopped', async () => {
  folder.write('counted.ts', counted())
  await pay(node, 50)
  assert.equal(await node.deploy(folder.module), { name: 'counted', version: 1, status: 'running' })
  assert.equal(await counts(), five(10))
  folder.write('counted.ts', counted({ step: 100 }))
  assert.equal(await node.deploy(folder.module), { name: 'counted', version: 1, status: 'running', update: 'reloaded' })
  assert.equal(await counts(), five(10))
  await pay(node, 5)
  assert.equal(await counts(), five(110))
  const [status] = await node.topologies()
  assert.equal([status!.rowsIn, status!.rowsOut, status!.dead], [55, 55, 0])
})

test('a new revision with an upgrade makes every row new and keeps the position', async () => {
  folder.write('counted.ts', counted())
  await pay(node, 50)
  await node.deploy(folder.module)
  await node.caughtUp()
  const upgrade =
    '(state, revision, key) => (key[0] === "c4" ? null : { count: (state as { count: number }).count * 1000, revision: revision + 1 })'
  folder.write('counted.ts', counted({ revision: 2, upgrade }))
  assert.equal(await node.deploy(folder.module), { name: 'counted', version: 2, status: 'running', update: 'upgraded' })
  assert.equal(await counts(), five(10_000, 2).slice(1))
  await pay(node, 5)
  assert.equal(await counts(), [...five(10_001, 2).slice(1), { count: 1, revision: 2 }])
  assert.is((await node.topologies())[0]!.rowsIn, 55)
  assert.ok((await node.state('counted').get('c0'))!.durable)
})

test('a new revision without one folds from the first event on, and says how far it is', async () => {
  folder.write('counted.ts', counted())
  await pay(node, 50)
  await node.deploy(folder.module)
  await node.caughtUp()
  folder.write('counted.ts', counted({ revision: 3, step: 2 }))
  assert.equal(await node.deploy(folder.module), { name: 'counted', version: 3, status: 'running', update: 'rebuilding' })
  const { rebuilding } = (await node.topologies())[0]!
  if (rebuilding) assert.equal([rebuilding.from, rebuilding.total >= 50, rebuilding.done <= rebuilding.total], [1, true, true])
  assert.equal(await counts(), five(20, 3))
  const [status] = await node.topologies()
  assert.equal([status!.rebuilding, status!.rowsIn, status!.version], [undefined, 50, 3])
})

test('an older revision, other events and a head are refused, and what runs goes on', async () => {
  folder.write('counted.ts', counted({ revision: 2 }))
  await node.deploy(folder.module)
  const bad = [
    ['revision', counted({ revision: 1 }), {}],
    ['revision', counted({ revision: 2, types: "['paid', 'sent']" }), {}],
    ['until', counted({ revision: 2 }), { until: 'head' }],
  ] as const
  for (const [field, text, options] of bad) {
    folder.write('counted.ts', text)
    const { code, details } = await refusal(node.deploy(folder.module, options))
    assert.equal([code, details['field']], ['INVALID', field])
  }
  await pay(node, 5)
  assert.equal(await counts(), five(1, 2))
})

test('an upgrade that fails leaves the old revision at work', async () => {
  folder.write('counted.ts', counted())
  await pay(node, 50)
  await node.deploy(folder.module)
  await node.caughtUp()
  const upgrade = '(state, revision, key) => { if (key[0] === "c3") throw new RangeError("not c3"); return state as never }'
  folder.write('counted.ts', counted({ revision: 2, upgrade }))
  const { code, message, details } = await refusal(node.deploy(folder.module))
  assert.equal([code, details['key']], ['INVALID', ['c3']])
  assert.match(message, /not c3/)
  assert.equal((await node.topologies()).map(({ version, status }) => [version, status]), [[1, 'running']]) // prettier-ignore
  await pay(node, 5)
  assert.equal(await counts(), five(11))
  folder.write('counted.ts', counted({ revision: 2, upgrade: 'state => ({ ...(state as { count: number }), revision: 2 })' }))
  assert.is((await node.deploy(folder.module)).update, 'upgraded')
  assert.equal(await counts(), five(11, 2))
})

test('a paused one takes new code when it is resumed, and a new revision stays paused', async () => {
  folder.write('counted.ts', counted())
  await pay(node, 50)
  await node.deploy(folder.module)
  await node.caughtUp()
  await node.pause('counted')
  await pay(node, 5)
  folder.write('counted.ts', counted({ step: 7 }))
  assert.equal(await node.deploy(folder.module), { name: 'counted', version: 1, status: 'paused', update: 'reloaded' })
  await node.resume('counted')
  assert.equal(await counts(), five(17))
  await node.pause('counted')
  folder.write('counted.ts', counted({ revision: 2 }))
  assert.equal(await node.deploy(folder.module), { name: 'counted', version: 2, status: 'paused', update: 'rebuilding' })
  assert.equal(await listOf(node, 'counted'), [])
  await node.resume('counted')
  assert.equal(await counts(), five(11, 2))
})

test('only projections as code take the place of one another', async () => {
  folder.write('counted.ts', counted())
  await node.deploy(topologyModule('latest'))
  assert.is((await refusal(node.deploy(topologyModule('latest')))).code, 'INVALID')
  folder.write('counted.ts', counted().replace("name: 'counted'", "name: 'latest'"))
  assert.is((await refusal(node.deploy(folder.module))).code, 'INVALID')
  assert.equal((await refusal(node.deploy(topologyModule('latest'), { watch: true }))).details['field'], 'watch')
  folder.write('counted.ts', counted())
  await node.deploy(folder.module, { until: 'head' })
  await node.topologyEnded('counted')
  assert.is((await refusal(node.deploy(folder.module))).code, 'INVALID')
})

test('a module that can not be imported is refused with its file and line', async () => {
  const broken: readonly (readonly [name: string, line: number, text: string, part?: string])[] = [
    ['syntax.ts', 5, counted().replace('revision: 1,', 'revision 1,')],
    ['plain.mjs', 2, 'export const one = 1\nexport default { one two }\n'],
    ['throws-part.ts', 3, counted({ imports: "import './throws.ts'" }), 'throws.ts'],
    ['missing.ts', 2, counted({ imports: "import './none.ts'" })],
    ['no-export.ts', 2, counted({ imports: "import { other } from './part.ts'" })],
    ['spec.ts', 3, counted({ revision: -1 })],
  ]
  folder.write('part.ts', 'export const one = 1\n')
  folder.write('throws.ts', 'export const step = 1\n\nthrow new RangeError("not today")\n')
  for (const [name, line, text, part = name] of broken) {
    folder.write(name, text)
    const { code, details } = await refusal(node.deploy(`${folder.path}/${name}`))
    assert.equal([code, details['line'], details['file']], ['INVALID', line, `${folder.path}/${part}`], name)
  }
  assert.equal(await node.topologies(), [])
})

test('events of a deployment that changed tell it all, and nothing is told of what was refused', async () => {
  folder.write('counted.ts', counted())
  await node.deploy(folder.module)
  folder.write('counted.ts', counted({ revision: 2, upgrade: 'state => state as never' }))
  await node.deploy(folder.module)
  folder.write('counted.ts', counted({ revision: 3 }))
  await node.deploy(folder.module)
  folder.write('counted.ts', counted({ revision: 2 }))
  await refusal(node.deploy(folder.module))
  const told = await Array.fromAsync(node.readStream<{ type: string; data: { version: number } }>('$topology'))
  const kinds = told.map(({ type, data }) => [type, data.version])
  assert.equal(kinds, [['topology.deployed', 1], ['topology.updated', 2], ['topology.deployed', 3]]) // prettier-ignore
})

test.run()
