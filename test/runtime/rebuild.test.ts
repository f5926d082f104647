/** A version folded from the first event on beside the one that runs, on a node in memory: what readers and streams see of it. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Node, openNode } from '../../runtime/index.ts'
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

const sums = async (): Promise<unknown[]> => {
  await node.caughtUp()
  return (await listOf(node, 'sums')).map(({ value }) => value)
}
const five = (value: unknown): unknown[] => Array.from({ length: 5 }, () => value)
const write = (shape: Shape): URL => folder.write('sums.yaml', ...sumsYaml({ version: 2, ...shape }))
const rows = '  rows: { from: totals, projection: { name: sums, key: [customer], value: [total] } }'

const status = async () => (await node.topologies())[0]!
const rebuilt = (): Promise<void> => until(async () => (await status()).rebuilding === undefined)

test('a wider version has all from the start, and what was appended is not appended again', async () => {
  await node.appendToStream('refund-1', { type: 'refunded', data: { customer: 'c0', cents: -50 } })
  await node.deploy(folder.module)
  await payEach(node, 50)
  assert.equal(await sums(), five({ total: 1000 }))
  assert.equal(await node.deploy(write({ types: 'paid, refunded' }), { rebuild: true }), {
    name: 'sums',
    version: 1,
    status: 'running',
    update: 'rebuilding',
  })
  await rebuilt()
  assert.equal(await sums(), [{ total: 950 }, ...five({ total: 1000 }).slice(1)])
  assert.is((await dataOf(node, 'sums')).length, 50)
  await payEach(node, 5)
  assert.equal(await sums(), [{ total: 1050 }, ...five({ total: 1100 }).slice(1)])
  const told = (await dataOf(node, 'sums')) as { customer: string; total: number }[]
  assert.is(told.length, 55)
  const last = Object.fromEntries(told.slice(-5).map(({ customer, total }) => [customer, total]))
  assert.equal(last, { c0: 1050, c1: 1100, c2: 1100, c3: 1100, c4: 1100 })
  assert.equal([(await status()).version, (await status()).status], [2, 'running'])
})

test('readers see old rows until they see all of the new ones', async () => {
  await node.deploy(folder.module)
  await payEach(node, 500)
  await sums()
  const euros = rows.replace('total]', 'euros]')
  const fold = 'initial: { euros: 0 }, with: ./sums.ts#inEuros'
  await node.deploy(write({ fold, sinks: [euros, appended.replace('total]', 'euros]')] }), { rebuild: true })
  const seen = new Set<string>()
  await until(async () => {
    for (const { value } of await listOf(node, 'sums')) seen.add(JSON.stringify(value))
    return (await status()).rebuilding === undefined
  })
  assert.equal(await sums(), five({ euros: 100 }))
  for (const value of seen) assert.ok(value === '{"total":10000}' || value === '{"euros":100}', value)
  assert.is((await dataOf(node, 'sums')).length, 500)
})

test('events that come meanwhile are answered for once', async () => {
  await node.deploy(folder.module)
  await payEach(node, 100)
  await node.deploy(write({}), { rebuild: true })
  let paid = 100
  while ((await status()).rebuilding !== undefined) {
    await payEach(node, 5)
    paid += 5
  }
  await payEach(node, 5)
  paid += 5
  assert.equal(await sums(), five({ total: 20 * paid }))
  const told = (await dataOf(node, 'sums')) as { customer: string; total: number }[]
  const ofOne = told.filter(({ customer }) => customer === 'c3').map(({ total }) => total)
  assert.equal(
    ofOne,
    Array.from({ length: paid / 5 }, (_, i) => 100 * (i + 1)),
  )
  assert.is((await status()).version, 2)
})

test('a rebuild is cancelled, and refuses what would disturb it', async () => {
  await node.deploy(folder.module)
  await payEach(node, 50)
  const savepoint = await node.savepoint('sums')
  await node.pause('sums')
  await payEach(node, 50)
  // It waits where the paused one stands; nothing takes its place in the meantime.
  const first = await refusal(node.cancelRebuild('sums'))
  assert.is(first.code, 'NOT_FOUND')
  await node.resume('sums')
  await sums()
  folder.write(
    'slow.ts',
    'export const slow = (state: { total: number }, row: { cents: number }) => {',
    '  for (const end = performance.now() + 5; performance.now() < end; );',
    '  return { total: state.total + row.cents }',
    '}',
  )
  await node.deploy(write({ fold: 'initial: { total: 0 }, with: ./slow.ts#slow' }), { rebuild: true })
  for (const work of [
    node.deploy(write({ version: 3 }), { rebuild: true }),
    node.deploy(folder.module, { accept: true }),
    node.restoreSavepoint('sums', savepoint.id),
    node.drain('sums'),
  ])
    assert.is((await refusal(work)).code, 'INVALID')
  const { rebuilding } = await status()
  if (rebuilding) assert.equal([rebuilding.from, rebuilding.to, rebuilding.done <= rebuilding.total], [1, 2, true])
  await node.cancelRebuild('sums')
  assert.is((await status()).rebuilding, undefined)
  await payEach(node, 5)
  assert.equal(await sums(), five({ total: 2100 }))
  assert.equal([(await status()).version, (await dataOf(node, 'sums')).length], [1, 105])
})

test('one that is paused is taken over where it stands, and stays paused', async () => {
  await node.deploy(folder.module)
  await payEach(node, 50)
  await sums()
  await node.pause('sums')
  await payEach(node, 5)
  await node.deploy(write({ types: 'paid, refunded' }), { rebuild: true })
  await rebuilt()
  assert.equal([(await status()).version, (await status()).status], [2, 'paused'])
  assert.equal(
    (await listOf(node, 'sums')).map(({ value }) => value),
    five({ total: 1000 }),
  )
  await node.resume('sums')
  assert.equal(await sums(), five({ total: 1100 }))
  assert.is((await dataOf(node, 'sums')).length, 55)
})

test('a version that can not be built, or is older, is refused; one that fails is named', async () => {
  await node.deploy(folder.module)
  await payEach(node, 10)
  await sums()
  assert.is((await refusal(node.deploy(write({ fold: 'initial: { total: 0 }, with: ./sums.ts#none' }), { rebuild: true }))).code, 'INVALID')
  assert.is((await status()).rebuilding, undefined)
  await node.deploy(write({ version: 4 }))
  assert.is((await refusal(node.deploy(write({ version: 3 }), { rebuild: true }))).details['field'], 'rebuild')
  // Its own version again: for functions that were mended.
  folder.write(
    'sums.ts',
    'export const add = (state: { total: number }, row: { cents: number }) => ({ total: state.total + 2 * row.cents })',
  )
  await node.deploy(write({ version: 4 }), { rebuild: true })
  await rebuilt()
  assert.equal(await sums(), five({ total: 400 }))
  assert.is((await dataOf(node, 'sums')).length, 10)
})

test('a savepoint of the version before is gone back to, with leave to send again', async () => {
  await node.deploy(folder.module)
  await payEach(node, 10)
  await sums()
  const { id } = await node.savepoint('sums')
  await payEach(node, 10)
  await sums()
  await node.deploy(write({}), { rebuild: true })
  await rebuilt()
  assert.is((await refusal(node.restoreSavepoint('sums', id))).details['field'], 'accept')
  await node.restoreSavepoint('sums', id, { accept: true })
  assert.equal(await sums(), five({ total: 400 }))
  assert.is((await dataOf(node, 'sums')).length, 30)
  await payEach(node, 5)
  assert.equal(await sums(), five({ total: 500 }))
  assert.is((await dataOf(node, 'sums')).length, 35)
})

test('an undeployed topology leaves nothing of its rebuild', async () => {
  await node.deploy(folder.module)
  await payEach(node, 10)
  await node.deploy(write({}), { rebuild: true })
  await node.undeploy('sums')
  assert.equal(await node.topologies(), [])
  await node.deploy(folder.module)
  assert.equal(await sums(), five({ total: 200 }))
})

test.run()
