/** What was paused or drained stays so, whatever becomes of the process. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Node, openNode } from '../../runtime/index.ts'
import { HookServer } from '../actors/hook-server.ts'
import { dataOf, listOf, pay, topologyModule, until } from './deployed-node.ts'

let directory = ''
test.before.each(() => {
  directory = mkdtempSync(join(tmpdir(), 'allsource-pause-'))
})
test.after.each(() => rmSync(directory, { recursive: true, force: true }))

const openOnDisk = (options: { resume?: boolean } = {}): Promise<Node> =>
  openNode({ directory, partitions: 4, shards: 2, workers: 1, epochMs: 20, ...options })
const pathOf = (name: string): string => fileURLToPath(topologyModule(name))

function start(...words: string[]): ChildProcess {
  const file = fileURLToPath(new URL('./killed-node.ts', import.meta.url))
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file, directory, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** Another process does it, and is killed as soon as it says that it has. */
async function killedAfter(...words: string[]): Promise<void> {
  const child = start(...words)
  await Promise.race([
    once(child.stdout!, 'data'),
    once(child, 'exit').then(() => assert.unreachable(`${words.join(' ')} did not come to its end`)),
  ])
  child.kill('SIGKILL')
  await once(child, 'exit')
}

async function seen(node: Node): Promise<unknown> {
  return {
    rows: await listOf(node, 'totals'),
    bigs: await dataOf(node, 'big-payments'),
    letters: (await dataOf(node, '$dead-letter-totals')).length,
  }
}

async function inMemory(count: number): Promise<unknown> {
  const node = await openNode({ memory: true, partitions: 4 })
  await pay(node, count)
  await node.deploy(topologyModule('totals'), { until: 'head' })
  await node.topologyEnded('totals')
  const answer = await seen(node)
  await node.close()
  return answer
}

test('paused before a kill, it stands still after it; resumed, and drained before another, it ends where it was told to', async () => {
  const first = await openOnDisk()
  await pay(first, 300)
  await first.close()
  await killedAfter('deploy', pathOf('totals'), 'pause', 'totals')
  const second = await openOnDisk()
  const [paused] = await second.topologies()
  assert.is(paused!.status, 'paused')
  await pay(second, 300, 300)
  await new Promise(resolve => setTimeout(resolve, 100))
  assert.equal([(await second.topologies())[0]!.rowsIn, (await second.topologies())[0]!.status], [paused!.rowsIn, 'paused'])
  await second.close()
  await killedAfter('resume', 'totals', 'drain', 'totals')
  const third = await openOnDisk({ resume: false })
  const [drained] = await third.topologies()
  assert.ok(['draining', 'ended'].includes(drained!.status), drained!.status)
  await pay(third, 100, 600)
  await third.close()
  const fourth = await openOnDisk()
  const status = await fourth.topologyEnded('totals')
  assert.equal([status.status, status.rowsIn, status.rebuilt], ['ended', 600, undefined])
  assert.equal(await seen(fourth), await inMemory(600))
  await fourth.close()
})

test('a node whose topologies stand still notes what it is told, and they do it when they run again', async () => {
  const first = await openOnDisk()
  await first.deploy(topologyModule('totals'))
  await pay(first, 100)
  await until(async () => (await first.topologies())[0]!.rowsIn === 100)
  await first.close()
  const still = await openOnDisk({ resume: false })
  await still.pause('totals')
  await pay(still, 100, 100)
  await still.drain('totals')
  await pay(still, 100, 200)
  assert.equal([(await still.topologies())[0]!.status, (await still.topologies())[0]!.rowsIn], ['draining', 100])
  await still.close()
  const again = await openOnDisk()
  assert.is((await again.topologyEnded('totals')).rowsIn, 200)
  assert.equal(await seen(again), await inMemory(200))
  await again.close()
})

test('killed in the middle of its deliveries, a topology makes all of them, in order, each under its one key', async () => {
  const hooks = await HookServer.open()
  const numbers = Array.from({ length: 120 }, (_, number) => number)
  const first = await openOnDisk()
  await first.appendInOrder(
    numbers.map(number => ({ stream: `customer-${number % 7}`, event: { type: 'paid', data: { to: hooks.url, number } } })),
  )
  await first.close()
  for (const [life, words] of [['deploy', pathOf('hooks')], [], [], ['drain', 'hooks']].entries()) {
    const child = start(...words)
    const exited = once(child, 'exit')
    const killAt = hooks.received.length + 7 + 9 * life
    hooks.answer = ({ body }) => {
      // Whether it hears this answer is not known; what it noted of the ones before is not, either.
      if (hooks.received.length === killAt) child.kill('SIGKILL')
      return { status: (body as { number: number }).number % 20 === 11 ? 400 : 200 }
    }
    await exited
  }
  hooks.answer = ({ body }) => ({ status: (body as { number: number }).number % 20 === 11 ? 400 : 200 })
  const last = await openOnDisk()
  await last.drain('hooks').catch(() => undefined)
  assert.is((await last.topologyEnded('hooks')).status, 'ended')
  assert.equal(
    hooks.bodies.map(body => (body as { number: number }).number),
    numbers,
  )
  for (const { key, body } of hooks.received) assert.match(key, new RegExp(`/notify/${(body as { number: number }).number + 1}$`))
  const letters = (await dataOf(last, '$dead-letter-hooks')) as { row: { number: number } }[]
  assert.equal(
    letters.map(({ row }) => row.number),
    numbers.filter(number => number % 20 === 11),
  )
  await last.close()
  await hooks.down()
})

test.run()
