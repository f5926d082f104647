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

/** Kills it so many turns and milliseconds after it began. */
async function killedAfter(turns: number, ms: number): Promise<void> {
  const child = spawn(process.execPath, [program, directory, folder.path, '1'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  let lines = 0
  const reached = new Promise<void>(resolve => {
    child.stdout.on('data', (chunk: Buffer) => {
      lines += chunk.toString().split('\n').length - 1
      if (lines >= turns) resolve()
    })
  })
  await Promise.race([reached, ended])
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

/** What has become of topologies so far. */
async function historyOf(node: Node): Promise<Set<string>> {
  const types = new Set<string>()
  for await (const { type } of node.readStream('$topology')) types.add(type)
  return types
}

/** Turn 2 of each life begins a rebuild, turn 5 an upgrade; the others go back to a savepoint. */
const kills = [[1, 5], [2, 20], [3, 5], [3, 60], [3, 130], [4, 0], [6, 15], [7, 90]] as const // prettier-ignore
for (const [round, [turns, ms]] of kills.entries()) {
  test(`killed ${ms} ms after turn ${turns}, all is as it was paid`, async () => {
    await killedAfter(turns, ms)
    const node = await openNode({ directory, epochMs: 10, workers: 2 })
    try {
      await node.caughtUp()
      const paid = await paidBy(node)
      assert.equal(new Map((await listOf(node, 'sums')).map(({ key, value }) => [key[0], (value as { total: number }).total])), paid)
      checkTold(await dataOf(node, 'sums'), paid)
      assert.is((await node.topologies())[0]!.status, 'running')
      const history = await historyOf(node)
      if (round < kills.length - 1) return
      for (const type of ['restored', 'updated', 'rebuilding', 'swapped']) assert.ok(history.has(`topology.${type}`), type)
    } finally {
      await node.close()
    }
  })
}

test.run()
