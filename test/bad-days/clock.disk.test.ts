/** A node that goes by the clock is killed in the middle: what it wrote of the clock is in the log, so nothing is lost, twice, or otherwise. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Node, openNode } from '../../runtime/index.ts'
import { dataOf, topologyModule, until } from '../runtime/deployed-node.ts'

const module = topologyModule('clock')
const streams = ['idle-windows', 'processing-windows']

interface Window {
  readonly sensor: string
  readonly windowStart: number
  readonly count: number
}

async function sumIn(node: Node, stream: string): Promise<number> {
  return ((await dataOf(node, stream)) as Window[]).reduce((sum, { count }) => sum + count, 0)
}

/** Appends readings and lets the process that folds them die by a signal. */
async function liveAndDie(directory: string, first: number): Promise<void> {
  const child: ChildProcess = spawn(process.execPath, [new URL('clock-child.ts', import.meta.url).pathname, directory, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve())
    child.once('exit', code => reject(new Error(`the node ended with ${code}`)))
  })
  // Somewhere between an append, its window, its tick and its epoch.
  await new Promise(resolve => setTimeout(resolve, 40 + 37 * (first % 5)))
  const gone = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
}

test('killed again and again, each row is in one window, and the log alone gives the same windows', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'allsource-clock-'))
  try {
    for (let life = 0; life < 3; life++) await liveAndDie(directory, life)
    const node = await openNode({ directory, epochMs: 20, workers: 1 })
    const rows = await node.streamVersion('sensor-1')
    for (const stream of streams) await until(async () => (await sumIn(node, stream)) + (await lateIn(node, stream)) === rows)
    const before = new Map<string, readonly unknown[]>()
    for (const stream of streams) before.set(stream, await dataOf(node, stream))
    for (const name of ['idle', 'processing']) {
      await node.undeploy(name)
      await node.deploy(module, { export: name })
    }
    for (const stream of streams) {
      const made = before.get(stream) ?? []
      await until(async () => (await dataOf(node, stream)).length >= 2 * made.length)
      assert.equal((await dataOf(node, stream)).slice(made.length), made, stream)
    }
    await node.close()
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

/** Rows that the idle source was too late for are in no window. */
async function lateIn(node: Node, stream: string): Promise<number> {
  const topology = stream.slice(0, stream.indexOf('-'))
  const status = (await node.topologies()).find(({ name }) => name === topology)
  return status?.steps.find(({ id }) => id === 'windows')?.late ?? 0
}

test.run()
