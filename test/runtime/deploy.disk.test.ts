/** Deployments of a node on disk: pipelines in threads, kept over a restart, and not brought down by what users write. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openRocks } from '../../store/rocks.ts'
import { encodeTopologyRow, readTopologyRow, type StateColumn, topologyKey } from '../../store/state.ts'
import { type Node, openNode } from '../../runtime/index.ts'
import { dataOf, listOf, pay, topologyModule, until } from './deployed-node.ts'

let directory = ''
test.before.each(() => {
  directory = mkdtempSync(join(tmpdir(), 'allsource-deploy-'))
})
test.after.each(() => rmSync(directory, { recursive: true, force: true }))

const openOnDisk = (silentWorkerMs = 5000): Promise<Node> =>
  openNode({ directory, partitions: 4, shards: 2, workers: 1, epochMs: 20, limits: { silentWorkerMs } })

/** The same in memory, as the answer to be equal to. */
async function inMemory(count: number): Promise<{ rows: unknown; bigs: unknown; letters: number }> {
  const node = await openNode({ memory: true, partitions: 4 })
  await pay(node, count)
  await node.deploy(topologyModule('totals'), { until: 'head' })
  await node.topologyEnded('totals')
  const answer = await seen(node)
  await node.close()
  return answer
}

async function seen(node: Node): Promise<{ rows: unknown; bigs: unknown; letters: number }> {
  return {
    rows: await listOf(node, 'totals'),
    bigs: await dataOf(node, 'big-payments'),
    letters: (await dataOf(node, '$dead-letter-totals')).length,
  }
}

test('gives what a node in memory gives; an ended topology stays readable without its module', async () => {
  const expected = await inMemory(3000)
  const modules = join(fileURLToPath(new URL('.', import.meta.url)), `.copy-${process.pid}`)
  mkdirSync(modules)
  const copy = join(modules, 'totals.ts')
  try {
    copyFileSync(fileURLToPath(topologyModule('totals')), copy)
    const first = await openOnDisk()
    await pay(first, 3000)
    await first.deploy(copy, { until: 'head' })
    assert.is((await first.topologyEnded('totals')).status, 'ended')
    assert.equal(await seen(first), expected)
    await first.close()
  } finally {
    rmSync(modules, { recursive: true, force: true })
  }
  const second = await openOnDisk()
  const [status] = await second.topologies()
  assert.equal([status!.name, status!.status, status!.rowsIn, status!.dead], ['totals', 'ended', 3000, 300])
  assert.equal(await seen(second), expected)
  assert.is((await second.state('totals').get(['c1', 0]))!.durable, true)
  await second.undeploy('totals')
  await second.close()
  const third = await openOnDisk()
  assert.equal(await third.topologies(), [])
  await third.close()
})

test('goes on after a restart where it stopped', async () => {
  const expected = await inMemory(600)
  for (let life = 0; life < 2; life++) {
    const node = await openOnDisk()
    if (life === 0) await node.deploy(topologyModule('totals'))
    await pay(node, 300, life * 300)
    await until(async () => (await node.topologies())[0]!.rowsIn === (life + 1) * 300)
    await node.close()
  }
  const node = await openOnDisk()
  assert.equal(
    (await node.topologies()).map(({ status, rowsIn }) => [status, rowsIn]),
    [['running', 600]],
  )
  assert.equal(await dataOf(node, 'big-payments'), expected.bigs)
  assert.is((await dataOf(node, '$dead-letter-totals')).length, expected.letters)
  await node.close()
})

test('stands still with resume: false, and goes on when it is opened with it', async () => {
  const first = await openOnDisk()
  await first.deploy(topologyModule('totals'))
  await first.close()
  const still = await openNode({ directory, resume: false })
  await pay(still, 50)
  const [status] = await still.topologies()
  assert.equal([status?.status, status?.rowsIn, (status?.lagEvents ?? 0) >= 50], ['running', 0, true])
  await still.close()
  const again = await openOnDisk()
  await until(async () => (await again.topologies())[0]?.rowsIn === 50)
  await again.close()
})

