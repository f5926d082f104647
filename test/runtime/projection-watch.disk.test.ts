/** Hot reload on disk: a saved module moves to a fresh thread while events flow, a broken one changes nothing, a kill in the middle costs nothing. */
// Deadline: 300 s
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ModuleChange, type Node, openNode, type TopologyStatus } from '../../runtime/index.ts'
import { listOf, pay, until } from './deployed-node.ts'
import { counted, type ProjectionFolder, projectionFolder } from './projection-folder.ts'

let directory = ''
let folder: ProjectionFolder
test.before.each(() => {
  directory = mkdtempSync(join(tmpdir(), 'allsource-watch-'))
  folder = projectionFolder()
})
test.after.each(() => {
  rmSync(directory, { recursive: true, force: true })
  folder.remove()
})

const open = (): Promise<Node> => openNode({ directory, partitions: 4, shards: 1, workers: 1, epochMs: 10 })

const statusOf = async (node: Node): Promise<TopologyStatus> => (await node.topologies()).find(({ name }) => name === 'counted')!

/** Payments of all customers, as the projection has them. */
const sumOf = async (node: Node): Promise<number> =>
  (await listOf(node, 'counted')).reduce((sum, { value }) => sum + (value as { count: number }).count, 0)

test('saves are taken while events flow, and no event is lost or counted twice', async () => {
  const node = await open()
  folder.write('parts/step.ts', 'export const step = 1\n')
  folder.write('counted.ts', counted({ imports: "import { step } from './parts/step.ts'", step: 'step + 0 * 0' }))
  await node.deploy(folder.module, { watch: true })
  assert.is((await statusOf(node)).watched, true)
  const changes: ModuleChange[] = []
  await node.watchModules(change => void changes.push(change))
  let paid = 0
  for (let save = 1; save <= 4; save++) {
    await pay(node, 500, paid)
    paid += 500
    // The part that is imported changes, then the module itself; what it counts stays the same.
    if (save % 2 === 1) folder.write('parts/step.ts', `export const step = 1 // ${save}\n`)
    else folder.write('counted.ts', counted({ imports: "import { step } from './parts/step.ts'", step: `step + 0 * ${save}` }))
    await until(async () => {
      await pay(node, 20, paid)
      paid += 20
      return changes.length === save
    })
  }
  assert.equal(changes, Array.from({ length: 4 }, () => ({ topology: 'counted', update: 'reloaded' }))) // prettier-ignore
  await node.caughtUp()
  assert.is(await sumOf(node), paid)
  assert.is((await statusOf(node)).rowsIn, paid)
  await node.close()
})

test('a broken file leaves the old one at work and says why; the next good one is taken', async () => {
  const node = await open()
  folder.write('counted.ts', counted())
  await node.deploy(folder.module, { watch: true })
  await pay(node, 50)
  const broken: readonly (readonly [text: string, line: number | undefined])[] = [
    [counted().replace('revision: 1,', 'revision 1,'), 5],
    [`${counted()}\nthrow new RangeError('not today')\n`, 12],
    [counted({ revision: 0 }), 3],
    [counted().replace("name: 'counted'", "name: 'other'"), undefined],
    ['export default 5\n', undefined],
    ['', undefined],
  ]
  for (const [text, line] of broken) {
    const before = (await statusOf(node)).refused
    folder.write('counted.ts', text)
    await until(async () => {
      const { refused } = await statusOf(node)
      return refused !== undefined && refused.message !== before?.message
    })
    const { refused, status } = await statusOf(node)
    assert.equal([status, refused!.code, refused!.line], ['running', 'INVALID', line], refused!.message)
    assert.is(refused!.file, folder.module)
  }
  await pay(node, 50, 50)
  await node.caughtUp()
  assert.is(await sumOf(node), 100)
  folder.write('counted.ts', counted({ step: 10 }))
  await until(async () => (await statusOf(node)).refused === undefined)
  await pay(node, 5, 100)
  await node.caughtUp()
  assert.is(await sumOf(node), 150)
  await node.close()
})

test('a file that is gone is refused, and taken when it is back; a folder may be replaced', async () => {
  const node = await open()
  folder.write('counted.ts', counted())
  await node.deploy(folder.module, { watch: true })
  rmSync(folder.module)
  await until(async () => (await statusOf(node)).refused !== undefined)
  // Written in place this time, in pieces.
  writeFileSync(folder.module, '')
  writeFileSync(folder.module, counted({ step: 2 }))
  await until(async () => (await statusOf(node)).refused === undefined)
  renameSync(folder.path, `${folder.path}-old`)
  const other = projectionFolder()
  other.write('counted.ts', counted({ step: 3 }))
  renameSync(other.path, folder.path)
  await pay(node, 5)
  await until(async () => {
    await pay(node, 5)
    await node.caughtUp()
    return (await listOf(node, 'counted')).some(({ value }, _, all) => all.length > 0 && (value as { count: number }).count % 2 === 1)
  })
  rmSync(`${folder.path}-old`, { recursive: true })
  await node.close()
})

test('a new revision is upgraded or rebuilt when it is saved, and taken after a restart', async () => {
  const first = await open()
  folder.write('counted.ts', counted())
  await first.deploy(folder.module, { watch: true })
  await pay(first, 100)
  await first.caughtUp()
  const upgrade = 'state => ({ count: (state as { count: number }).count * 10, revision: 2 })'
  folder.write('counted.ts', counted({ revision: 2, upgrade }))
  await until(async () => (await statusOf(first)).version === 2)
  await first.caughtUp()
  assert.is(await sumOf(first), 1000)
  await first.close()
  folder.write('counted.ts', counted({ revision: 3, step: 2 }))
  const second = await open()
  await until(async () => (await statusOf(second)).status === 'failed')
  assert.is((await statusOf(second)).error?.code, 'INCOMPATIBLE')
  const changes: ModuleChange[] = []
  await second.watchModules(change => void changes.push(change))
  assert.equal(changes, [{ topology: 'counted', update: 'rebuilding' }])
  await second.caughtUp()
  assert.is(await sumOf(second), 200)
  assert.equal([(await statusOf(second)).version, (await statusOf(second)).status], [3, 'running'])
  await second.close()
  const third = await open()
  await pay(third, 5, 100)
  await third.caughtUp()
  assert.is(await sumOf(third), 210)
  await third.close()
})

/** A process that appends and reloads until it is killed; it prints how many payments are on disk. */
async function killedLife(first: number): Promise<number> {
  const program = fileURLToPath(new URL('./reloading-node.ts', import.meta.url))
  const child: ChildProcess = spawn(process.execPath, [program, directory, folder.module, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let paid = first
  child.stdout!.on('data', (bytes: Buffer) => {
    for (const line of String(bytes).split('\n')) if (line !== '') paid = Number(line)
    if (paid >= first + 200) child.kill('SIGKILL')
  })
  await once(child, 'exit')
  return paid
}

test('killed in the middle of reloads, it has counted each event once', async () => {
  folder.write('counted.ts', counted())
  let acknowledged = 0
  for (let life = 0; life < 4; life++) acknowledged = await killedLife(acknowledged)
  const node = await open()
  await node.caughtUp()
  const stored = (await node.stats()).events - (await node.streamVersion('$topology'))
  assert.ok(stored >= acknowledged)
  assert.is(await sumOf(node), stored)
  await node.close()
})

test.run()
