/** `allsource lint` and `explain`: every mistake with its place, for people, programs and code scanners; and no store is ever opened. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { records, type Typed, typeHere } from './command-line.ts'
import { type Folder, ordersYaml, topologyFolder } from './topology-folder.ts'

let folder: Folder
test.before.each(() => {
  folder = topologyFolder()
})
test.after.each(() => {
  assert.not(existsSync(join(folder.path, 'data')))
  folder.remove()
})

const typed = (line: string): Promise<Typed> => typeHere(line, { workingDirectory: folder.path })

/** Rule, line and column of each finding. */
async function findings(line: string): Promise<{ exit: number | null; found: unknown[] }> {
  const { exit, output } = await typed(`${line} --json`)
  return { exit, found: records(output).map(({ file, rule, line: at, column }) => [file, rule, at, column]) }
}

test('a topology without a mistake, and its tests: nothing, exit 0', async () => {
  assert.equal(await findings('lint orders.yaml'), { exit: 0, found: [] })
  assert.equal(await findings('lint orders.test.yaml'), { exit: 0, found: [] })
  assert.is((await typed('lint orders.yaml --offline')).exit, 0)
})

test('mistakes of the text stand at their line and column, with the line and a caret under the place', async () => {
  folder.write('orders.yaml', ...ordersYaml('functions.ts#isBig').map(line => line.replace('match: customer', 'match: custmer')))
  assert.equal(await findings('lint orders.yaml --offline'), { exit: 1, found: [['orders.yaml', 'unknown-column', 11, 40]] })
  const { exit, output } = await typed('lint orders.yaml')
  assert.is(exit, 1)
  const [place, source, carets] = output.split('\n')
  assert.ok(place?.startsWith('orders.yaml:11:40: error: '))
  assert.is(carets?.indexOf('^'), source?.indexOf('custmer'))
  assert.match(carets ?? '', /\^{7}$/)
})

test('functions that are not there are found where they are named', async () => {
  for (const [where, rule] of [
    ['nowhere.ts#isBig', 'missing-module'],
    ['functions.ts#isBg', 'missing-export'],
    ['functions.ts#number', 'missing-export'],
  ] as const) {
    folder.write('orders.yaml', ...ordersYaml(where))
    assert.equal(await findings('lint orders.yaml'), { exit: 1, found: [['orders.yaml', rule, 13, 13]] })
    assert.equal(await findings('lint orders.yaml --offline'), { exit: 0, found: [] })
  }
})

test('tables are read: the file, the key and the columns taken', async () => {
  const yaml = (from: string, to: string): void =>
    folder.write('orders.yaml', ...ordersYaml('functions.ts#isBig').map(line => line.replace(from, to)))
  yaml('customers.csv', 'customer.csv')
  assert.equal((await findings('lint orders.yaml')).found, [['orders.yaml', 'missing-table', 8, 22]])
  yaml('key: id', 'key: idd')
  assert.equal((await findings('lint orders.yaml')).found, [['orders.yaml', 'table-column', 8, 42]])
  yaml('take: [country]', 'take: { land: county, country: country }')
  assert.equal((await findings('lint orders.yaml')).found, [['orders.yaml', 'table-column', 11, 64]])
  assert.equal((await findings('lint orders.yaml --offline')).found, [])
  folder.write('customers.csv', 'id,country', '"open')
  yaml('', '')
  assert.equal((await findings('lint orders.yaml')).found, [['orders.yaml', 'missing-table', 8, 22]])
})

test('what an operator says of its functions when it is made is a finding at the step', async () => {
  folder.write(
    'functions.ts',
    `export const isBig = { form: 'columns', reads: { total: 'number' }, writes: { a: 'boolean', b: 'boolean' }, run: () => undefined }`,
  )
  const { exit, found } = await findings('lint orders.yaml')
  assert.is(exit, 1)
  assert.equal([found.length, (found[0] as unknown[])[0], (found[0] as unknown[])[1]], [1, 'orders.yaml', 'bad-option'])
})

test('tests beside a topology are linted with it; one file is named once', async () => {
  folder.write('orders.test.yaml', 'tests:', '  - name: a', '    given: []', '    expect: { state: { total: [] } }')
  const found = [['orders.test.yaml', 'test-file', 4, 24]]
  assert.equal(await findings('lint orders.yaml'), { exit: 1, found })
  assert.equal(await findings('lint orders.test.yaml orders.yaml orders.test.yaml'), { exit: 1, found })
  assert.equal((await findings('lint orders.yaml --offline')).found, found)
})

test('a test file whose topology is not there, or is wrong, says so', async () => {
  folder.write('lonely.test.yaml', 'tests:', '  - { name: a, given: [], expect: {} }')
  assert.equal(await findings('lint lonely.test.yaml'), { exit: 1, found: [['lonely.test.yaml', 'module', 1, 1]] })
})

