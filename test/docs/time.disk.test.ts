/** The page about time: its example passes, and is without a finding. */
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { records, typeHere } from '../runtime/command-line.ts'
import { type Folder, topologyFolder } from '../runtime/topology-folder.ts'

const page = readFileSync(new URL('../../docs/time.md', import.meta.url), 'utf8')

let folder: Folder
test.before(() => {
  folder = topologyFolder()
  for (const [, name = '', text = ''] of page.matchAll(/<!-- example: (\S+) -->\n```\w+\n([\s\S]*?)\n```/g)) folder.write(name, text)
})
test.after(() => folder.remove())

test('the example passes', async () => {
  const { exit, output } = await typeHere('test parcels.yaml --json', { workingDirectory: folder.path })
  assert.equal([exit, records(output).at(-1)?.['passed']], [0, 3], output)
})

test('the example is without a finding', async () => {
  assert.equal((await typeHere('lint parcels.yaml --json --strict', { workingDirectory: folder.path })).output, '')
})

test.run()
