/** Peers that behave badly: slow, half gone, greedy, or wrong. None of them may cost the others anything. */
// Deadline: 240 s
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test } from 'uvu'
import { type Node, openNode, type ServeOptions } from '../../../runtime/index.ts'
import { ask, begin, jsonType, linesUntil, post, responseTo } from './asking.ts'

async function withDoor(limits: ServeOptions['limits'], work: (url: string, node: Node) => Promise<void>): Promise<void> {
  const node = await openNode({ memory: true })
  const { addresses } = await node.serve({ port: 0, ...(limits && { limits }) })
  try {
    await work(addresses['http']!, node)
  } finally {
    await node.close()
  }
}

function socketTo(url: string): Socket {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => undefined)
  return socket
}

/** All that comes until the connection ends. */
async function rest(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  if (!socket.closed) await new Promise(resolve => socket.once('close', resolve))
  return Buffer.concat(chunks).toString()
}

/** Asks until it is so. */
async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await pause(20)
}

const head = (lines: string): string => `${lines.trim().replaceAll('\n', '\r\n')}\r\n\r\n`
const fill = async (node: Node, count: number, bytes: number): Promise<void> => {
  const data = 'x'.repeat(bytes)
  for (let n = 0; n < count; n += 50)
    await node.appendToStream(
      `fill-${n}`,
      Array.from({ length: Math.min(50, count - n) }, () => ({ type: 'filled', data })),
    )
}

test('headers that come too slowly are answered 408, and others are served meanwhile', () =>
  withDoor({ headersMs: 500, requestMs: 500 }, async url => {
    const slow = socketTo(url)
    slow.write('GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ')
    assert.equal((await ask(url, { path: '/health' })).status, 200)
    assert.match(await rest(slow), /^HTTP\/1\.1 408 [\s\S]*"code":"INVALID"/)
  }))

test('a body that never ends is cut off after its time', () =>
  withDoor({ headersMs: 300, requestMs: 600 }, async url => {
    const slow = socketTo(url)
    slow.write(head('POST /v1/streams/a/events HTTP/1.1\nHost: localhost\nContent-Type: application/json\nContent-Length: 100'))
    slow.write('{"type"')
    assert.match(await rest(slow), /^HTTP\/1\.1 408 /)
    assert.equal((await ask(url, { path: '/v1/streams/a' })).status, 200)
  }))

test('headers that are too large are 431, and what is no HTTP is 400, as problems', () =>
  withDoor(undefined, async url => {
    const large = socketTo(url)
    large.write(`GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`)
    assert.match(await rest(large), /^HTTP\/1\.1 431 [\s\S]*application\/problem\+json[\s\S]*"code":"TOO_LARGE"/)
    const wrong = socketTo(url)
    wrong.write('hello\r\n\r\n')
    assert.match(await rest(wrong), /^HTTP\/1\.1 400 [\s\S]*"code":"INVALID"/)
    const nameless = socketTo(url)
    nameless.write('GET /health HTTP/1.1\r\nConnection: close\r\n\r\n')
    assert.match(await rest(nameless), /^HTTP\/1\.1 400 /)
  }))

test('requests that come together in one packet are answered in their order', () =>
  withDoor(undefined, async url => {
    const socket = socketTo(url)
    const one = (version: number, last = false): string => {
      const body = `{"type":"t","data":${version}}`
      const lines = [
        `POST /v1/streams/pipe/events?expected=${version} HTTP/1.1`,
        'Host: localhost',
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
        ...(last ? ['Connection: close'] : []),
      ]
      return head(lines.join('\n')) + body
    }
    socket.write(one(0) + one(1) + one(2, true))
    const answers = await rest(socket)
    assert.deepEqual(
      [...answers.matchAll(/"version":(\d)/g)].map(([, version]) => version),
      ['1', '2', '3'],
    )
  }))

test('a body over the limit is refused before it is sent to its end', () =>
  withDoor({ bodyBytes: 1000 }, async url => {
    const socket = socketTo(url)
    socket.write(head('POST /v1/streams/a/events HTTP/1.1\nHost: localhost\nContent-Type: application/json\nContent-Length: 100000000'))
    const [first] = (await once(socket, 'data')) as [Buffer]
    assert.match(first.toString(), /^HTTP\/1\.1 413 [\s\S]*"limit":1000/)
    socket.destroy()
    const sent = begin(url, { method: 'POST', path: '/v1/streams/a/events', headers: { ...jsonType, 'transfer-encoding': 'chunked' } })
    sent.on('error', () => undefined)
    sent.write('x'.repeat(600))
    sent.write('x'.repeat(600))
    assert.equal((await responseTo(sent)).statusCode, 413)
    sent.destroy()
  }))

test('who asks before it sends is told no, or to go on', () =>
  withDoor({ bodyBytes: 1000 }, async url => {
    const asking = (bytes: number): string =>
      head(`POST /v1/streams/a/events HTTP/1.1
Host: localhost
Content-Type: application/json
Content-Length: ${bytes}
Expect: 100-continue
Connection: close`)
    const refused = socketTo(url)
    refused.write(asking(5000))
    const [answer] = (await once(refused, 'data')) as [Buffer]
    assert.match(answer.toString(), /^HTTP\/1\.1 413 /)
    refused.destroy()
    const taken = socketTo(url)
    const body = '{"type":"t","data":1}'
    taken.write(asking(body.length))
    const [word] = (await once(taken, 'data')) as [Buffer]
    assert.equal(word.toString(), 'HTTP/1.1 100 Continue\r\n\r\n')
    taken.write(body)
    assert.match(await rest(taken), /^HTTP\/1\.1 201 /)
  }))

