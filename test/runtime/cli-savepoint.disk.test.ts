/** `savepoint`, `diff` and `deploy --accept` over a store on disk, and the same asked of a node over a socket by the client. */
// Deadline: 300 s
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { connectSocket } from '../../client/socket.ts'
import { type Node, openNode } from '../../runtime/index.ts'
import { type Around, records, type Typed, typeHere } from './command-line.ts'
import { listOf } from './deployed-node.ts'
import { appended, sumsYaml, versionedFolder } from './versioned-folder.ts'

const folder = versionedFolder()
folder.write('allsource.json', '{ "partitions": 2, "shards": 1, "workers": 1 }')
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

const paid = (customer: string): string => JSON.stringify({ type: 'paid', data: { customer, cents: 100 } })
const total = async (): Promise<unknown> => (await answers(`state get sums '"ann"'`))[0]?.['value']
const pay = async (): Promise<void> => {
  await answers('append customer-1', { input: paid('ann') })
  await answers('start --until caught-up')
}
let made: Record<string, unknown> = {}

test('a savepoint is made, listed over processes, and gone back to', async () => {
  await answers('deploy sums.yaml')
  await pay()
  made = (await answers(`savepoint create sums --label 'first one'`))[0]!
  assert.equal([made['topology'], made['label'], made['version']], ['sums', 'first one', 1])
  await pay()
  assert.equal(await total(), { total: 200 })
  assert.equal(await answers('savepoint list sums'), [made])
  const { output } = await typed('savepoint list')
  assert.match(output, /^topology +savepoint +label/)
  assert.match(output, /sums +\w+ +first one/)
  const [restored] = await answers(`savepoint restore sums --savepoint ${String(made['id'])}`)
  assert.equal([restored?.['name'], restored?.['status']], ['sums', 'running'])
  await answers('start --until caught-up')
  assert.equal(await total(), { total: 200 })
  assert.is((await answers('read sums')).length, 2)
})

test('what is not there is NOT_FOUND, and an id that is left out is named', async () => {
  assert.equal(await refusal('savepoint restore sums --savepoint none'), ['NOT_FOUND', 1])
  assert.equal(await refusal('savepoint create none'), ['NOT_FOUND', 1])
  assert.equal(await refusal('savepoint delete sums none'), ['NOT_FOUND', 1])
  assert.equal(await refusal('savepoint restore sums'), ['INVALID', 2])
})

test('diff says what becomes of each step, of files and of what runs', async () => {
  folder.write('v2.yaml', ...sumsYaml({ version: 2, sinks: [appended] }))
  const { exit, output } = await typed('diff sums v2.yaml --json')
  const found = records(output)[0]!
  const changes = (found['steps'] as { id: string; change: string }[]).map(({ id, change }) => [id, change])
  assert.equal([exit, found['isSafe']], [1, false])
  assert.equal(changes, [['payments', 'kept'], ['totals', 'kept'], ['told', 'kept'], ['rows', 'dropped']]) // prettier-ignore
  const text = await typed('diff sums.yaml v2.yaml')
  assert.is(text.exit, 1)
  assert.match(text.output, /sums: version 1 → 2/)
  assert.match(text.output, /rows +projection +dropped +the rows of its projection go/)
  assert.match(text.output, /--accept: rows/)
  assert.is((await typed('diff sums.yaml sums.yaml')).exit, 0)
  assert.equal(await refusal('diff none v2.yaml'), ['NOT_FOUND', 1])
  folder.write('other.yaml', ...sumsYaml({ name: 'other' }))
  assert.equal(await refusal('diff sums.yaml other.yaml'), ['INVALID', 2])
})

test('deploy refuses what diff names, and takes it with --accept', async () => {
  assert.equal(await refusal('deploy v2.yaml'), ['INVALID', 2])
  const [deployed] = await answers('deploy v2.yaml --accept')
  assert.equal([deployed?.['version'], deployed?.['update']], [2, 'upgraded'])
  assert.equal(await refusal(`state get sums '"ann"'`), ['NOT_FOUND', 1])
  folder.write('v3.yaml', ...sumsYaml({ version: 3 }))
  await answers('deploy v3.yaml')
  await pay()
  assert.equal(await total(), { total: 300 })
})

test('a client asks the same of a node that runs', async () => {
  const node: Node = await openNode({ directory: `${folder.path}/data`, workers: 1 })
  try {
    const { addresses } = await node.serve({ port: 0 })
    const client = connectSocket({ socket: addresses['socket']! })
    assert.equal(
      (await client.savepoints('sums')).map(({ id }) => id),
      [made['id']],
    )
    const second = await client.savepoint('sums', { label: 'by the client' })
    assert.equal(await client.savepoints(), await node.savepoints())
    await client.restoreSavepoint('sums', second.id)
    await client.caughtUp()
    assert.equal(
      (await listOf(node, 'sums')).map(({ value }) => value),
      [{ total: 300 }],
    )
    assert.is(((await client.deployedPlan('sums')) as { version: number }).version, 3)
    await client.dropSavepoint('sums', second.id)
    folder.write('v4.yaml', ...sumsYaml({ version: 4, sinks: [appended] }))
    await client.deploy(new URL(`file://${folder.path}/v4.yaml`), { accept: true })
    await client.undeploy('sums', { keepSavepoints: true })
    assert.is((await client.savepoints('sums')).length, 1)
    await client.close()
  } finally {
    await node.close()
  }
  await answers(`savepoint delete sums ${String(made['id'])}`)
  assert.equal(await answers('savepoint list'), [])
})

test.run()
