/** What each command does with a store: lines typed against one node that stays open, so that many can be tried. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Node, openNode } from '../../runtime/index.ts'
import { records, typeHere, type Typed } from './command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'allsource-cli-'))
const node = await openNode({ directory: join(folder, 'data'), partitions: 2, shards: 1, workers: 1 })
test.after(async () => {
  await node.close()
  rmSync(folder, { recursive: true })
})

const module = fileURLToPath(new URL('./topologies/totals.ts', import.meta.url))

/** The node, but for the closing after each line. */
const kept = new Proxy(node, {
  get(target, name) {
    const value: unknown = Reflect.get(target, name)
    if (name === 'close') return async () => undefined
    return typeof value === 'function' ? (value.bind(target) as unknown) : value
  },
}) as Node

const typed = (line: string, input?: string): Promise<Typed> =>
  typeHere(line, { node: kept, workingDirectory: folder, ...(input === undefined ? {} : { input }) })

/** Lines of JSON of an answer that is expected to be good. */
async function answers(line: string, input?: string): Promise<Record<string, unknown>[]> {
  const { exit, output, errors } = await typed(`${line} --json`, input)
  assert.equal([exit, errors], [0, ''], line)
  return records(output)
}

interface Refusal {
  readonly code: unknown
  readonly exit: number | null
  readonly details: Record<string, unknown>
}

async function refusal(line: string, input?: string): Promise<Refusal> {
  const { exit, errors } = await typed(`${line} --json`, input)
  const [failure = {}] = records(errors)
  return { code: failure['code'], exit, details: failure['details'] as Record<string, unknown> }
}

test('append answers with the places of what it stored', async () => {
  const [first] = await answers(`append order-1 --type placed --data '{"n":12345678901234567890}'`)
  assert.equal(
    [first?.['stream'], first?.['firstVersion'], first?.['version'], first?.['events'], first?.['durability']],
    ['order-1', 1, 1, 1, 'disk'],
  )
  const input = '{"type":"packed","data":{"at":1}}\n{"type":"sent","data":{"at":2},"id":"sent-1","time":"2020-02-29T00:00:00Z"}\n'
  const [more] = await answers('append order-1 --expected 1', input)
  assert.equal([more?.['firstVersion'], more?.['version'], more?.['events']], [2, 3, 2])
  const people = await typed('append cart-7 --type opened --data null')
  assert.equal([people.exit, people.errors], [0, ''])
  assert.match(people.output, /^cart-7 +version 1 +position \S+\n$/)
})

test('another version than the expected is a conflict, and nothing is stored', async () => {
  const { code, exit, details } = await refusal('append order-1 --type x --data 1 --expected 7')
  assert.equal([code, exit, details['expected'], details['actual']], ['WRONG_EXPECTED_VERSION', 3, 7, 3])
  assert.is((await refusal('append order-1 --type x --data 1 --expected none')).code, 'WRONG_EXPECTED_VERSION')
  assert.is((await refusal('append fresh-1 --type x --data 1 --expected exists')).code, 'WRONG_EXPECTED_VERSION')
  assert.is((await answers('read order-1')).length, 3)
})

test('an id that is sent again is stored once; with other content it is a conflict', async () => {
  const line = 'append order-2 --type placed --data {"a":1} --id placed-2'
  assert.equal(await answers(line), await answers(line))
  assert.is((await answers('read order-2')).length, 1)
  const { code, exit } = await refusal('append order-2 --type placed --data {"a":2} --id placed-2')
  assert.equal([code, exit], ['DUPLICATE_ID', 3])
})

test('what an append may not do is refused before anything is stored', async () => {
  const system = await refusal('append $audit --type x --data 1')
  assert.equal([system.code, system.exit], ['FORBIDDEN', 1])
  const long = `{"type":"x","data":1}\n{"type":"x","data":"${'y'.repeat(1024 * 1024)}"}\n`
  const { code, exit, details } = await refusal('append order-3', long)
  assert.equal([code, exit, details['line'], details['eventsStored']], ['TOO_LARGE', 2, 2, 0])
  const missing = await refusal('read order-3')
  assert.equal([missing.code, missing.exit], ['STREAM_NOT_FOUND', 1])
})

