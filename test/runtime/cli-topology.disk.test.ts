/** `test`, `run --dry` and `expr` as people and programs type them: answers, exits, and nothing written that was not asked for. */
// Deadline: 300 s
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openNode } from '../../runtime/index.ts'
import { type Around, records, start, type Typed, typeHere } from './command-line.ts'
import { type Folder, ordersTests, ordersYaml, topologyFolder } from './topology-folder.ts'

let folder: Folder
test.before.each(() => {
  folder = topologyFolder()
})
test.after.each(() => folder.remove())

const typed = (line: string, around: Around = {}): Promise<Typed> => typeHere(line, { workingDirectory: folder.path, openNode, ...around })

async function answers(line: string, around: Around = {}): Promise<{ exit: number | null; lines: Record<string, unknown>[] }> {
  const { exit, output } = await typed(`${line} --json`, around)
  return { exit, lines: records(output) }
}

/** A member that is an object. */
function partOf(value: Record<string, unknown> | undefined, name: string): Record<string, unknown> {
  return (value?.[name] ?? {}) as Record<string, unknown>
}

const statuses = (lines: readonly Record<string, unknown>[]): unknown[] =>
  lines.slice(0, -1).map(({ file, name, status }) => [file, name, status])

test('tests are found beside a topology, by their name, and below a directory', async () => {
  const wanted = [
    ['orders.test.yaml', 'large orders are announced', 'passed'],
    ['orders.test.yaml', 'small ones are not', 'passed'],
  ]
  for (const line of ['test', 'test .', 'test orders.yaml', 'test orders.test.yaml', 'test orders.yaml . orders.test.yaml']) {
    const { exit, lines } = await answers(line)
    assert.equal([line, exit, statuses(lines)], [line, 0, wanted])
    assert.equal(lines.at(-1), { tests: 2, passed: 2, failed: 0, updated: 0, findings: 0 })
  }
  assert.not(existsSync(join(folder.path, 'data')))
})