test('folds again from the start what is ahead of the log, says so, and sends nothing twice', async () => {
  const expected = await inMemory(500)
  const first = await openOnDisk()
  await pay(first, 500)
  await first.deploy(topologyModule('totals'), { until: 'head' })
  await first.topologyEnded('totals')
  await first.close()
  const state = await openRocks<StateColumn>(join(directory, 'state'), { columns: { state: 'scattered', meta: 'small' } })
  const row = readTopologyRow(state, 'totals')!
  const batch = state.batch()
  batch.put('meta', topologyKey('totals'), encodeTopologyRow({ ...row, sequences: { ...row.sequences, 1: 1_000_000 } }))
  state.write(batch, { sync: true })
  await state.close()
  const second = await openOnDisk()
  const status = await second.topologyEnded('totals')
  assert.equal([status.status, status.rebuilt, status.rowsIn], ['ended', true, 500])
  assert.equal(await seen(second), expected)
  await second.close()
})

test('a running topology whose module is gone has failed, and runs again when it is back', async () => {
  const modules = join(fileURLToPath(new URL('.', import.meta.url)), `.gone-${process.pid}`)
  mkdirSync(modules)
  const copy = join(modules, 'totals.ts')
  const original = fileURLToPath(topologyModule('totals'))
  try {
    copyFileSync(original, copy)
    const first = await openOnDisk()
    await pay(first, 50)
    await first.deploy(copy)
    await first.close()
    rmSync(copy)
    const second = await openOnDisk()
    const failed = await second.topologyEnded('totals')
    assert.equal([failed.status, failed.error?.code], ['failed', 'INVALID'])
    await second.close()
    copyFileSync(original, copy)
    const third = await openOnDisk()
    await until(async () => (await third.topologies())[0]!.rowsIn === 50)
    assert.is((await third.topologies())[0]!.status, 'running')
    await third.close()
  } finally {
    rmSync(modules, { recursive: true, force: true })
  }
})

for (const [trap, exportName] of [
  ['hangs', 'hanging'],
  ['exits', 'exiting'],
] as const) {
  test(`a function that ${trap} costs its row, after two strikes, and nothing else`, async () => {
    const node = await openOnDisk(400)
    const items = Array.from({ length: 40 }, (_, cents) => ({
      stream: 'customer-1',
      event: { type: 'paid', data: { customer: 'x', cents } },
    }))
    await node.appendInOrder(items)
    await node.deploy(topologyModule('latest'), { until: 'head' })
    await node.deploy(topologyModule('traps'), { export: exportName, until: 'head' })
    const status = await node.topologyEnded(trap)
    assert.equal([status.status, status.rowsIn, status.dead], ['ended', 40, 1])
    assert.equal(
      (await listOf(node, trap)).map(({ value }) => (value as { cents: number }).cents),
      items.map((_, cents) => cents).filter(cents => cents !== 13),
    )
    const letters = (await dataOf(node, `$dead-letter-${trap}`)) as { step: string; payload: { cents: number } }[]
    assert.equal(
      letters.map(({ step, payload }) => [step, payload.cents]),
      [['trap', 13]],
    )
    assert.is((await node.topologyEnded('latest')).status, 'ended')
    await node.close()
  })
}

test('opens and closes with a topology running, time and again', async () => {
  const first = await openOnDisk()
  await pay(first, 1000)
  await first.deploy(topologyModule('latest'))
  await first.close()
  for (let turn = 0; turn < 2; turn++) {
    const node = await openOnDisk()
    await pay(node, 10, 1000 + turn * 10)
    await node.close()
  }
  const node = await openOnDisk()
  await until(async () => (await node.topologies())[0]!.rowsIn === 1020)
  await node.close()
})

test.run()