test('a stream is read both ways, in parts, and as it was', async () => {
  const versions = async (flags: string): Promise<unknown[]> => (await answers(`read order-1 ${flags}`)).map(one => one['version'])
  assert.equal(await versions(''), [1, 2, 3])
  assert.equal(await versions('--backwards --limit 2'), [3, 2])
  assert.equal(await versions('--from 2 --to 2'), [2])
  assert.equal(await versions('--from 2 --backwards'), [2, 1])
  const [first, second] = await answers('read order-1')
  assert.equal(await versions(`--as-of ${String(second?.['position'])}`), [1, 2])
  assert.equal(
    await versions(`--as-of ${String(second?.['recorded'])}`),
    await versions(`--as-of ${Date.parse(String(second?.['recorded']))}`),
  )
  assert.is((await versions(`--as-of ${String(first?.['recorded'])}`))[0], 1)
  assert.equal(second?.['data'], { at: 1 })
  const people = await typed('read order-1')
  assert.equal(people.output.split('\n')[0]?.split(/ +/).filter(Boolean), ['version', 'time', 'type', 'data'])
  assert.match(people.output, '2020-02-29T00:00:00.000Z')
})

test('all streams are read in one order, filtered, and in parts by position', async () => {
  const all = await answers('read --all')
  assert.equal(
    all.map(one => one['stream']),
    ['order-1', 'order-1', 'order-1', 'cart-7', 'order-2'],
  )
  assert.equal(
    (await answers('read --all --types placed,opened')).map(one => one['type']),
    ['placed', 'opened', 'placed'],
  )
  assert.is((await answers('read --all --categories cart --types opened')).length, 1)
  assert.equal(await answers(`read --all --from ${String(all[1]?.['position'])} --limit 2`), all.slice(2, 4))
  assert.equal(await answers('read --all --backwards --limit 1'), all.slice(4))
  assert.equal(await answers(`read --all --backwards --from ${String(all[2]?.['position'])}`), all.slice(0, 2).reverse())
})

test('what read --json prints can be appended to another stream', async () => {
  const { output } = await typed('read order-1 --json')
  const lines = output.replaceAll(/"id":"[^"]*",/g, '')
  assert.is((await answers('append copy-1', lines))[0]?.['version'], 3)
  const plain = ({ type, data, time }: Record<string, unknown>): unknown[] => [type, data, time]
  assert.equal((await answers('read copy-1')).map(plain), (await answers('read order-1')).map(plain))
})

test('a long input goes in by batches; a bad line leaves what is before its batch', async () => {
  const count = 25_000
  const input = Array.from({ length: count }, (_, at) => `{"at":${at}}\n`).join('')
  const stored = await answers('append log-1 --type line --expected none', input)
  assert.equal([stored.length, stored[0]?.['firstVersion'], stored.at(-1)?.['version']], [3, 1, count])
  const { code, exit, details } = await refusal('append log-2 --type line', `${input}nonsense\n`)
  assert.equal([code, exit, details['line'], details['linesStored'], details['eventsStored']], ['INVALID', 2, count + 1, 20_000, 20_000])
  assert.is((await answers('read log-2 --backwards --limit 1'))[0]?.['version'], 20_000)
})

test('verify and stats answer people and programs', async () => {
  const [stats] = await answers('stats')
  assert.is(stats?.['events'], 45_000 + 8)
  const [report] = await answers('verify')
  assert.equal([report?.['events'], report?.['damage']], [45_000 + 8, []])
  assert.match((await typed('stats')).output, /events +45,008/)
  assert.match((await typed('verify')).output, /damage +none/)
})

test('with nothing deployed there is nothing to list, and nothing to undeploy', async () => {
  assert.equal(await answers('topologies'), [])
  assert.is((await refusal('undeploy hourly')).code, 'NOT_FOUND')
  assert.is((await refusal('state get hourly 1')).code, 'NOT_FOUND')
  assert.is((await refusal('state list hourly')).code, 'NOT_FOUND')
})

