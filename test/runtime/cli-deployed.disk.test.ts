/** Commands about deployed topologies: pause, resume, drain, top and dead letters, over a store on disk. */
// Deadline: 300 s
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openNode } from '../../runtime/index.ts'
import { type Around, records, start, type Typed, typeHere } from './command-line.ts'
import { type Folder, ordersYaml, topologyFolder } from './topology-folder.ts'

let folder: Folder
test.before(() => {
  folder = topologyFolder()
})
test.after(() => folder.remove())

const typed = (line: string, around: Around = {}): Promise<Typed> => typeHere(line, { workingDirectory: folder.path, openNode, ...around })

async function answers(line: string, around: Around = {}): Promise<Record<string, unknown>[]> {
  const { exit, output, errors } = await typed(`${line} --json`, around)
  assert.equal([exit, errors], [0, ''], line)
  return records(output)
}

async function refusal(line: string): Promise<unknown[]> {
  const { exit, errors } = await typed(`${line} --json`)
  return [records(errors)[0]?.['code'], exit]
}

const order = (customer: string, total: number): string => JSON.stringify({ type: 'order.placed', data: { customer, total } })

test('a topology in YAML is deployed by its file, also under another name of an export', async () => {
  await answers('append order-1', { input: [order('ada', 300), order('eve', 500), order('zoe', 700), order('bob', 5)].join('\n') })
  const [deployed] = await answers('deploy orders.yaml')
  assert.equal([deployed?.['name'], deployed?.['status']], ['orders', 'running'])
  folder.write('module.ts', `export const other = { name: 'other', version: 1, sources: [{ id: 'log', kind: 'log' }], steps: [] }`)
  assert.equal(await refusal('deploy module.ts'), ['INVALID', 2])
  assert.equal(await refusal('deploy orders.yaml#x'), ['INVALID', 2])
})

test('top shows each topology and its steps, once or until it is stopped', async () => {
  const [first] = await answers('top --once --interval 300')
  assert.equal([first?.['name'], first?.['rowsIn'], first?.['dead'], typeof first?.['rowsPerSecond']], ['orders', 4, 2, 'number'])
  const { output } = await typed('top --once --interval 100')
  assert.match(output, /^topology +status/)
  assert.match(output, /\n {2}known +enrich +0 +4 +2 +0 +0 +2/)
  const child = start('top --json --interval 100', { workingDirectory: folder.path })
  let text = ''
  child.stderr.resume()
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    if (text.split('\n').length > 2) child.kill('SIGINT')
  })
  assert.is(await new Promise(resolve => child.once('close', resolve)), 0)
  assert.ok(records(text.slice(0, text.lastIndexOf('\n'))).length >= 2)
})

test('dead letters are listed, shown, mended and replayed, and discarded', async () => {
  const letters = await answers('dead-letters list orders')
  assert.equal(
    letters.map(({ id, step, status, code }) => [id, step, status, code]),
    [
      [1, 'known', 'open', 'NOT_FOUND'],
      [2, 'known', 'open', 'NOT_FOUND'],
    ],
  )
  assert.equal(await answers('dead-letters list orders --step big'), [])
  assert.is((await answers('dead-letters list orders --limit 1 --after 1'))[0]?.['id'], 2)
  assert.match((await typed('dead-letters list orders')).output, /1 +open +known +\S+Z +customers\.csv/)
  assert.equal(await answers('dead-letters show orders 1'), [letters[0]])
  assert.match((await typed('dead-letters show orders 1')).output, /"customer": "eve"/)
  assert.equal((await answers(`dead-letters replay orders 1 --set '{"customer":"bob"}'`))[0]?.['replayed'], 1)
  assert.equal((await answers(`dead-letters discard orders --all --reason 'a test'`))[0]?.['discarded'], 1)
  await answers('top --once --interval 300')
  const all = await answers('dead-letters list orders --status all')
  assert.equal(
    all.map(({ status, reason }) => [status, reason]),
    [
      ['replayed', undefined],
      ['discarded', 'a test'],
    ],
  )
  assert.equal((await answers(`state get totals '["US","bob"]'`))[0]?.['value'], { total: 500 })
})

test('letters are chosen in one way, by ids that are there, of a topology that is there', async () => {
  for (const line of [
    'dead-letters',
    'dead-letters list',
    'dead-letters list orders --status lost',
    'dead-letters show orders',
    'dead-letters show orders one',
    'dead-letters replay orders',
    'dead-letters replay orders 1 --all',
    'dead-letters replay orders --all --step known',
    'dead-letters replay orders --all --again',
    'dead-letters replay orders 1 --set 5',
    'dead-letters replay orders 1 --set nonsense',
    'dead-letters replay orders 1',
    'dead-letters discard orders 1 0',
  ])
    assert.equal([line, (await typed(line)).exit], [line, 2])
  assert.equal(await refusal('dead-letters show orders 77'), ['NOT_FOUND', 1])
  assert.equal(await refusal('dead-letters list nobody'), ['NOT_FOUND', 1])
  assert.equal((await answers('dead-letters replay orders 1 --again'))[0]?.['replayed'], 1)
})

test('pause lasts, resume ends it, drain folds the rest and ends the topology', async () => {
  assert.is((await answers('pause orders'))[0]?.['status'], 'paused')
  await answers('append order-2', { input: order('ada', 900) })
  assert.equal(
    (await answers('top --once --interval 300')).map(({ status, rowsIn }) => [status, rowsIn]),
    [['paused', 4]],
  )
  assert.is((await answers('resume orders'))[0]?.['status'], 'running')
  const [drained] = await answers('drain orders')
  assert.equal([drained?.['status'], drained?.['lagEvents']], ['ended', 0])
  assert.equal((await answers(`state get totals '["GB","ada"]'`))[0]?.['value'], { total: 900 })
  for (const line of ['pause orders', 'resume orders', 'drain orders']) assert.equal([line, ...(await refusal(line))], [line, 'INVALID', 2])
  for (const line of ['pause nobody', 'resume nobody', 'drain nobody'])
    assert.equal([line, ...(await refusal(line))], [line, 'NOT_FOUND', 1])
})

test('none of them makes a store', async () => {
  for (const line of ['pause x', 'resume x', 'drain x', 'top --once', 'dead-letters list x', 'run orders.yaml --dry'])
    assert.equal([line, ...(await refusal(`${line} --data elsewhere`))], [line, 'NOT_FOUND', 1])
  folder.write('orders.yaml', ...ordersYaml('functions.ts#isBig'))
})

test.run()
