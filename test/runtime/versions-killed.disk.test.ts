/** kill -9 while savepoints are made and gone back to and versions take each other's place: nothing is lost, and nothing is counted or appended twice. */
// Deadline: 300 s
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Node, openNode } from '../../runtime/index.ts'
import { dataOf, listOf } from './deployed-node.ts'
import { versionedFolder } from './versioned-folder.ts'

const program = fileURLToPath(new URL('./versions-node.ts', import.meta.url))
const folder = versionedFolder()
folder.write(
  'sums.ts',
  'export const add = (state: { total: number }, row: { cents: number }) => ({ total: state.total + row.cents })',
  'export const keep = <State>(state: State): State => state',
)
const directory = join(folder.path, 'data')
test.after(() => folder.remove())

async function killedAfter(ms: number): Promise<void> {
  const child = spawn(process.execPath, [program, directory, folder.path, '1'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  await Promise.race([once(child.stdout, 'data'), ended])
  await new Promise(resolve => setTimeout(resolve, ms))
  child.kill('SIGKILL')
  const [code, signal] = (await ended) as [number | null, string | null]
  assert.equal([code, signal], [null, 'SIGKILL'])
}

async function paidBy(node: Node): Promise<Map<string, number>> {
  const paid = new Map<string, number>()
  for await (const { data } of node.readAll({ types: ['paid'] })) {
    const { customer, cents } = data as { customer: string; cents: number }
    paid.set(customer, (paid.get(customer) ?? 0) + cents)
  }
  return paid
}

/** Sums as they were appended, one behind the other without a gap or a double. */
function checkTold(told: readonly unknown[], paid: ReadonlyMap<string, number>): void {
  const last = new Map<string, number>()
  for (const { customer, total } of told as { customer: string; total: number }[]) {
    assert.is(total, (last.get(customer) ?? 0) + 100, customer)
    last.set(customer, total)
  }
  assert.equal(last, paid)
}

const seen = new Set<number>()
for (const [round, ms] of [40, 160, 350, 700, 90, 1100, 500, 240].entries()) {
  test(`killed after ${ms} ms, all is as it was paid`, async () => {
    await killedAfter(ms)
    const node = await openNode({ directory, epochMs: 10, workers: 1 })
    try {
      await node.caughtUp()
      const paid = await paidBy(node)
      assert.equal(new Map((await listOf(node, 'sums')).map(({ key, value }) => [key[0], (value as { total: number }).total])), paid)
      checkTold(await dataOf(node, 'sums'), paid)
      const [status] = await node.topologies()
      assert.is(status!.status, 'running')
      seen.add(status!.version)
      for (const { id } of await node.savepoints()) assert.ok(id)
    } finally {
      await node.close()
    }
    if (round === 7) assert.ok(seen.size > 1, 'versions took each other’s place')
  })
}

test.run()