test('a topology is deployed, folds what is there, is read by key, and goes', async () => {
  const hour = Date.UTC(2026, 0, 31, 12)
  const paid = [100, 200, -5].map((cents, at) =>
    JSON.stringify({ type: 'paid', data: { customer: cents < 0 ? 'bob' : 'ada', cents, at: hour + at } }),
  )
  await answers('append payment-1', paid.join('\n'))
  const [status] = await answers(`deploy ${module} --until head`)
  assert.equal([status?.['name'], status?.['status'], status?.['rowsIn'], status?.['dead']], ['totals', 'ended', 3, 1])
  assert.equal(await answers('topologies'), [status])
  const [row] = await answers(`state get totals '["ada",${hour}]'`)
  assert.equal([row?.['value'], row?.['durable']], [{ count: 2, sum: 300 }, true])
  assert.equal((await typed(`state get totals '["ada",${hour}]'`)).output, '{\n  "count": 2,\n  "sum": 300\n}\n')
  assert.equal(await answers(`state list totals --prefix '["ada"]' --limit 5`), [{ key: ['ada', hour], value: { count: 2, sum: 300 } }])
  assert.equal(await answers(`state list totals --prefix '"eve"'`), [])
  const [first, last] = await answers('read payment-1 --limit 3')
  const asOf = (event: Record<string, unknown> | undefined): string => `--as-of ${String(event?.['position'])}`
  assert.equal(await answers(`state list totals ${asOf(first)}`), [], 'its window had not closed')
  assert.equal(await answers(`state list totals --as-of 2200-01-01 --limit 1`), [{ key: ['ada', hour], value: { count: 2, sum: 300 } }])
  assert.equal((await answers(`state get totals '["ada",${hour}]' --as-of 2200-01-01`))[0]?.['value'], row?.['value'])
  assert.is((await refusal(`state get totals '["ada",${hour}]' ${asOf(last)}`)).code, 'NOT_FOUND')
  assert.is((await refusal(`state get totals '["ada",${hour}]' --as-of soon`)).exit, 2)
  assert.match((await typed('state list totals')).output, /\["ada",\d+\] +\{"count":2,"sum":300\}/)
  const missing = await refusal(`state get totals '"eve"'`)
  assert.equal([missing.code, missing.exit], ['NOT_FOUND', 1])
  assert.is((await answers('read $dead-letter-totals')).length, 1)
  assert.is((await refusal(`deploy ${module}`)).exit, 2)
  assert.equal(await answers('undeploy totals'), [{ name: 'totals', undeployed: true }])
  assert.is((await refusal('state list totals')).code, 'NOT_FOUND')
})

test('a module that can not be loaded is refused by its name', async () => {
  const broken = fileURLToPath(new URL('./topologies/broken.ts', import.meta.url))
  const { code, exit } = await refusal(`deploy ${broken} --until head`)
  assert.equal([code, exit], ['INVALID', 2])
  assert.equal(await answers('topologies'), [])
})

test('numbers come back as they were received', async () => {
  await answers(`append number-1 --type t --data '{"big":12345678901234567890,"money":1.50}'`)
  for (const line of ['read number-1 --json', 'read --all --types t --json', 'read number-1'])
    assert.match((await typed(line)).output, '{"big":12345678901234567890,"money":1.50}')
})

test('all streams are read and followed by tags, correlation ids and recorded time', async () => {
  const marked = (data: number, tags: string[], id: string): string =>
    JSON.stringify({ type: 'marked', data, tags, metadata: { correlationId: id } })
  await answers('append marked-1', `${marked(1, ['vip', 'late'], 'c-1')}\n${marked(2, ['vip'], 'c-2')}\n`)
  const found = async (flags: string): Promise<unknown[]> => (await answers(`read --all ${flags}`)).map(one => one['data'])
  assert.equal(await found('--tags vip'), [1, 2])
  assert.equal(await found('--tags vip,late'), [1])
  assert.equal(await found('--correlation c-2,c-9'), [2])
  assert.equal(await found('--tags late --correlation c-2'), [])
  const last = (await answers('read --all --backwards --limit 1'))[0]
  const recorded = String(last?.['recorded'])
  assert.ok((await found(`--since ${recorded}`)).length >= 1)
  assert.equal(await found(`--since ${recorded} --until ${recorded}`), [])
  assert.equal(await found(`--tags vip --until ${Date.parse(recorded) + 1}`), [1, 2])
  for (const flags of ['--tags vip', '--correlation c-1', '--since 2026-01-31', '--until 5'])
    assert.is((await typed(`read marked-1 ${flags}`)).exit, 2)
  assert.is((await typed('read --all --since soon')).exit, 2)
  assert.is((await typed('follow marked-1 --tags vip')).exit, 2)
})

test('a stream is given a partition key once; another one is a conflict that tells both', async () => {
  const [first] = await answers('append keyed-1 --type x --data 1 --partition-key show-1')
  const [more] = await answers('append keyed-1 --type x --data 2')
  const [show] = await answers('append show-1 --type x --data 3')
  assert.equal([more!['version'], more!['partition'], show!['partition']], [2, first!['partition'], first!['partition']])
  const { code, exit, details } = await refusal('append keyed-1 --type x --data 1 --partition-key show-2')
  assert.equal([code, exit, details['expected'], details['actual']], ['PARTITION_KEY_MISMATCH', 3, 'show-2', 'show-1'])
  assert.equal(
    (await answers('read keyed-1')).map(({ partitionKey }) => partitionKey),
    ['show-1', 'show-1'],
  )
  // What was read can be appended elsewhere; the key is of the stream it was read from.
  const lines = (await answers('read keyed-1')).map(event => JSON.stringify({ ...event, id: undefined })).join('\n')
  const [copied] = await answers('append copied-1', lines)
  assert.is(copied!['version'], 2)
  assert.is('partitionKey' in (await answers('read copied-1'))[0]!, false)
})

test.run()