test('warnings alone are exit 0, and 1 with --strict', async () => {
  folder.write('orders.test.yaml', 'tests:', '  - { name: a, given: [] }')
  assert.equal(await findings('lint orders.yaml'), { exit: 0, found: [['orders.test.yaml', 'test-file', 2, 5]] })
  assert.is((await typed('lint orders.yaml --strict')).exit, 1)
})

test('modules: the mistake names the step; offline they are not looked at', async () => {
  const module = (where: string): string =>
    `export default { name: 'orders', version: 1, sources: [{ id: 'log', kind: 'log' }], steps: [{ id: 'big', operator: 'filter', ` +
    `options: { where: '${where}' }, from: [{ step: 'log', port: 'main' }] }] }; export const other = 5`
  folder.write('plain.ts', module('./functions.ts#isBig'))
  assert.equal(await findings('lint plain.ts'), { exit: 0, found: [] })
  folder.write('bad.ts', module('1 +'))
  assert.is((await findings('lint bad.ts')).exit, 1)
  folder.write('missing.ts', module('./functions.ts#isBg'))
  assert.equal(await findings('lint missing.ts'), { exit: 1, found: [['missing.ts', 'module', 1, 1]] })
  assert.equal(await findings('lint plain.ts#other'), { exit: 1, found: [['plain.ts', 'module', 1, 1]] })
  assert.equal(await findings('lint bad.ts --offline'), { exit: 0, found: [['bad.ts', 'module', 1, 1]] })
  assert.equal(await findings('lint bad.ts --offline --strict'), { exit: 1, found: [['bad.ts', 'module', 1, 1]] })
})

test('a module that never comes to an end is ended, and named', async () => {
  folder.write('endless.ts', 'for (;;);')
  const { exit, found } = await findings('lint endless.ts')
  assert.equal([exit, found], [2, []])
})

interface Sarif {
  readonly version: string
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly name: string; readonly rules: readonly { readonly id: string }[] } }
    readonly results: readonly {
      readonly ruleId: string
      readonly ruleIndex: number
      readonly level: string
      readonly locations: readonly {
        readonly physicalLocation: { readonly artifactLocation: { readonly uri: string }; readonly region: object }
      }[]
    }[]
  }[]
}

test('SARIF: rules, levels, regions, and places relative to the working directory', async () => {
  folder.write('a b#.yaml', ...ordersYaml('functions.ts#isBg'))
  folder.write('orders.test.yaml', 'tests:', '  - { name: a, given: [] }')
  const { exit, output } = await typed(`lint 'a b#.yaml' orders.yaml --format sarif`)
  assert.is(exit, 1)
  const { version, runs } = JSON.parse(output) as Sarif
  const [run] = runs
  assert.equal([version, runs.length, run?.tool.driver.name], ['2.1.0', 1, 'allsource'])
  assert.equal(
    run?.results.map(({ ruleId, level, locations }) => [ruleId, level, locations[0]?.physicalLocation]),
    [
      ['missing-export', 'error', place('a%20b%23.yaml', { startLine: 13, startColumn: 13, endColumn: 32 })],
      ['test-file', 'warning', place('orders.test.yaml', { startLine: 2, startColumn: 5, endColumn: 27 })],
    ],
  )
  for (const { ruleId, ruleIndex } of run?.results ?? []) assert.is(run?.tool.driver.rules[ruleIndex]?.id, ruleId)
  const clean = JSON.parse((await typed('lint orders.yaml --format sarif --offline')).output) as Sarif
  assert.is(clean.runs[0]?.results.length, 1)
})

const place = (uri: string, region: object): object => ({ artifactLocation: { uri, uriBaseId: '%SRCROOT%' }, region })

test('a file that is not there is NOT_FOUND, and nothing is linted', async () => {
  const { exit, output, errors } = await typed('lint orders.yaml nowhere.yaml --json')
  assert.equal([exit, output, records(errors)[0]?.['code']], [1, '', 'NOT_FOUND'])
})

test('explain: text, a diagram, or the whole as JSON', async () => {
  const { exit, output } = await typed('explain orders.yaml')
  assert.is(exit, 0)
  assert.match(output, /known \(enrich\)/)
  assert.ok((await typed('explain orders.yaml --format mermaid')).output.startsWith('flowchart'))
  const [explained] = records((await typed('explain orders.yaml --json')).output)
  assert.equal(
    ((explained?.['steps'] ?? []) as { id: string }[]).map(({ id }) => id),
    ['known', 'big', 'announce', 'totals'],
  )
  assert.equal(records((await typed('explain orders.yaml --format json')).output), [explained])
})

test('explain refuses what is no topology, and names lint', async () => {
  folder.write('orders.yaml', 'topology: x')
  const { exit, errors } = await typed('explain orders.yaml')
  assert.is(exit, 2)
  assert.match(errors, /allsource lint/)
  assert.is((await typed('explain nowhere.yaml')).exit, 1)
  assert.is((await typed('explain functions.ts')).exit, 2)
})

test.run()
