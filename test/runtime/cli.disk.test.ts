/** The commands as a stranger types them, each in a process of its own, against a store on disk. */
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Around, records, start, type, type Typed } from './command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'allsource-cli-'))
test.after(() => rmSync(folder, { recursive: true }))

/** Types a line in the folder of these tests, where `allsource.json` makes stores small. */
writeFileSync(join(folder, 'allsource.json'), '{ "partitions": 2, "shards": 1, "workers": 1 }')
const here = (around: Around = {}): Around => ({ ...around, workingDirectory: folder })
const typed = (line: string, around: Around = {}): Promise<Typed> => type(line, here(around))

/** The one line of JSON of an answer that is expected to be good. */
async function answer(line: string, around: Around = {}): Promise<Record<string, unknown>> {
  const { exit, output, errors } = await typed(`${line} --json`, around)
  assert.equal([exit, errors], [0, ''], line)
  return records(output)[0] ?? {}
}

async function refusal(
  line: string,
  around: Around = {},
): Promise<readonly [code: unknown, exit: number | null, details: Record<string, unknown>]> {
  const { exit, errors } = await typed(`${line} --json`, around)
  const failure = records(errors)[0] ?? {}
  return [failure['code'], exit, failure['details'] as Record<string, unknown>]
}

test('append makes the store, and answers with the places of what it stored', async () => {
  const first = await answer(`append order-1 --type placed --data '{"n":12345678901234567890}'`)
  assert.equal(
    [first['stream'], first['firstVersion'], first['version'], first['events'], first['durability']],
    ['order-1', 1, 1, 1, 'disk'],
  )
  assert.ok(existsSync(join(folder, 'data', 'store.json')))
  const input = '{"type":"paid","data":{"at":1}}\n{"type":"sent","data":{"at":2},"id":"sent-1","time":"2020-02-29T00:00:00Z"}\n'
  const more = await answer('append order-1 --expected 1', { input })
  assert.equal([more['firstVersion'], more['version'], more['events']], [2, 3, 2])
  const people = await typed('append cart-7 --type opened --data null')
  assert.equal([people.exit, people.errors], [0, ''])
  assert.match(people.output, /^cart-7 +version 1 +position \S+\n$/)
})

test('another version than the expected is a conflict, and nothing is stored', async () => {
  const [code, exit, details] = await refusal('append order-1 --type x --data 1 --expected 7')
  assert.equal([code, exit, details['expected'], details['actual']], ['WRONG_EXPECTED_VERSION', 3, 7, 3])
  assert.equal((await refusal('append order-1 --type x --data 1 --expected none'))[0], 'WRONG_EXPECTED_VERSION')
  assert.equal((await refusal('append fresh-1 --type x --data 1 --expected exists'))[0], 'WRONG_EXPECTED_VERSION')
  assert.is(records((await typed('read order-1 --json')).output).length, 3)
})

test('an id that is sent again is stored once; with other content it is a conflict', async () => {
  const line = 'append order-2 --type placed --data {"a":1} --id placed-2'
  const once = await answer(line)
  assert.equal(await answer(line), once)
  assert.equal((await refusal('append order-2 --type placed --data {"a":2} --id placed-2')).slice(0, 2), ['DUPLICATE_ID', 3])
})

test('what an append may not do is refused before anything is stored', async () => {
  assert.equal((await refusal('append $audit --type x --data 1')).slice(0, 2), ['FORBIDDEN', 1])
  const long = `{"type":"x","data":1}\n{"type":"x","data":"${'y'.repeat(1024 * 1024)}"}\n`
  const [code, exit, details] = await refusal('append order-3', { input: long })
  assert.equal([code, exit, details['line'], details['eventsStored']], ['TOO_LARGE', 2, 2, 0])
  assert.equal((await refusal('read order-3')).slice(0, 2), ['STREAM_NOT_FOUND', 1])
})

test('a stream is read both ways, in parts, and as it was', async () => {
  const versions = async (line: string): Promise<unknown[]> =>
    records((await typed(`read order-1 --json ${line}`)).output).map(one => one['version'])
  assert.equal(await versions(''), [1, 2, 3])
  assert.equal(await versions('--backwards --limit 2'), [3, 2])
  assert.equal(await versions('--from 2 --to 2'), [2])
  assert.equal(await versions('--from 2 --backwards'), [2, 1])
  const [, second] = records((await typed('read order-1 --json')).output)
  assert.equal(await versions(`--as-of ${String(second?.['position'])}`), [1, 2])
  assert.equal(second?.['data'], { at: 1 })
  const people = await typed('read order-1')
  assert.equal(people.output.split('\n')[0]?.split(/ +/).filter(Boolean), ['version', 'time', 'type', 'data'])
  assert.match(people.output, '2020-02-29T00:00:00.000Z')
})

