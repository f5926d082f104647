/** New versions of topologies on a node in memory: what goes on with its state, what is made new, and what is refused. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type EventStoreError, type Node, openNode } from '../../runtime/index.ts'
import { fold } from '../../operators/fold.ts'
import type { StateUpgrade } from '../../operators/operator.ts'
import { dataOf, listOf, refusal, until } from './deployed-node.ts'
import { appended, payEach, type Shape, sumsYaml, type VersionedFolder, versionedFolder } from './versioned-folder.ts'

let folder: VersionedFolder
let node: Node
test.before.each(async () => {
  folder = versionedFolder()
  node = await openNode({ memory: true, epochMs: 5 })
})
test.after.each(async () => {
  await node.close()
  folder.remove()
})

const stepsOf = ({ details }: EventStoreError): unknown[] =>
  (details['steps'] as { id: string; change: string }[]).map(({ id, change }) => `${id} ${change}`)

const sums = async (projection = 'sums'): Promise<unknown[]> => {
  await node.caughtUp()
  return (await listOf(node, projection)).map(({ value }) => value)
}
const five = (value: unknown): unknown[] => Array.from({ length: 5 }, () => value)

/** Deploys version 1 and pays each customer twice. */
const begin = async (): Promise<void> => {
  await node.deploy(folder.module)
  await payEach(node, 10)
  assert.equal(await sums(), five({ total: 200 }))
}
const write = (shape: Shape): URL => folder.write('sums.yaml', ...sumsYaml({ version: 2, ...shape }))
const rows = '  rows: { from: totals, projection: { name: sums, key: [customer], value: [total] } }'

test('steps that mean the same go on with their state, and what they sent is not sent again', async () => {
  await begin()
  const filter = '  - { id: some, from: payments, filter: "cents > 0" }'
  const more = '  counted: { from: counts, projection: { name: counts, key: [customer], value: [count] } }'
  const count = '  - { id: counts, from: some, count: { by: [customer] } }'
  const module = write({ steps: [filter, count], from: 'some', sinks: [rows, appended, more] })
  assert.equal(await node.deploy(module), { name: 'sums', version: 2, status: 'running', update: 'upgraded' })
  await payEach(node, 5)
  assert.equal(await sums(), five({ total: 300 }))
  assert.equal(await sums('counts'), five({ count: 1 }))
  assert.is((await dataOf(node, 'sums')).length, 15)
  const [status] = await node.topologies()
  assert.equal([status!.version, status!.rowsIn], [2, 15])
})

test('what would be lost is named and refused, and what ran goes on', async () => {
  await begin()
  const other = '  other: { from: totals, projection: { name: others, key: [customer], value: [total] } }'
  const error = await refusal(node.deploy(write({ fold: 'initial: { euros: 0 }, with: ./sums.ts#inEuros', sinks: [other] })))
  assert.equal([error.code, error.details['field'], stepsOf(error)], ['INVALID', 'accept', ['totals replay', 'rows dropped']])
  assert.equal(
    (await node.topologies()).map(({ version, status }) => [version, status]),
    [[1, 'running']],
  )
  await payEach(node, 5)
  assert.equal(await sums(), five({ total: 300 }))
  const wider = await refusal(node.deploy(write({ types: 'paid, refunded' })))
  assert.equal(stepsOf(wider), ['payments replay'])
})

test('with leave, what is lost begins empty', async () => {
  await begin()
  const other = '  other: { from: totals, projection: { name: others, key: [customer], value: [euros] } }'
  const told = appended.replace('total]', 'euros]')
  const module = write({ fold: 'initial: { euros: 0 }, with: ./sums.ts#inEuros', sinks: [other, told] })
  assert.is((await node.deploy(module, { accept: true })).update, 'upgraded')
  await payEach(node, 5)
  assert.equal(await sums('others'), five({ euros: 1 }))
  assert.is((await refusal(node.state('sums').get('c1'))).code, 'NOT_FOUND')
  assert.is((await dataOf(node, 'sums')).length, 15)
  // Back again, and nothing of the first version is met.
  await node.deploy(folder.write('sums.yaml', ...sumsYaml({ version: 3 })), { accept: true })
  await payEach(node, 5)
  assert.equal(await sums(), five({ total: 100 }))
})

test('a function of the user makes new state of the old', async () => {
  await begin()
  const told = appended.replace('total]', 'euros]')
  const euros = '  rows: { from: totals, projection: { name: sums, key: [customer], value: [euros] } }'
  const fold = 'initial: { euros: 0 }, with: ./sums.ts#inEuros, schemaVersion: 2, upgrade: ./sums.ts#toEuros'
  assert.is((await node.deploy(write({ fold, sinks: [euros, told] }))).update, 'upgraded')
  await payEach(node, 5)
  assert.equal(await sums(), five({ euros: 3 }))
  assert.equal(((await dataOf(node, 'sums')).at(-1) as { euros: number }).euros, 3)
})

