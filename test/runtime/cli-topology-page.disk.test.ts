/** The page about tests of topologies: its example is run, and so is a test from a program. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { runTopologyTest } from '../../runtime/trial/topology-test.ts'
import { records, typeHere } from './command-line.ts'
import { type Folder, topologyFolder } from './topology-folder.ts'

const page = readFileSync(new URL('../../docs/testing-topologies.md', import.meta.url), 'utf8')

let folder: Folder
test.before(() => {
  folder = topologyFolder()
  for (const name of ['orders.yaml', 'orders.test.yaml']) folder.write(name, exampleNamed(name))
})
test.after(() => folder.remove())

function exampleNamed(name: string): string {
  const [, example = ''] = page.split(`<!-- example: ${name} -->\n\`\`\`yaml\n`)
  return example.split('\n```')[0] ?? ''
}

test('the example of the page passes, and is without a finding', async () => {
  const { exit, output } = await typeHere('test --json', { workingDirectory: folder.path })
  assert.equal([exit, records(output).at(-1)?.['passed']], [0, 2], output)
  assert.equal((await typeHere('lint orders.yaml --json --strict', { workingDirectory: folder.path })).output, '')
})

test('the page names every key of a test file', () => {
  for (const name of [
    'topology',
    'tests',
    'name',
    'given',
    'end',
    'tables',
    'expect',
    'outputs',
    'webhooks',
    'state',
    'suspect',
    'dead',
    'steps',
  ])
    assert.ok(page.includes(`\`${name}\``), name)
})

test('a program runs the same test and is told the differences', async () => {
  const given = [{ stream: 'order-1', type: 'order.placed', data: { customer: 'ada', total: 300, at: '2026-01-01T10:00:00Z' } }]
  const large = { type: 'order.large', data: { customer: 'ada', total: 300 } }
  const orders = pathToFileURL(join(folder.path, 'orders.yaml'))
  const right = await runTopologyTest(orders, { given, expect: { outputs: { 'orders-large': [large] } } })
  assert.equal([right.passed, right.differences, right.outcome?.source.rows], [true, [], 1])
  const wrong = await runTopologyTest(orders, { given, expect: { outputs: { 'orders-large': [] }, steps: { timed: 2 } } })
  assert.equal([wrong.passed, wrong.differences.map(({ path }) => path[0])], [false, ['outputs', 'steps']])
})

test('a program is told of mistakes in its test and in the topology', async () => {
  const orders = pathToFileURL(join(folder.path, 'orders.yaml'))
  for (const attempt of [
    () => runTopologyTest(orders, { given: [], expect: { steps: { tmed: 1 } } }),
    () => runTopologyTest(orders, { given: [{ stream: '', type: 'x', data: 1 }], expect: {} }),
    () => runTopologyTest(join(folder.path, 'nowhere.yaml'), { given: [] }),
    () => runTopologyTest(join(folder.path, 'functions.ts'), { given: [] }),
  ]) {
    try {
      await attempt()
      assert.unreachable()
    } catch (error) {
      assert.ok(isEventStoreError(error, 'INVALID'), String(error))
    }
  }
})

test.run()
