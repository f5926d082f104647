/** The program as a stranger uses it: processes of its own, signals, pipes, and two of them at one store. */
import { once } from 'node:events'
import { existsSync, readFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Around, records, start, type, type Typed } from './command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'allsource-cli-'))
test.after(() => rmSync(folder, { recursive: true }))

/** Types a line in the folder of these tests, where `allsource.json` makes the store small. */
writeFileSync(join(folder, 'allsource.json'), '{ "partitions": 2, "shards": 1, "workers": 1 }')
const here = (around: Around = {}): Around => ({ ...around, workingDirectory: folder })
const typed = (line: string, around: Around = {}): Promise<Typed> => type(line, here(around))

async function refusal(
  line: string,
  around: Around = {},
): Promise<readonly [code: unknown, exit: number | null, details: Record<string, unknown>]> {
  const { exit, errors } = await typed(`${line} --json`, around)
  // A command that holds a node logs there, too.
  const failure = records(errors).find(record => 'code' in record) ?? {}
  return [failure['code'], exit, failure['details'] as Record<string, unknown>]
}

test('append makes the store, and read finds it again', async () => {
  const input = Array.from({ length: 5_000 }, (_, at) => `{"type":"line","data":{"at":${at + 1}}}\n`).join('')
  const { exit, output, errors } = await typed('append order-1 --json', { input })
  assert.equal([exit, errors, records(output).at(-1)?.['version']], [0, '', 5_000])
  assert.ok(existsSync(join(folder, 'data', 'store.json')))
  const read = await typed('read order-1 --json')
  assert.equal([read.exit, read.errors], [0, ''])
  const places = records(read.output).map(one => one['version'])
  assert.equal(
    places,
    Array.from({ length: 5_000 }, (_, at) => at + 1),
  )
})

test('what is fixed for a store can not be changed by a setting', async () => {
  const { exit, errors } = await typed('start --partitions 3')
  assert.is(exit, 4)
  assert.match(errors, '--partitions')
})

test('exit codes are those of the errors', async () => {
  assert.equal((await refusal('append order-1 --type x --data 1 --expected 7')).slice(0, 2), ['WRONG_EXPECTED_VERSION', 3])
  assert.equal((await refusal('read --all --data elsewhere')).slice(0, 2), ['NOT_FOUND', 1])
  assert.equal((await refusal('read order-1 --limit none')).slice(0, 2), ['INVALID', 2])
  assert.not(existsSync(join(folder, 'elsewhere')))
})

test('help and version open nothing', async () => {
  assert.match((await typed('--version')).output, /^\d+\.\d+\.\d+\n$/)
  assert.match((await typed('read --help')).output, 'Examples:')
})

test('follow prints what is there and waits; a signal is its ordinary end', async () => {
  const child = start('follow order-1 --from 4999 --json', here())
  const closed = once(child, 'close')
  const lines: string[] = []
  for await (const line of createInterface(child.stdout)) {
    lines.push(line)
    if (lines.length === 2) child.kill('SIGTERM')
  }
  assert.equal(
    records(lines.join('\n')).map(one => one['version']),
    [4999, 5000],
  )
  assert.equal(await closed, [0, null])
})

test('a reader that goes away ends a command quietly', async () => {
  const child = start('read order-1 --json', here())
  const closed = once(child, 'close')
  let errors = ''
  child.stderr.on('data', chunk => (errors += String(chunk)))
  await once(child.stdout, 'data')
  child.stdout.destroy()
  assert.equal(await closed, [0, null])
  assert.is(errors, '')
})

test('start holds the store until a signal: others ask it, and a second one is told which process holds it', async () => {
  const child = start('start --json', here())
  const closed = once(child, 'close')
  const ready = JSON.parse(String((await once(child.stdout, 'data'))[0])) as Record<string, unknown>
  assert.equal([ready['directory'], ready['pid']], [join(folder, 'data'), child.pid])
  const { http = '', socket } = ready['addresses'] as Record<string, string>
  assert.equal((await fetch(`${http}/ready`)).status, 200)
  assert.is(socket, join(folder, 'data', 'node.sock'))
  const noted = JSON.parse(readFileSync(join(folder, 'data', 'node.json'), 'utf8')) as Record<string, unknown>
  assert.equal(noted, { pid: child.pid, started: noted['started'], addresses: ready['addresses'] })
  assert.is((await typed('read order-1 --limit 1 --json')).exit, 0)
  const [code, exit, details] = await refusal('start --no-http')
  assert.equal([code, exit, details['pid']], ['LOCKED', 5, child.pid])
  child.kill('SIGTERM')
  assert.equal(await closed, [0, null])
  assert.not(existsSync(join(folder, 'data', 'node.json')))
})

test('a second signal ends at once, and loses nothing that was acknowledged', async () => {
  const child = start('append tail-1 --type line --json', here())
  const closed = once(child, 'close')
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]()
  for (let version = 1; version <= 3; version++) {
    child.stdin.write(`${version}\n`)
    const { value } = await answers.next()
    assert.is(records(String(value))[0]?.['version'], version)
  }
  child.stdin.write('4\n')
  child.kill('SIGTERM')
  child.kill('SIGTERM')
  await closed
  const stored = records((await typed('read tail-1 --json')).output)
  assert.ok(stored.length >= 3, `${stored.length} of 3 acknowledged events are there`)
})

test.run()
