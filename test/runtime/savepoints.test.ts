/** Savepoints on a node in memory: what they hold, how one goes back to them, and what is refused. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ErrorCode, type Node, openNode } from '../../runtime/index.ts'
import { dataOf, listOf, refusal } from './deployed-node.ts'
import { appended, payEach, sumsYaml, type VersionedFolder, versionedFolder } from './versioned-folder.ts'

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

const codeOf = async (work: Promise<unknown>): Promise<ErrorCode> => (await refusal(work)).code

const sums = async (): Promise<unknown[]> => {
  await node.caughtUp()
  return (await listOf(node, 'sums')).map(({ value }) => value)
}
const five = (value: unknown): unknown[] => Array.from({ length: 5 }, () => value)

test('what was folded after a savepoint is folded again, and nothing is appended twice', async () => {
  await node.deploy(folder.module)
  await payEach(node, 50)
  assert.equal(await sums(), five({ total: 1000 }))
  const made = await node.savepoint('sums', { label: 'ten each' })
  const { position, epoch } = (await node.topologies())[0]!
  assert.equal([made.topology, made.label, made.version, made.position], ['sums', 'ten each', 1, position])
  assert.ok(made.epoch <= epoch && made.rows >= 10 && made.bytes > 0)
  await payEach(node, 50)
  assert.equal(await sums(), five({ total: 2000 }))
  const told = await dataOf(node, 'sums')
  assert.is(told.length, 100)
  assert.equal(await node.restoreSavepoint('sums', made.id), { name: 'sums', version: 1, status: 'running', update: 'restored' })
  assert.equal(await sums(), five({ total: 2000 }))
  assert.equal(await dataOf(node, 'sums'), told)
  await payEach(node, 5)
  assert.equal(await sums(), five({ total: 2100 }))
  assert.is((await dataOf(node, 'sums')).length, 105)
  assert.equal(await node.savepoints(), [made])
  // Once more, from a topology that has been restored itself.
  await node.restoreSavepoint('sums', made.id)
  assert.equal(await sums(), five({ total: 2100 }))
  assert.is((await dataOf(node, 'sums')).length, 105)
})

test('a paused topology shows the rows of the savepoint at once, and goes on from there', async () => {
  await node.deploy(folder.module)
  await payEach(node, 10)
  await sums()
  const made = await node.savepoint('sums')
  await payEach(node, 10)
  await sums()
  await node.pause('sums')
  assert.is((await node.restoreSavepoint('sums', made.id)).status, 'paused')
  assert.equal(
    (await listOf(node, 'sums')).map(({ value }) => value),
    five({ total: 200 }),
  )
  await node.resume('sums')
  assert.equal(await sums(), five({ total: 400 }))
  assert.is((await dataOf(node, 'sums')).length, 20)
})

test('a topology that has ended or failed goes on from a savepoint', async () => {
  await node.deploy(folder.module)
  await payEach(node, 10)
  await sums()
  const made = await node.savepoint('sums')
  await node.drain('sums')
  await node.topologyEnded('sums')
  await node.restoreSavepoint('sums', made.id)
  await node.topologyEnded('sums')
  assert.equal(
    (await listOf(node, 'sums')).map(({ value }) => value),
    five({ total: 200 }),
  )
  assert.is((await dataOf(node, 'sums')).length, 10)
})

test('one that was made before anything was folded begins at the start', async () => {
  await node.deploy(folder.module)
  const made = await node.savepoint('sums')
  assert.equal([made.position, made.rows], [null, 0])
  await payEach(node, 10)
  await sums()
  await node.restoreSavepoint('sums', made.id)
  assert.equal(await sums(), five({ total: 200 }))
  assert.is((await dataOf(node, 'sums')).length, 10)
})

test('other code sends again what was sent, once that is accepted', async () => {
  await node.deploy(folder.module)
  await payEach(node, 10)
  await sums()
  const made = await node.savepoint('sums')
  await payEach(node, 10)
  await sums()
  await node.undeploy('sums', { keepSavepoints: true })
  assert.equal(await node.savepoints('sums'), [made])
  await node.deploy(folder.module)
  await sums()
  const { code, details } = await refusal(node.restoreSavepoint('sums', made.id))
  assert.equal([code, details['field'], details['steps']], ['INVALID', 'accept', ['told']])
  const before = (await dataOf(node, 'sums')).length
  await node.restoreSavepoint('sums', made.id, { accept: true })
  assert.equal(await sums(), five({ total: 400 }))
  assert.is((await dataOf(node, 'sums')).length, before + 10)
})

test('without sinks that send, another deployment needs no leave', async () => {
  const [rows] = sumsYaml({}).slice(-2)
  const module = folder.write('sums.yaml', ...sumsYaml({ sinks: [rows!] }))
  await node.deploy(module)
  await payEach(node, 10)
  await sums()
  const { id } = await node.savepoint('sums')
  await node.undeploy('sums', { keepSavepoints: true })
  await node.deploy(module)
  await node.restoreSavepoint('sums', id)
  assert.equal(await sums(), five({ total: 200 }))
})

test('state that the version of now can not go on with is named', async () => {
  await node.deploy(folder.module)
  await payEach(node, 10)
  await sums()
  const { id } = await node.savepoint('sums')
  folder.write(
    'sums.yaml',
    ...sumsYaml({
      version: 2,
      fold: 'initial: { total: 5 }, with: ./sums.ts#add, as: state',
      sinks: [appended.replace('total]', 'state]')],
    }),
  )
  await node.deploy(folder.module, { accept: true })
  const { code, details } = await refusal(node.restoreSavepoint('sums', id))
  assert.is(code, 'INVALID')
  const steps = details['steps'] as { id: string; change: string }[]
  assert.equal(
    steps.map(step => `${step.id} ${step.change}`),
    ['totals replay', 'rows dropped'],
  )
})

test('savepoints are dropped one by one, with their topology, and are not more than the limit', async () => {
  await node.close()
  node = await openNode({ memory: true, epochMs: 5, limits: { savepoints: 2 } })
  await node.deploy(folder.module)
  await payEach(node, 5)
  await sums()
  const made = [await node.savepoint('sums'), await node.savepoint('sums')]
  assert.is(new Set(made.map(({ id }) => id)).size, 2)
  assert.is(await codeOf(node.savepoint('sums')), 'TOO_LARGE')
  await node.dropSavepoint('sums', made[0]!.id)
  assert.equal(await node.savepoints('sums'), [made[1]])
  assert.is(await codeOf(node.dropSavepoint('sums', made[0]!.id)), 'NOT_FOUND')
  assert.is(await codeOf(node.restoreSavepoint('sums', made[0]!.id)), 'NOT_FOUND')
  assert.is(await codeOf(node.restoreSavepoint('others', made[1]!.id)), 'NOT_FOUND')
  assert.is(await codeOf(node.savepoint('others')), 'NOT_FOUND')
  assert.is(await codeOf(node.savepoint('sums', { label: '' })), 'INVALID')
  await node.undeploy('sums')
  assert.equal(await node.savepoints(), [])
})

test('each tenant has its own', async () => {
  const acme = node.tenant('acme')
  for (const store of [node, acme]) {
    await store.deploy(folder.module)
    await store.appendToStream('customer-1', { type: 'paid', data: { customer: 'c1', cents: 7 } })
    await store.caughtUp()
  }
  const made = await acme.savepoint('sums')
  assert.equal(await node.savepoints(), [])
  await acme.appendToStream('customer-1', { type: 'paid', data: { customer: 'c1', cents: 7 } })
  await acme.caughtUp()
  await acme.restoreSavepoint('sums', made.id)
  await acme.caughtUp()
  assert.equal((await acme.state('sums').get('c1'))?.value, { total: 14 })
  assert.equal((await node.state('sums').get('c1'))?.value, { total: 7 })
  await node.dropTenant('acme')
  assert.equal(await node.tenant('acme').savepoints(), [])
})

test.run()
