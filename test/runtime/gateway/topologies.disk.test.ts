/** Topologies, their state and their dead letters over HTTP. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import { type Node, openNode } from '../../../runtime/index.ts'
import { type Answered, ask, post } from './asking.ts'

const folder = mkdtempSync(join(tmpdir(), 'allsource-http-topologies-'))
const directory = join(folder, 'data')
const yaml = `topology: totals
version: 1
sources:
  paid: { follow: { types: [paid] } }
steps:
  - id: known
    from: paid
    validate: { where: cents >= 0 }
  - id: rows
    projection: { name: totals, key: [customer], value: { cents: cents } }
`
let node: Node
let http = ''
let socket = ''

const open = async (): Promise<void> => {
  node = await openNode({ directory, partitions: 4, shards: 1, workers: 1 })
  const { addresses } = await node.serve({ port: 0 })
  ;[http, socket] = [addresses['http']!, addresses['socket']!]
}
const get = (path: string): Promise<Answered> => ask(http, { path })
const send = (path: string, body: string, headers = {}): Promise<Answered> => ask(http, post(path, body, headers))
const empty = (method: string, path: string): Promise<Answered> => ask(http, { method, path })
const yamlType = { 'content-type': 'application/yaml' }

async function pay(cents: readonly number[]): Promise<void> {
  const events = cents.map((amount, n) => JSON.stringify({ type: 'paid', data: { customer: `c${n % 2}`, cents: amount } }))
  assert.equal((await send('/v1/streams/pay-1/events', `[${events.join(',')}]`)).status, 201)
  assert.equal((await empty('POST', '/v1/topologies/caught-up')).status, 200)
}

test.before(open)
test.after(async () => {
  await node.close()
  rmSync(folder, { recursive: true, force: true })
})

test('a topology of YAML runs, and its rows can be read', async () => {
  const { status, json } = await send('/v1/topologies', yaml, yamlType)
  assert.deepEqual([status, json], [201, { name: 'totals', version: 1, status: 'running' }])
  await pay([1, 2, 3, 4])
  const { json: row } = await get(`/v1/state/totals/${encodeURIComponent('["c0"]')}`)
  assert.deepEqual((row as { key: unknown; value: unknown }).key, ['c0'])
  const { json: same } = await get(`/v1/state/totals/${encodeURIComponent('"c0"')}`)
  assert.deepEqual(same, row)
  const { json: first } = await get('/v1/state/totals?limit=1')
  const { rows, next } = first as { rows: unknown[]; next: unknown }
  assert.deepEqual([rows.length, next], [1, ['c0']])
  const { json: second } = await get(`/v1/state/totals?after=${encodeURIComponent('["c0"]')}`)
  assert.deepEqual([(second as { rows: unknown[] }).rows.length, (second as { next: unknown }).next], [1, null])
  assert.equal((await get('/v1/state/totals/%22c9%22')).status, 404)
})

test('what it gave up can be listed, shown, replayed and put away', async () => {
  await pay([-1, -2, -3])
  const { json } = await get('/v1/topologies/totals/dead-letters?limit=2')
  const { letters, next } = json as { letters: { id: number; status: string }[]; next: number | null }
  assert.deepEqual([letters.length, next], [2, letters[1]!.id])
  const { json: rest } = await get(`/v1/topologies/totals/dead-letters?after=${next}`)
  assert.equal((rest as { letters: unknown[] }).letters.length, 1)
  const { json: one } = await get(`/v1/topologies/totals/dead-letters/${letters[0]!.id}`)
  assert.deepEqual(one, letters[0])
  const replay = await send('/v1/topologies/totals/dead-letters/replay', JSON.stringify({ letters: letters[0]!.id, set: { cents: 10 } }))
  assert.deepEqual([replay.status, (replay.json as { letters: number }).letters], [200, 1])
  const discard = await send('/v1/topologies/totals/dead-letters/discard', '{"letters":"all","reason":"a test"}')
  assert.deepEqual([discard.status, (discard.json as { letters: number }).letters], [200, 2])
  const { json: all } = await get('/v1/topologies/totals/dead-letters?status=discarded')
  assert.equal((all as { letters: unknown[] }).letters.length, 2)
  assert.equal((await get('/v1/topologies/totals/dead-letters/999')).status, 404)
  const again = await send('/v1/topologies/totals/dead-letters/replay', `{"letters":${letters[0]!.id}}`)
  assert.deepEqual([again.status, (again.json as { code: string }).code], [400, 'INVALID'])
})

test('it is paused and goes on', async () => {
  const paused = await empty('POST', '/v1/topologies/totals/pause')
  assert.deepEqual([paused.status, (paused.json as { status: string }).status], [200, 'paused'])
  const resumed = await empty('POST', '/v1/topologies/totals/resume')
  assert.deepEqual([resumed.status, (resumed.json as { status: string }).status], [200, 'running'])
})

test('its text is kept with the store: it runs after the node was opened again', async () => {
  assert.equal(readdirSync(join(directory, 'topologies')).length, 1)
  await node.close()
  await open()
  const { json } = await get('/v1/topologies/totals')
  assert.equal((json as { status: string }).status, 'running')
})

test('it drains, and who waits for its end hears of it', async () => {
  const ended = get('/v1/topologies/totals?wait=ended')
  const drained = await empty('POST', '/v1/topologies/totals/drain')
  assert.equal(drained.status, 200)
  assert.equal(((await ended).json as { status: string }).status, 'ended')
  assert.equal((await empty('DELETE', '/v1/topologies/totals')).status, 204)
  assert.equal((await get('/v1/topologies/totals')).status, 404)
})

test('a topology of JSON runs as well, until there is no more', async () => {
  const topology = {
    name: 'copies',
    version: 1,
    sources: [{ kind: 'log', id: 'paid', types: ['paid'] }],
    steps: [{ id: 'rows', operator: 'projection', options: { name: 'copies', key: ['customer'] }, from: [{ step: 'paid', port: 'main' }] }],
  }
  const { json: bad } = await send('/v1/topologies', JSON.stringify({ topology: { ...topology, steps: [{}] } }))
  assert.equal((bad as { code: string }).code, 'INVALID')
  const deployed = await send('/v1/topologies', JSON.stringify({ topology, until: 'head' }))
  assert.equal(deployed.status, 201, deployed.text)
  const { json } = await get('/v1/topologies/copies?wait=ended')
  assert.equal((json as { status: string }).status, 'ended')
})

test('a text may name no files: the reference is named', async () => {
  const texts = [
    ['./fns.ts#double', 'map: ./fns.ts#double'],
    ['#double', 'filter: "#double"'],
    ['file:///etc/x.csv', 'enrich: { table: { file: "file:///etc/x.csv", key: a }, match: a, take: [b] }'],
    ['./s.json', 'validate: { schema: ./s.json }'],
  ] as const
  for (const [reference, step] of texts) {
    const text = `topology: outside
version: 1
sources:
  paid: { follow: { types: [paid] } }
steps:
  - id: step
    from: paid
    ${step}
  - id: rows
    append: { stream: out, type: out }
`
    const { status, json } = await send('/v1/topologies', text, yamlType)
    const { code, details } = json as { code: string; details: { reference?: string } }
    assert.deepEqual([status, code, details.reference], [400, 'INVALID', reference], JSON.stringify(json))
  }
})

test('a file of the node’s machine is deployed over the socket', async () => {
  const file = join(folder, 'totals.yaml')
  writeFileSync(file, yaml)
  const refused = await send('/v1/topologies', JSON.stringify({ file }))
  assert.deepEqual([refused.status, (refused.json as { code: string }).code], [403, 'FORBIDDEN'])
  const { status } = await ask(socket, post('/v1/topologies', JSON.stringify({ file, until: 'head' })))
  assert.equal(status, 201)
})

test('in memory a text is kept as long as the node is open', async () => {
  const small = await openNode({ memory: true })
  await small.deployText(yaml)
  const { module } = (await small.topologies())[0]!
  assert.ok(existsSync(new URL(module)))
  await small.close()
  assert.ok(!existsSync(new URL(module)))
})

test.run()
