/** Dead letters of a node on disk, whose pipelines run in threads: sent back after the function was mended, once, whatever happens then. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Node, openNode } from '../../runtime/index.ts'
import { dataOf, listOf, topologyModule, until } from './deployed-node.ts'

const modules = join(fileURLToPath(new URL('.', import.meta.url)), `.letters-${process.pid}`)
const module = join(modules, 'letters.ts')
const text = readFileSync(topologyModule('letters'), 'utf8')
let directory = ''
test.before.each(() => {
  directory = mkdtempSync(join(tmpdir(), 'allsource-letters-'))
  mkdirSync(modules)
  writeFileSync(module, text)
})
test.after.each(() => {
  for (const path of [directory, modules]) rmSync(path, { recursive: true, force: true })
})

const open = (): Promise<Node> => openNode({ directory, partitions: 4, shards: 2, workers: 1, epochMs: 20 })

const make = (node: Node, from: number, count: number): Promise<unknown> =>
  node.appendInOrder(
    Array.from({ length: count }, (_, i) => from + i).map(n => ({
      stream: `made-${n % 7}`,
      event: { type: 'made', data: { at: n, key: 'abc'[n % 3], n: n % 10 === 9 ? -n : n } },
    })),
  )

async function statuses(node: Node): Promise<Map<string, number>> {
  const all = await Array.fromAsync(node.deadLetters('letters').list({ status: 'all' }))
  const byStatus = Map.groupBy(all, ({ status }) => status)
  return new Map(Array.from(byStatus, ([status, some]) => [status, some.length]))
}

async function rowsCounted(node: Node): Promise<number> {
  const windows = (await dataOf(node, 'letters-windows')) as { count: number }[]
  return windows.reduce((sum, { count }) => sum + count, 0) + (await dataOf(node, 'letters-late')).length
}

test('rows come back after the function was mended and the node opened again, and never twice', async () => {
  const first = await open()
  await first.deploy(module)
  await make(first, 0, 500)
  await until(async () => (await first.streamVersion('$dead-letter-letters')) === 50)
  await first.close()
  writeFileSync(module, text.replace('if (n < 0)', 'if (n < -400)'))
  const second = await open()
  const dead = second.deadLetters('letters')
  assert.equal((await dead.replay('all')).letters, 50)
  // Closed at once: what of the replays was not taken yet is taken at the next open.
  await second.close()
  const third = await open()
  await until(async () => (await third.topologies())[0]!.lagEvents === 0 && (await statuses(third)).get('open') === 10)
  assert.equal(await statuses(third), new Map([['replayed', 50], ['open', 10]])) // prettier-ignore
  const again = await Array.fromAsync(third.deadLetters('letters').list())
  assert.ok(again.every(({ attempts, replayOf, step }) => attempts === 2 && replayOf !== undefined && step === 'fine'))
  assert.is((await third.deadLetters('letters').discard('all', { reason: 'too small' })).letters, 10)
  await make(third, 1000, 1)
  await until(async () => (await rowsCounted(third)) === 490)
  const rows = await listOf(third, 'letters-rows')
  assert.is(rows.length, 491)
  await third.close()
  const fourth = await open()
  await until(async () => (await fourth.topologies())[0]!.lagEvents === 0)
  assert.equal(await statuses(fourth), new Map([['replayed', 50], ['discarded', 10]])) // prettier-ignore
  assert.is(await rowsCounted(fourth), 490)
  assert.equal(await listOf(fourth, 'letters-rows'), rows)
  await fourth.close()
})

test.run()