test('all streams are read in one order, filtered, and in parts by position', async () => {
  const all = records((await typed('read --all --json')).output)
  assert.equal(
    all.map(one => one['stream']),
    ['order-1', 'order-1', 'order-1', 'cart-7', 'order-2'],
  )
  const types = records((await typed('read --all --types placed,opened --json')).output).map(one => one['type'])
  assert.equal(types, ['placed', 'opened', 'placed'])
  assert.is(records((await typed('read --all --categories cart --json')).output).length, 1)
  const rest = records((await typed(`read --all --json --from ${String(all[1]?.['position'])} --limit 2`)).output)
  assert.equal(rest, all.slice(2, 4))
  const back = records((await typed('read --all --json --backwards --limit 1')).output)
  assert.equal(back, all.slice(4))
})

test('what read --json prints can be appended to another store', async () => {
  const { output } = await typed('read order-1 --json')
  const copied = await answer('append order-1 --data copy', { input: output })
  assert.is(copied['version'], 3)
  const copy = records((await typed('read order-1 --json --data copy')).output)
  assert.equal(
    copy.map(({ id, type, data, time }) => [id, type, data, time]),
    records(output).map(({ id, type, data, time }) => [id, type, data, time]),
  )
})

test('a long input goes in by batches, and its reader may go away', async () => {
  const count = 25_000
  const input = Array.from({ length: count }, (_, at) => `{"at":${at}}\n`).join('')
  const stored = records((await typed('append log-1 --type line --expected none --json', { input })).output)
  assert.equal([stored[0]?.['firstVersion'], stored.at(-1)?.['version']], [1, count])
  assert.ok(stored.length >= 3)
  assert.is(
    stored.reduce((sum, { events }) => sum + Number(events), 0),
    count,
  )
  const bad = await refusal('append log-2 --type line', { input: `${input}nonsense\n` })
  assert.equal([bad[0], bad[1], bad[2]['line']], ['INVALID', 2, count + 1])
  assert.is((await typed(`read log-2 --json --from ${Number(bad[2]['eventsStored'])} --to ${count}`)).output.split('\n').length - 1, 1)
  const child = start('read log-1 --json', here())
  await once(child.stdout, 'data')
  child.stdout.destroy()
  let errors = ''
  child.stderr.on('data', chunk => (errors += String(chunk)))
  assert.equal(await once(child, 'close'), [0, null])
  assert.is(errors, '')
})

test('verify, stats and topologies answer people and programs', async () => {
  for (const line of ['verify', 'stats']) {
    assert.type(await answer(line), 'object')
    assert.is((await typed(line)).exit, 0)
  }
  assert.equal(records((await typed('topologies --json')).output), [])
})

test('what is fixed for a store can not be changed by a setting', async () => {
  assert.equal((await refusal('read order-1', { environment: { ALLSOURCE_PARTITIONS: '3' } })).slice(0, 2), ['INCOMPATIBLE', 4])
  const { errors } = await typed('start --partitions 3')
  assert.match(errors, '--partitions')
})

test('follow prints what is there and waits; a signal is its ordinary end', async () => {
  const child = start('follow order-1 --from 2 --json', here())
  const lines: string[] = []
  for await (const line of createInterface(child.stdout)) {
    lines.push(line)
    if (lines.length === 2) child.kill('SIGTERM')
  }
  assert.equal(
    records(lines.join('\n')).map(one => one['version']),
    [2, 3],
  )
  const [exit] = child.exitCode === null ? await once(child, 'close') : [child.exitCode]
  assert.is(exit, 0)
})

test('start holds the store until a signal: others are told which process it is', async () => {
  const child = start('start --json', here())
  const ready = JSON.parse(String((await once(child.stdout, 'data'))[0])) as Record<string, unknown>
  assert.equal([ready['directory'], ready['pid'], ready['addresses']], [join(folder, 'data'), child.pid, {}])
  assert.ok(existsSync(join(folder, 'data', 'node.json')))
  const [code, exit, details] = await refusal('read order-1')
  assert.equal([code, exit, details['pid']], ['LOCKED', 5, child.pid])
  child.kill('SIGTERM')
  assert.equal(await once(child, 'close'), [0, null])
  assert.not(existsSync(join(folder, 'data', 'node.json')))
  assert.is((await typed('read order-1')).exit, 0)
})

test('a second signal ends at once, and loses nothing that was acknowledged', async () => {
  const child = start('append tail-1 --type line --json', here())
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]()
  for (let version = 1; version <= 3; version++) {
    child.stdin.write(`${version}\n`)
    const { value } = await answers.next()
    assert.is(records(String(value))[0]?.['version'], version)
  }
  const closed = once(child, 'close')
  child.stdin.write('4\n')
  child.kill('SIGTERM')
  child.kill('SIGTERM')
  await closed
  const stored = records((await typed('read tail-1 --json')).output)
  assert.ok(stored.length >= 3, `${stored.length} of 3 acknowledged events are there`)
  assert.is((await typed('verify')).exit, 0)
})

test.run()
