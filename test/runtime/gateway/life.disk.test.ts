/** Where a node can be asked, from its first to its last moment: addresses, the socket and its file, node.json, and `allsource start`. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import { isEventStoreError, type Node, openNode, type ServeOptions } from '../../../runtime/index.ts'
import { records, start } from '../command-line.ts'
import { ask } from './asking.ts'

const folder = mkdtempSync(join(tmpdir(), 'allsource-life-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

async function withNode(directory: string, work: (node: Node) => Promise<void>): Promise<void> {
  const node = await openNode({ directory, partitions: 2, shards: 1, workers: 1 })
  try {
    await work(node)
  } finally {
    await node.close()
  }
}

const noted = (directory: string): { addresses: Record<string, string>; started: string } =>
  JSON.parse(readFileSync(join(directory, 'node.json'), 'utf8')) as { addresses: Record<string, string>; started: string }

async function refusalOf(work: Promise<unknown>): Promise<{ code: string; field: unknown; message: string }> {
  try {
    await work
  } catch (error) {
    if (isEventStoreError(error)) return { code: error.code, field: error.details['field'], message: error.message }
    throw error
  }
  throw new assert.AssertionError({ message: 'it was taken' })
}

test('a node that serves says where in node.json, and no more when it has stopped', async () => {
  const directory = join(folder, 'says')
  await withNode(directory, async node => {
    const before = noted(directory)
    assert.deepEqual(before.addresses, {})
    const serving = await node.serve({ port: 0 })
    assert.deepEqual(noted(directory), { ...before, addresses: serving.addresses })
    assert.equal((await ask(serving.addresses['socket']!, { path: '/ready' })).status, 200)
    assert.equal(lstatSync(serving.addresses['socket']!).mode & 0o777, 0o600)
    await serving.close()
    assert.deepEqual(noted(directory).addresses, {})
    assert.ok(!existsSync(serving.addresses['socket']!))
    await assert.rejects(ask(serving.addresses['http']!, { path: '/ready' }))
    // The node goes on, and can serve again.
    const again = await node.serve({ port: null })
    assert.deepEqual(Object.keys(again.addresses), ['socket'])
  })
  assert.ok(!existsSync(join(directory, 'node.json')))
})

test('it serves once at a time', () =>
  withNode(join(folder, 'once'), async node => {
    await node.serve({ port: 0 })
    assert.equal((await refusalOf(node.serve({ port: 0 }))).code, 'INVALID')
  }))

test('a port that is taken is named, and what was opened is closed again', async () => {
  const other = createServer().listen(0, '127.0.0.1').unref()
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  await withNode(join(folder, 'taken'), async node => {
    const { code, field, message } = await refusalOf(node.serve({ port }))
    assert.deepEqual([code, field], ['INVALID', 'httpPort'])
    assert.ok(message.includes(String(port)))
    const { addresses } = await node.serve({ port: 0 })
    assert.equal((await ask(addresses['http']!, { path: '/health' })).status, 200)
  })
  other.close()
})

test('options that make no sense are refused', () =>
  withNode(join(folder, 'options'), async node => {
    const wrong: readonly [ServeOptions, string][] = [
      [{ port: -1 }, 'port'],
      [{ port: 65_536 }, 'port'],
      [{ port: 1.5 }, 'port'],
      [{ host: '' }, 'host'],
      [{ ports: 1 } as ServeOptions, 'ports'],
      [{ limits: { follow: 1 } } as ServeOptions, 'limits.follow'],
      [{ limits: { follows: 0 } }, 'limits.follows'],
      [{ host: '192.0.2.1', port: 0 }, 'httpPort'],
    ]
    for (const [options, field] of wrong) assert.deepEqual((await refusalOf(node.serve(options))).field, field)
  }))

test('a socket that a dead node left behind is no hindrance', async () => {
  const directory = join(folder, 'stale')
  await withNode(directory, async () => undefined)
  const left = createServer().listen(join(directory, 'node.sock')).unref()
  await once(left, 'listening')
  writeFileSync(join(directory, 'node.sock.keep'), '')
  await withNode(directory, async node => {
    const { addresses } = await node.serve({ port: null })
    assert.equal((await ask(addresses['socket']!, { path: '/ready' })).status, 200)
  })
  left.close()
})

test('where the path is too long for a socket, it lies among the temporary files, for its owner alone', async () => {
  const directory = join(folder, 'long'.repeat(20), 'path'.repeat(20))
  mkdirSync(directory, { recursive: true })
  let path = ''
  await withNode(directory, async node => {
    path = (await node.serve({ port: null })).addresses['socket']!
    assert.ok(Buffer.byteLength(path) <= 103 && !path.startsWith(directory))
    assert.equal(lstatSync(dirname(path)).mode & 0o777, 0o700)
    assert.equal(noted(directory).addresses['socket'], path)
    assert.equal((await ask(path, { path: '/ready' })).status, 200)
  })
  assert.ok(!existsSync(path))
  rmSync(dirname(path), { recursive: true, force: true })
})

test('names that are allowed may be asked by, others not', () =>
  withNode(join(folder, 'names'), async node => {
    const { addresses } = await node.serve({ port: 0, allowedHosts: ['Store.Example'] })
    const statusFor = async (headers: Record<string, string>): Promise<number> =>
      (await ask(addresses['http']!, { path: '/health', headers })).status
    assert.deepEqual(
      await Promise.all(
        [
          { host: 'store.example' },
          { host: 'store.example:80', origin: 'https://store.example' },
          { host: 'localhost:1' },
          { host: '[::1]' },
          { host: 'other.example' },
          { host: 'localhost', origin: 'http://localhost:3000' },
        ].map(statusFor),
      ),
      [200, 200, 200, 200, 403, 403],
    )
  }))

test('an embedded node in memory can serve as well', async () => {
  const node = await openNode({ memory: true })
  const { addresses } = await node.serve({ port: 0 })
  assert.deepEqual(Object.keys(addresses), ['http'])
  assert.equal((await ask(addresses['http']!, { path: '/ready' })).status, 200)
  await Promise.all([node.close(), node.close()])
  assert.equal((await refusalOf(node.serve())).code, 'CLOSED')
})

test('a connection that was opened ahead, and never asked over, does not hold up the end', async () => {
  const node = await openNode({ memory: true, partitions: 1 })
  const { addresses } = await node.serve({ port: 0, limits: { drainMs: 3_600_000 } })
  const socket = connect(Number(new URL(addresses['http']!).port), '127.0.0.1')
  const ended = once(socket, 'close')
  await once(socket, 'connect')
  // Connections are accepted in their order.
  assert.equal((await ask(addresses['http']!, { path: '/ready' })).status, 200)
  const late = sleep(60_000, 'late', { ref: false })
  assert.notEqual(await Promise.race([node.close(), late]), 'late')
  await ended
})

test('start prints the addresses, serves none with --no-http, and takes those of the configuration', async () => {
  const lines: readonly [line: string, served: string[]][] = [
    ['start --json', ['http', 'socket']],
    ['start --json --no-http', ['socket']],
    ['start --json --host localhost --http-port 0', ['http', 'socket']],
  ]
  for (const [line, served] of lines) {
    const child = start(line, { workingDirectory: folder })
    const closed = once(child, 'close')
    const [first] = (await once(child.stdout, 'data')) as [Buffer]
    const { addresses } = records(String(first))[0] as { addresses: Record<string, string> }
    assert.deepEqual(Object.keys(addresses), served)
    if (line.includes('localhost')) assert.match(addresses['http']!, /^http:\/\/localhost:\d+$/)
    assert.equal((await ask(addresses['socket']!, { path: '/ready' })).status, 200)
    child.kill('SIGTERM')
    assert.deepEqual(await closed, [0, null])
  }
})

test('start says which port is taken, and ends with 2', async () => {
  const other = createServer().listen(0, '127.0.0.1').unref()
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  const child = start(`start --json --http-port ${port}`, { workingDirectory: folder })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  assert.deepEqual(await once(child, 'close'), [2, null])
  const failure = records(errors).find(({ code }) => code !== undefined)
  assert.equal(failure?.['code'], 'INVALID', errors)
  other.close()
})

test.run()
