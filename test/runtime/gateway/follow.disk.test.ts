/** Follows over HTTP: catch-up and live, both formats, places to resume from, filters that say where they are, and their end. */
import assert from 'node:assert/strict'
import { test } from 'uvu'
import { type Node, openNode, type ServeOptions } from '../../../runtime/index.ts'
import { ask, begin, linesUntil, responseTo } from './asking.ts'

async function withDoor(work: (url: string, node: Node) => Promise<void>, limits?: ServeOptions['limits']): Promise<void> {
  const node = await openNode({ memory: true })
  const { addresses } = await node.serve({ port: 0, ...(limits && { limits }) })
  try {
    await work(addresses['http']!, node)
  } finally {
    await node.close()
  }
}

interface Line {
  readonly stream?: string
  readonly version?: number
  readonly position?: string
  readonly data?: unknown
}

const parsed = (lines: readonly string[]): Line[] => lines.filter(Boolean).map(line => JSON.parse(line) as Line)
const eventsIn = (lines: readonly string[]): Line[] => parsed(lines).filter(({ stream }) => stream !== undefined)
const numbers = (count: number, from = 0): { type: string; data: number }[] =>
  Array.from({ length: count }, (_, n) => ({ type: n % 2 === 0 ? 'even' : 'odd', data: from + n }))

test('a follow gives what is there, then what comes, without a gap and without a double', () =>
  withDoor(async (url, node) => {
    await node.appendToStream('a-1', numbers(500))
    const lines = linesUntil(url, { path: '/v1/follow' }, all => eventsIn(all).length >= 1000)
    for (let n = 500; n < 1000; n += 50) await node.appendToStream('a-1', numbers(50, n))
    assert.deepEqual(
      eventsIn(await lines).map(({ data }) => data),
      Array.from({ length: 1000 }, (_, n) => n),
    )
  }))

test('it goes on behind a position, from a version, or from the end', () =>
  withDoor(async (url, node) => {
    await node.appendToStream('a-1', numbers(10))
    const [, second] = eventsIn(await linesUntil(url, { path: '/v1/follow' }, all => eventsIn(all).length >= 10))
    const behind = await linesUntil(url, { path: `/v1/follow?from=${second!.position}` }, all => eventsIn(all).length >= 8)
    assert.equal(eventsIn(behind)[0]?.version, 3)
    const stream = await linesUntil(url, { path: '/v1/follow?stream=a-1&from=9' }, all => eventsIn(all).length >= 2)
    assert.deepEqual(
      eventsIn(stream).map(({ version }) => version),
      [9, 10],
    )
    const sent = begin(url, { path: '/v1/follow?from=end' })
    sent.end()
    const response = await responseTo(sent)
    await node.appendToStream('a-1', numbers(1, 77))
    let text = ''
    for await (const chunk of response as AsyncIterable<Buffer>) {
      text += chunk.toString()
      if (text.includes('"stream"')) break
    }
    assert.deepEqual(
      eventsIn(text.split('\n').slice(0, -1)).map(({ data }) => data),
      [77],
    )
  }))

test('a filtered follow says where it is, though nothing passes, and goes on from there', () =>
  withDoor(
    async (url, node) => {
      await node.appendToStream('a-1', numbers(100))
      const isPlaced = (lines: readonly string[]): boolean => parsed(lines).some(({ position, stream }) => position && !stream)
      const lines = parsed(await linesUntil(url, { path: '/v1/follow?types=none' }, isPlaced))
      assert.equal(lines.filter(({ stream }) => stream !== undefined).length, 0)
      const { position } = lines.at(-1)!
      await node.appendToStream('a-1', numbers(2, 100))
      const after = await linesUntil(url, { path: `/v1/follow?from=${position}` }, all => eventsIn(all).length >= 2)
      assert.deepEqual(
        eventsIn(after).map(({ data }) => data),
        [100, 101],
      )
    },
    { followPositionMs: 100 },
  ))

test('places between events lose nothing and repeat nothing, wherever a follow is cut', () =>
  withDoor(
    async (url, node) => {
      const wanted = 400
      const writing = (async () => {
        for (let n = 0; n < wanted; n += 10) {
          await node.appendToStream(`s-${n % 70}`, numbers(10, n))
          await new Promise(resolve => setTimeout(resolve, 5))
        }
      })()
      const got: unknown[] = []
      let from: string | undefined
      for (let cut = 0; got.length < wanted / 2; cut++) {
        const path = `/v1/follow?types=even${from === undefined ? '' : `&from=${from}`}`
        const lines = parsed(
          await linesUntil(url, { path }, all => parsed(all).length > cut % 9 || eventsIn(all).length + got.length >= wanted / 2),
        )
        for (const { data, stream, position } of lines) {
          if (stream !== undefined) got.push(data)
          from = position
        }
      }
      await writing
      assert.deepEqual(
        got.toSorted((a, b) => Number(a) - Number(b)),
        Array.from({ length: wanted / 2 }, (_, n) => n * 2),
      )
    },
    { followPositionMs: 20 },
  ))