test('a function that fails leaves the version before at work, and names the key', async () => {
  await begin()
  const error = await refusal(
    node.deploy(write({ fold: 'initial: { total: 0 }, with: ./sums.ts#add, schemaVersion: 2, upgrade: ./sums.ts#fails' })),
  )
  assert.is(error.code, 'INVALID')
  assert.match(error.message, /not c3/)
  assert.equal([error.details['step'], error.details['key']], ['totals', ['c3']])
  await payEach(node, 5)
  assert.equal(await sums(), five({ total: 300 }))
  assert.equal(
    (await node.topologies()).map(({ version, status }) => [version, status]),
    [[1, 'running']],
  )
  const missing = await refusal(node.deploy(write({ fold: 'initial: { total: 0 }, with: ./sums.ts#gone' })))
  assert.is(missing.code, 'INVALID')
  assert.equal(await sums(), five({ total: 300 }))
})

test('a paused topology takes a version and stays paused', async () => {
  await begin()
  await node.pause('sums')
  await payEach(node, 5)
  const fold = 'initial: { total: 0 }, with: ./sums.ts#add, schemaVersion: 2, upgrade: ./sums.ts#keep'
  const add = 'export const add = (s: { total: number }, { cents }: { cents: number }) => ({ total: s.total + cents })'
  folder.write('sums.ts', add, 'export const keep = <S>(s: S): S => s')
  assert.equal(await node.deploy(write({ fold })), { name: 'sums', version: 2, status: 'paused', update: 'upgraded' })
  assert.equal(
    (await listOf(node, 'sums')).map(({ value }) => value),
    five({ total: 200 }),
  )
  await node.deploy(folder.write('sums.yaml', ...sumsYaml({ version: 3, fold })))
  await node.resume('sums')
  assert.equal(await sums(), five({ total: 300 }))
})

test('the same or an older version, a head, and one that ends by itself are refused', async () => {
  await begin()
  assert.is((await refusal(node.deploy(folder.module))).code, 'INVALID')
  assert.is((await refusal(node.deploy(write({}), { until: 'head' }))).details['field'], 'until')
  await node.deploy(write({}))
  assert.is((await refusal(node.deploy(write({ version: 1 })))).code, 'INVALID')
  await node.drain('sums')
  const { code } = await refusal(node.deploy(write({ version: 3 })))
  assert.is(code, 'INVALID')
})

test('an operator makes its own state new when it writes another version of it', async () => {
  await begin()
  const spec = fold.spec as { stateVersion: number }
  const changed = fold as { upgrades?: Readonly<Record<number, StateUpgrade>> }
  const before = spec.stateVersion
  try {
    spec.stateVersion = before + 1
    changed.upgrades = { [before]: rows => rows }
    assert.is((await node.deploy(write({}))).update, 'upgraded')
    await payEach(node, 5)
    assert.equal(await sums(), five({ total: 300 }))
    assert.is((await dataOf(node, 'sums')).length, 15)
  } finally {
    spec.stateVersion = before
    delete changed.upgrades
  }
})

test('two deploys at once come one after the other', async () => {
  await begin()
  const [second, third] = [2, 3].map(version => folder.write(`v${version}.yaml`, ...sumsYaml({ version })))
  const answers = await Promise.allSettled([node.deploy(third!), node.deploy(second!), node.savepoint('sums'), node.deploy(third!)])
  assert.equal(
    answers.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'rejected'],
  )
  await payEach(node, 5)
  assert.equal(await sums(), five({ total: 300 }))
  assert.is((await node.topologies())[0]!.version, 3)
})

test('one that has ended takes no version, one that has failed is mended by it', async () => {
  await begin()
  await node.deploy(folder.write('rows.yaml', ...sumsYaml({ name: 'rows', sinks: [rows.replace('name: sums', 'name: others')] })))
  await node.drain('rows')
  await node.topologyEnded('rows')
  assert.is((await refusal(node.deploy(folder.write('rows.yaml', ...sumsYaml({ name: 'rows', version: 2 }))))).code, 'INVALID')
  // Its module is gone when it is resumed.
  await node.pause('sums')
  folder.write('sums.ts', 'export const none = 1')
  await node.resume('sums')
  await until(async () => (await node.topologies())[0]!.status === 'failed')
  folder.write('sums.ts', 'export const add = (s: { total: number }, { cents }: { cents: number }) => ({ total: s.total + cents })')
  assert.equal(await node.deploy(write({})), { name: 'sums', version: 2, status: 'running', update: 'upgraded' })
  await payEach(node, 5)
  assert.equal(await sums(), five({ total: 300 }))
})

test.run()