test('bodies that come in at once share one limit: more is BUSY, and there is room again afterwards', () =>
  withDoor({ bodyBytes: 1000, bodiesBytes: 1500 }, async url => {
    const body = `{"type":"t","data":"${'x'.repeat(900)}"}`
    const first = begin(url, { ...post('/v1/streams/a/events', ''), headers: { ...jsonType, 'content-length': String(body.length) } })
    first.write(body.slice(0, 100))
    await until(async () => (await ask(url, post('/v1/streams/b/events', body))).status === 503)
    first.end(body.slice(100))
    assert.equal((await responseTo(first)).statusCode, 201)
    await until(async () => (await ask(url, post('/v1/streams/b/events', body))).status === 201)
  }))

test('an upload that is broken off stores nothing and holds nothing', () =>
  withDoor({ bodyBytes: 2000, bodiesBytes: 2000 }, async (url, node) => {
    for (let n = 0; n < 5; n++) {
      const socket = socketTo(url)
      socket.write(head('POST /v1/streams/half/events HTTP/1.1\nHost: localhost\nContent-Type: application/json\nContent-Length: 1900'))
      socket.write('{"type":"t","data":1}')
      await once(socket, 'connect')
      await pause(20)
      socket.destroy()
    }
    await until(async () => (await ask(url, post('/v1/streams/whole/events', `{"type":"t","data":"${'x'.repeat(1800)}"}`))).status === 201)
    assert.equal(await node.streamVersion('half'), 0)
  }))

test('two who append at once with the same expectation: one is stored, one hears a conflict', () =>
  withDoor(undefined, async url => {
    const both = await Promise.all([1, 2].map(n => ask(url, post('/v1/streams/race/events?expected=0', `{"type":"t","data":${n}}`))))
    assert.deepEqual(
      both.map(({ status }) => status).toSorted((a, b) => a - b),
      [201, 409],
    )
  }))

test('a follow whose reader takes nothing keeps a chunk and no more, and is let go in the end', () =>
  withDoor({ unreadMs: 1500, follows: 1 }, async (url, node) => {
    await fill(node, 600, 100_000)
    const before = process.memoryUsage().rss
    const socket = socketTo(url)
    const closed = once(socket, 'close')
    socket.write(head('GET /v1/follow HTTP/1.1\nHost: localhost'))
    await once(socket, 'readable')
    // Not a byte more is taken; 60 MB wait behind the socket.
    assert.equal((await ask(url, { path: '/v1/follow' })).status, 503)
    await pause(700)
    const held = process.memoryUsage().rss - before
    assert.ok(held < 32_000_000, `${held} bytes more`)
    await until(async () => {
      const sent = begin(url, { path: '/v1/follow' })
      sent.on('error', () => undefined)
      sent.end()
      const { statusCode } = await responseTo(sent)
      sent.destroy()
      return statusCode === 200
    })
    socket.destroy()
    await closed
  }))

test('a reader that is killed in the middle of an answer leaves nothing behind', () =>
  withDoor({ follows: 1 }, async (url, node) => {
    await fill(node, 300, 10_000)
    for (let n = 0; n < 20; n++) {
      const sent = begin(url, { path: n % 2 === 0 ? '/v1/follow' : '/v1/events' })
      sent.on('error', () => undefined)
      sent.end()
      const response = await responseTo(sent)
      if (response.statusCode === 503) {
        // The place of the follow before is given back a moment after its connection has ended.
        sent.destroy()
        n--
        await pause(10)
        continue
      }
      await once(response, 'data')
      sent.destroy()
    }
    await until(async () => {
      const lines = await linesUntil(url, { path: '/v1/follow' }, all => all.length >= 1)
      return !lines[0]!.includes('"status":503') && lines[0]!.includes('"stream"')
    })
  }))

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** What is in use, without what would be taken away sooner or later. */
function heldBytes(): number {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

test('answers that stream hold little in memory, however long they are', () =>
  withDoor(undefined, async (url, node) => {
    await fill(node, 500, 100_000)
    const before = heldBytes()
    let highest = before
    const sent = begin(url, { path: '/v1/events?limit=500' })
    sent.end()
    const response = await responseTo(sent)
    let bytes = 0
    let looked = 0
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes - looked < 5_000_000) continue
      looked = bytes
      highest = Math.max(highest, heldBytes())
    }
    assert.ok(bytes > 50_000_000)
    // Server and client are one process here.
    assert.ok(highest - before < 40_000_000, `${highest - before} bytes more`)
  }))

test('an answer ends at its limit of bytes, and goes on where it ended', () =>
  withDoor({ readBytes: 10_000 }, async (url, node) => {
    await fill(node, 50, 1000)
    let from = ''
    let events = 0
    for (let answers = 0; ; answers++) {
      const { json } = await ask(url, { path: `/v1/events?${from}` })
      const page = json as { events: unknown[]; next: string | null }
      events += page.events.length
      if (page.next === null) {
        assert.ok(answers >= 5)
        break
      }
      from = `from=${page.next}`
    }
    assert.equal(events, 50)
  }))

test('more connections than there may be are turned away', () =>
  withDoor({ connections: 5 }, async url => {
    const held = Array.from({ length: 5 }, () => socketTo(url))
    await Promise.all(held.map(socket => once(socket, 'connect')))
    const sixth = socketTo(url)
    sixth.write(head('GET /health HTTP/1.1\nHost: localhost'))
    assert.equal(await rest(sixth), '')
    for (const socket of held) socket.destroy()
    await until(() =>
      ask(url, { path: '/health' }).then(
        ({ status }) => status === 200,
        () => false,
      ),
    )
  }))

test.run()