test('server-sent events carry their place as an id, and a browser resumes behind the last', () =>
  withDoor(
    async (url, node) => {
      await node.appendToStream('a-1', { type: 't', data: Buffer.from('{\n"a" : 1.0\r\n}'), encoding: 'json' })
      await node.appendToStream('a-1', { type: 't', data: 2 })
      const accept = { accept: 'text/event-stream' }
      const isIdle = (lines: readonly string[]): boolean =>
        lines.filter(line => line.startsWith('data: ')).length >= 2 && lines.at(-1) === ''
      const lines = await linesUntil(url, { path: '/v1/follow', headers: accept }, isIdle)
      assert.deepEqual(lines.slice(0, 2), ['retry: 1000', ''])
      const [id, data, blank] = lines.slice(2)
      const { position, data: first } = JSON.parse(data!.slice('data: '.length)) as Line
      assert.deepEqual([id, blank, first], [`id: ${position}`, '', { a: 1 }])
      assert.ok(data?.includes('"a" : 1.0'))
      const again = await linesUntil(url, { path: '/v1/follow?from=end', headers: { ...accept, 'last-event-id': position! } }, all =>
        all.some(line => line.startsWith('data: ')),
      )
      assert.equal((JSON.parse(again.find(line => line.startsWith('data: '))!.slice(6)) as Line).version, 2)
      const stream = await linesUntil(url, { path: '/v1/follow?stream=a-1', headers: { ...accept, 'last-event-id': '1' } }, all =>
        all.some(line => line.startsWith('data: ')),
      )
      assert.ok(stream.includes('id: 2'))
      const places = await linesUntil(url, { path: '/v1/follow?types=none', headers: accept }, all =>
        all.some(line => line.startsWith('id: ')),
      )
      assert.match(
        places.find(line => line.startsWith('id: '))!,
        /^id: \d+\.\d+\.\d+\.\d+$/,
      )
    },
    { followPositionMs: 50 },
  ))

test('a follow of a stream that says nothing shows that it lives', () =>
  withDoor(
    async url => {
      const lines = await linesUntil(url, { path: '/v1/follow?stream=quiet' }, all => all.length >= 2)
      assert.deepEqual(lines, ['', ''])
      const events = await linesUntil(url, { path: '/v1/follow?stream=quiet', headers: { accept: 'text/event-stream' } }, all =>
        all.includes(':'),
      )
      assert.deepEqual(events.slice(0, 3), ['retry: 1000', '', ':'])
    },
    { followPositionMs: 20, followIdleMs: 60 },
  ))

test('what is accepted decides the format', () =>
  withDoor(async url => {
    const typeFor = async (accept: string): Promise<string | undefined> => {
      const sent = begin(url, { path: '/v1/follow', headers: { accept } })
      sent.end()
      const { statusCode, headers } = await responseTo(sent)
      sent.destroy()
      return statusCode === 200 ? headers['content-type'] : String(statusCode)
    }
    const given = [
      '*/*',
      'application/x-ndjson',
      'text/event-stream',
      'text/html, text/event-stream;q=0.5',
      'application/x-ndjson;q=0, text/*',
    ]
    assert.deepEqual(await Promise.all(given.map(typeFor)), [
      'application/x-ndjson',
      'application/x-ndjson',
      'text/event-stream',
      'text/event-stream',
      'text/event-stream',
    ])
    assert.equal(await typeFor('application/x-ndjson;q=0'), '406')
  }))

test('many follow at once, each all of it', () =>
  withDoor(async (url, node) => {
    await node.appendToStream('a-1', numbers(300))
    const all = await Promise.all(
      Array.from({ length: 30 }, () => linesUntil(url, { path: '/v1/follow' }, lines => eventsIn(lines).length >= 300)),
    )
    for (const lines of all) assert.equal(eventsIn(lines).length, 300)
  }))

test('a node that closes ends its follows and waits cleanly, answers what is under way, and then is gone', async () => {
  const node = await openNode({ memory: true })
  const { addresses } = await node.serve({ port: 0 })
  const url = addresses['http']!
  await node.appendToStream('a-1', numbers(3))
  const follow = linesUntil(url, { path: '/v1/follow' }, () => false)
  const events = linesUntil(url, { path: '/v1/follow', headers: { accept: 'text/event-stream' } }, () => false)
  await new Promise(resolve => setTimeout(resolve, 100))
  const upload = begin(url, { method: 'POST', path: '/v1/streams/last/events', headers: { 'content-type': 'application/json' } })
  upload.write('{"type":"t",')
  await new Promise(resolve => setTimeout(resolve, 100))
  const closed = node.close()
  assert.equal(eventsIn(await follow).length, 3)
  assert.equal((await events).filter(line => line.startsWith('data: ')).length, 3)
  upload.end('"data":1}')
  assert.equal((await responseTo(upload)).statusCode, 201)
  await closed
  await assert.rejects(ask(url, { path: '/health' }))
})

test.run()
