/** Commands about projections as code: deployed, deployed again, watched, and shown when their module is broken. */
// Deadline: 300 s
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openNode } from '../../runtime/index.ts'
import { records, start, type Typed, typeHere } from './command-line.ts'
import { until } from './deployed-node.ts'
import { counted, type ProjectionFolder, projectionFolder } from './projection-folder.ts'

let folder: ProjectionFolder
test.before.each(() => {
  folder = projectionFolder()
  folder.write('allsource.json', '{ "partitions": 2, "shards": 1, "workers": 1 }')
  folder.write('counted.ts', counted())
})
test.after.each(() => folder.remove())

const typed = (line: string, input?: string): Promise<Typed> =>
  typeHere(line, { workingDirectory: folder.path, openNode, ...(input !== undefined && { input }) })

async function answer(line: string, input?: string): Promise<Record<string, unknown>> {
  const { exit, output, errors } = await typed(`${line} --json`, input)
  assert.equal([exit, errors], [0, ''], line)
  return records(output)[0]!
}

const payments = (count: number): string =>
  Array.from({ length: count }, () => JSON.stringify({ type: 'paid', data: { customer: 'ada', cents: 1 } })).join('\n')

test('a projection is deployed, and another revision of it takes its place', async () => {
  await answer('append customer-1', payments(20))
  assert.equal((await answer('deploy counted.ts'))['update'], undefined)
  await answer('start --until caught-up')
  assert.equal((await answer('state get counted \'"ada"\''))['value'], { count: 20, revision: 1 })
  folder.write('counted.ts', counted({ revision: 2, step: 2 }))
  const rebuilt = await answer('deploy counted.ts')
  assert.equal([rebuilt['version'], rebuilt['update'], rebuilt['rebuilding']], [2, 'rebuilding', undefined])
  assert.equal((await answer('state get counted \'"ada"\''))['value'], { count: 40, revision: 2 })
  folder.write('counted.ts', counted({ revision: 2, step: 3 }))
  assert.equal((await answer('deploy counted.ts'))['update'], 'reloaded')
  folder.write('counted.ts', counted({ revision: 1 }))
  const { exit, errors } = await typed('deploy counted.ts')
  assert.is(exit, 2)
  assert.match(errors, /revision/)
})

test('a broken module is refused with its file and line, and a topology can not be watched', async () => {
  folder.write('counted.ts', counted().replace('revision: 1,', 'revision 1,'))
  const { exit, errors } = await typed('deploy counted.ts')
  assert.is(exit, 2)
  assert.match(errors, new RegExp(`${folder.module}:5`))
  folder.write('plain.json', '{ "name": "plain", "version": 1, "sources": [{ "id": "log", "kind": "log" }], "steps": [] }')
  assert.is((await typed('deploy plain.json --watch')).exit, 2)
})

/** What it has printed so far. */
function printed(child: ChildProcessWithoutNullStreams): () => string {
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => void (text += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => void (text += chunk.toString()))
  return () => text
}

for (const line of ['deploy counted.ts --watch', 'start --watch'])
  test(`${line} tells what came of each save, and ends by a signal`, async () => {
    if (line.startsWith('start')) await answer('deploy counted.ts')
    const child = start(line, { workingDirectory: folder.path })
    const text = printed(child)
    await until(() => /watching the files|ready/.test(text()))
    folder.write('counted.ts', counted({ step: 5 }))
    await until(() => text().includes('counted: reloaded'))
    folder.write('counted.ts', 'export default {')
    await until(() => text().includes(`${folder.module}:`) && text().includes('not taken'))
    folder.write('counted.ts', counted({ revision: 2 }))
    await until(() => text().includes('counted: rebuilding'))
    child.kill('SIGINT')
    assert.is((await once(child, 'close'))[0], 0)
  })

test.run()
