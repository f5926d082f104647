/** Topologies that go by the clock: ticks are written while somebody waits, and the log alone gives the same results again. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { NewEvent } from '../../event/event.ts'
import { type Node, openNode } from '../../runtime/index.ts'
import { dataOf, topologyModule, until } from './deployed-node.ts'

interface Window {
  readonly sensor: string
  readonly windowStart: number
  readonly count: number
}

const module = topologyModule('clock')

const readings = (...at: readonly number[]): NewEvent[] => at.map(one => ({ type: 'reading', data: { at: one, sensor: `s${one % 2}` } }))

const windowsOf = async (node: Node, name: string): Promise<Window[]> => (await dataOf(node, `${name}-windows`)) as Window[]
const ticksOf = async (node: Node, name: string): Promise<number> => node.streamVersion(`$ticks-${name}`)
const sumOf = (windows: readonly Window[]): number => windows.reduce((sum, { count }) => sum + count, 0)

async function waitForRows(node: Node, name: string, rows: number): Promise<void> {
  await until(async () => sumOf(await windowsOf(node, name)) === rows)
}

/** The results that the topology gives when it is built again from the log, appended behind those there are. */
async function rebuilt(node: Node, name: string, exported: string): Promise<Window[]> {
  const before = await windowsOf(node, name)
  await node.undeploy(name)
  await node.deploy(module, { export: exported })
  await until(async () => (await windowsOf(node, name)).length >= 2 * before.length)
  return (await windowsOf(node, name)).slice(before.length)
}

test('the last window of a source that dries up closes, and a rebuild gives the same rows', async () => {
  const node = await openNode({ memory: true, epochMs: 10 })
  await node.deploy(module, { export: 'idle' })
  assert.is(await ticksOf(node, 'idle'), 0)
  await node.appendToStream('sensor-1', readings(10, 50, 130))
  await waitForRows(node, 'idle', 3)
  const ticks = await ticksOf(node, 'idle')
  assert.ok(ticks > 0)
  // Late by the clock alone: the log of ticks says so, now and later.
  await node.appendToStream('sensor-1', readings(20, 1_000_000))
  await waitForRows(node, 'idle', 4)
  const windows = await windowsOf(node, 'idle')
  assert.equal(windows.map(({ windowStart }) => windowStart), [0, 100, 1_000_000]) // prettier-ignore
  assert.equal(await rebuilt(node, 'idle', 'idle'), windows)
  await node.close()
})

test('nothing is written while nobody waits', async () => {
  const node = await openNode({ memory: true, epochMs: 10 })
  await node.deploy(module, { export: 'idle' })
  await node.appendToStream('sensor-1', readings(10, 50, 130))
  await waitForRows(node, 'idle', 3)
  await node.caughtUp()
  const ticks = await ticksOf(node, 'idle')
  // Others fill the log, and the clock goes on.
  for (let round = 0; round < 10; round++) {
    await node.appendToStream('other-1', { type: 'other', data: null })
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  assert.is(await ticksOf(node, 'idle'), ticks)
  await node.close()
})

test('a source without a row holds the others back until it is idle', async () => {
  const node = await openNode({ memory: true, epochMs: 10 })
  await node.deploy(module, { export: 'merged' })
  await node.appendToStream('sensor-1', readings(10, 50, 130, 250))
  await waitForRows(node, 'merging', 3)
  const windows = await windowsOf(node, 'merging')
  assert.equal(windows.map(({ windowStart, count }) => [windowStart, count]), [[0, 2], [100, 1]]) // prettier-ignore
  assert.equal(await rebuilt(node, 'merging', 'merged'), windows)
  await node.close()
})

test('windows of processing time close with the clock, and a rebuild gives the same windows', async () => {
  const node = await openNode({ memory: true, epochMs: 10 })
  await node.deploy(module, { export: 'processing' })
  await node.appendToStream('sensor-1', readings(1, 2, 3))
  await waitForRows(node, 'processing', 3)
  await node.appendToStream('sensor-1', readings(4, 6))
  await waitForRows(node, 'processing', 5)
  const windows = await windowsOf(node, 'processing')
  assert.ok(windows.length >= 2)
  assert.equal(await rebuilt(node, 'processing', 'processing'), windows)
  await node.close()
})

test.run()