test('a failing test is exit 1 and shows what was expected and what came', async () => {
  folder.write('orders.yaml', ...ordersYaml('functions.ts#isBig').map(line => line.replace('order.large', 'order.huge')))
  const { exit, output } = await typed('test orders.yaml')
  assert.is(exit, 1)
  assert.match(output, /- \{ type: order.large, data: \{ customer: ada, total: 300 \} \}\n +\+ \{ type: order.huge,/)
  const { lines } = await answers('test orders.yaml --filter small')
  assert.equal(statuses(lines), [['orders.test.yaml', 'small ones are not', 'passed']])
})

test('--update writes what came, once; the test passes then, and the rest of the file stands', async () => {
  folder.write('orders.test.yaml', '# mine', ...ordersTests.map(line => line.replace('total: 300 } }] }', 'total: 301 } }] } # why')))
  assert.is((await typed('test orders.yaml')).exit, 1)
  const { exit, lines } = await answers('test orders.yaml --update')
  assert.equal([exit, lines[0]?.['status'], lines[1]?.['status']], [0, 'updated', 'passed'])
  const after = readFileSync(join(folder.path, 'orders.test.yaml'), 'utf8')
  assert.ok(after.startsWith('# mine\n'))
  assert.ok(after.includes('outputs: { large: [{ type: order.large, data: { customer: ada, total: 300 } }] } # why'))
  assert.is((await typed('test orders.yaml')).exit, 0)
  await typed('test orders.yaml --update')
  assert.is(readFileSync(join(folder.path, 'orders.test.yaml'), 'utf8'), after)
})

test('a mistake in a test file, or in its topology, is exit 1 and named with its place', async () => {
  folder.write('orders.test.yaml', 'tests:', '  - { name: a, given: [], expct: {} }')
  const { exit, lines } = await answers('test')
  const finding = partOf(lines[0], 'finding')
  assert.equal([exit, finding['line'], finding['path'], lines.at(-1)?.['tests']], [1, 2, 'tests[0].expct', 0])
  folder.write('orders.test.yaml', ...ordersTests)
  folder.write('orders.yaml', 'topology: orders')
  assert.is((await typed('test')).exit, 1)
})

test('a test file may name its topology, also an export of a module', async () => {
  const module = (name: string): string =>
    `{ name: '${name}', version: 1, sources: [{ id: 'log', kind: 'log' }], steps: [{ id: 'rows', operator: 'projection', ` +
    `options: { name: '${name}', key: ['n'], value: ['n'] }, from: [{ step: 'log', port: 'main' }] }] }`
  folder.write('module.ts', `export default ${module('one')}`, `export const two = ${module('two')}`)
  folder.write('module.test.yaml', 'tests:', '  - { given: [], expect: { state: { one: [] } } }')
  folder.write('other.test.yaml', 'topology: ./module.ts#two', 'tests:', '  - { given: [], expect: { state: { two: [] } } }')
  const { exit, lines } = await answers('test module.ts other.test.yaml')
  assert.equal([exit, lines.at(-1)?.['passed']], [0, 2])
})

test('code that never returns, or exits, fails its test; those after it run', async () => {
  for (const where of ['hangs', 'exits']) {
    folder.write('orders.yaml', ...ordersYaml(`functions.ts#${where}`))
    folder.write(
      'orders.test.yaml',
      ...ordersTests.map(line => line.replace('large: []', 'large: [{ data: { customer: ada, total: 30 } }]')),
    )
    const { exit, lines } = await answers('test')
    assert.equal([where, exit, lines[0]?.['status'], lines[1]?.['status']], [where, 1, 'failed', 'passed'])
    assert.match(JSON.stringify(lines[0]?.['differences']), /step big/)
  }
})

test('where there is no test, that is said', async () => {
  folder.write('lonely.yaml', ...ordersYaml('functions.ts#isBig'))
  for (const line of ['test lonely.yaml', 'test nowhere.yaml']) {
    const { exit, errors } = await typed(`${line} --json`)
    assert.equal([line, exit, records(errors)[0]?.['code']], [line, 1, 'NOT_FOUND'])
  }
  const { exit, lines } = await answers('test --filter nonsense')
  assert.equal([exit, lines.at(-1)?.['tests']], [0, 0])
})

const order = (customer: string, total: number): string => JSON.stringify({ type: 'order.placed', data: { customer, total } })

test('run --dry shows every step over the events of the store, and writes nothing', async () => {
  const input = [order('ada', 300), order('bob', 13), order('eve', 500), '{"type":"other","data":{}}', order('bob', 700)].join('\n')
  await typed('append order-1', { input })
  const { exit, lines } = await answers('run orders.yaml --dry')
  const [run] = lines
  assert.is(exit, 0)
  assert.equal(run?.['source'], { id: 'orders', kind: 'log', rows: 4, dead: 0 })
  assert.equal(partOf(run, 'steps')['known'], { in: 4, out: 3, late: 0, suspect: 0, dead: 1 })
  assert.equal(partOf(partOf(run, 'outputs'), 'large')['count'], 2)
  assert.equal((partOf(partOf(run, 'state'), 'totals')['first'] as unknown[])[0], { key: ['GB', 'ada'], value: { total: 300 } })
  assert.match((await typed('run orders.yaml --dry')).output, /known +enrich +4 +3 +0 +0 +1\n/)
  const sample = await answers('run orders.yaml --dry --sample 2')
  assert.equal(sample.lines[0]?.['source'], { id: 'orders', kind: 'log', rows: 2, dead: 0 })
  const [first] = records((await typed('read --all --limit 1 --json')).output)
  const rest = await answers(`run orders.yaml --dry --from ${String(first?.['position'])}`)
  assert.equal(rest.lines[0]?.['source'], { id: 'orders', kind: 'log', rows: 3, dead: 0 })
  assert.is(records((await typed('read --all --system --json')).output).length, 5)
  assert.equal((await answers('topologies')).lines, [])
})

test('run needs --dry, a store, and code that returns', async () => {
  const refused = async (line: string): Promise<unknown[]> => {
    const { exit, errors } = await typed(`${line} --json`)
    const [failure] = records(errors)
    return [exit, failure?.['code'], partOf(failure, 'details')['step']]
  }
  assert.equal(await refused('run orders.yaml'), [2, 'INVALID', undefined])
  assert.equal(await refused('run orders.yaml --dry'), [1, 'NOT_FOUND', undefined])
  assert.equal(await refused('run nowhere.yaml --dry'), [1, 'NOT_FOUND', undefined])
  await typed('append order-1', { input: order('bob', 13) })
  for (const where of ['hangs', 'exits']) {
    folder.write('orders.yaml', ...ordersYaml(`functions.ts#${where}`))
    assert.equal(await refused('run orders.yaml --dry'), [2, 'INVALID', 'big'])
  }
})

test('a signal ends a dry run whose code never returns', async () => {
  await typed('append order-1', { input: order('bob', 13) })
  folder.write('orders.yaml', ...ordersYaml('functions.ts#hangs'))
  folder.write('functions.ts', `export const hangs = (): boolean => { console.log('stuck'); for (;;); }`, 'export const isBig = hangs')
  folder.write('allsource.json', '{ "partitions": 2, "shards": 1, "limits": { "silentWorkerMs": 100000 } }')
  const child = start('run orders.yaml --dry', { workingDirectory: folder.path })
  let said = ''
  child.stdout.resume()
  child.stderr.on('data', (chunk: Buffer) => {
    if (!said.includes('stuck') && `${said}${chunk.toString()}`.includes('stuck')) child.kill('SIGINT')
    said += chunk.toString()
  })
  const exit = await new Promise(resolve => child.once('close', resolve))
  assert.equal([exit, said.includes('interrupted')], [1, true])
})

test('expr evaluates over a file, lines of standard input, and stored events', async () => {
  folder.write('row.json', '{', '  "total": 5,', '  "name": "ada"', '}')
  assert.equal(await typed("expr 'total * 2 > 5' --on row.json"), { exit: 0, output: 'true\n', errors: '' })
  assert.is((await typed('expr name --on row.json')).output, 'ada\n')
  assert.equal((await answers("expr 'total + 1' --on row.json")).lines, [{ value: 6, type: 'number' }])
  assert.equal((await answers("expr '1 + 1'")).lines, [{ value: 2, type: 'integer' }])
  const lines = await answers("expr '10 / a' --on -", { input: '{"a":5}\n\n{"a":0}\r\n{"a":null}\n{"a":"x"}' })
  assert.is(lines.exit, 1)
  assert.equal(
    lines.lines.map(({ value, error }) => (error === undefined ? value : (error as Record<string, unknown>)['row'])),
    [2, 2, null, 4],
  )
  await typed('append order-1', { input: order('ada', 300) })
  const stored = (await typed('read order-1 --json')).output
  const time = Date.parse(String(records(stored)[0]?.['time']))
  assert.equal((await answers('expr $version --on -', { input: stored })).lines, [{ value: 1, type: 'integer' }])
  assert.is((await typed('expr $time --on -', { input: stored })).output, `${new Date(time).toISOString()}\n`)
  assert.is((await typed('expr customer --on -', { input: stored })).output, 'ada\n')
})

test('expr: what is wrong with an expression is underlined, exit 2; what is wrong with a row is named, exit 1', async () => {
  const { exit, errors } = await typed('expr \'1 + totl\' --fields \'{"total":"number"}\'')
  assert.is(exit, 2)
  const [, source, carets] = errors.split('\n')
  assert.equal([source, carets], ['  1 + totl', '      ^^^^'])
  const failure = records((await typed("expr '1 +' --json")).errors)[0]
  assert.equal([failure?.['code'], partOf(failure, 'details')['offset']], ['INVALID', 3])
  for (const line of [
    'expr',
    'expr 1 2',
    "expr 'a + 1'",
    `expr 1 --fields '{"a":"numbr"}'`,
    `expr 1 --fields '[]'`,
    'expr 1 --fields nonsense',
    'expr 1 --type nonsense',
    'expr 1 --type boolean',
    `expr ''`,
  ])
    assert.equal([line, (await typed(line)).exit], [line, 2])
  assert.is((await typed('expr 1 --on nowhere.json')).exit, 1)
  for (const input of ['nonsense', '[1]', '5', '{"a":1}\n{', '{"a":1}\n7'])
    assert.equal([input, (await typed('expr 1 --on -', { input })).exit], [input, 2])
  assert.equal(await typed('expr 1 --on -', { input: '' }), { exit: 0, output: '', errors: '' })
})

test.run()
